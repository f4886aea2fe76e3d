/**
 * Elementary functions from + - * / and sqrt alone. IEEE 754 fixes these to the last bit, but not
 * `Math.sin` and its kin, which differ between engine builds; a scan must not.
 */

// pi/2 in two parts: the first has 33 bits, so that n * HALF_PI_HIGH is exact for n < 2^20.
const HALF_PI_HIGH = 1.57079632673412561417;
const HALF_PI_LOW = 6.07710050650619224932e-11;

export const PI = 3.14159265358979311600;

/** Sine of `x` radians, |x| < 10^6; absolute error below 1e-14. */
export function sin(x: number): number {
  return sineOfQuadrant(x, 0);
}

/** Cosine of `x` radians, |x| < 10^6; absolute error below 1e-14. */
export function cos(x: number): number {
  return sineOfQuadrant(x, 1);
}

function sineOfQuadrant(x: number, shift: number): number {
  const n = Math.floor(x / (HALF_PI_HIGH + HALF_PI_LOW) + 0.5);
  const r = x - n * HALF_PI_HIGH - n * HALF_PI_LOW;
  const quadrant = ((n + shift) % 4 + 4) % 4;
  const value = quadrant % 2 === 0 ? sineSeries(r) : cosineSeries(r);
  return quadrant < 2 ? value : -value;
}

// Taylor to the 17th and 16th power: the remainder at pi/4 is below 1e-16.
function sineSeries(r: number): number {
  const q = r * r;
  let sum = 1;
  for (let n = 16; n >= 2; n -= 2) sum = 1 - q / (n * (n + 1)) * sum;
  return r * sum;
}

function cosineSeries(r: number): number {
  const q = r * r;
  let sum = 1;
  for (let n = 15; n >= 1; n -= 2) sum = 1 - q / (n * (n + 1)) * sum;
  return sum;
}

/** Arc tangent in radians; absolute error below 1e-14. */
export function atan(x: number): number {
  if (x < 0) return -atan(-x);
  if (x > 1) return HALF_PI_HIGH + HALF_PI_LOW - atan(1 / x);
  // Twice atan(x) = 2 atan(x / (1 + sqrt(1 + x^2))): the argument falls below 0.2.
  const half = x / (1 + Math.sqrt(1 + x * x));
  const quarter = half / (1 + Math.sqrt(1 + half * half));
  const q = quarter * quarter;
  let sum = 0;
  for (let n = 23; n >= 1; n -= 2) sum = 1 / n - q * sum;
  return 4 * quarter * sum;
}

const LN_2 = 0.693147180559945309417;

/** Natural logarithm of `x` > 0; relative error below 1e-14. */
export function ln(x: number): number {
  if (!(x > 0)) throw new RangeError(`Cannot take the logarithm of ${x}: it must be positive`);
  let m = x;
  let exponent = 0;
  while (m > 1.5) {
    m /= 2;
    exponent++;
  }
  while (m < 0.75) {
    m *= 2;
    exponent--;
  }
  // ln m = 2 artanh((m - 1) / (m + 1)), the argument within 0.2.
  const y = (m - 1) / (m + 1);
  const q = y * y;
  let sum = 0;
  for (let n = 23; n >= 1; n -= 2) sum = 1 / n + q * sum;
  return 2 * y * sum + exponent * LN_2;
}
