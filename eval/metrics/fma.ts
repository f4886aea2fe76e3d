/** A product and a sum that are rounded once, as the processors' FMA instruction does. */

/** Splits a double into two halves of 26 bits (Veltkamp). */
const SPLITTER = 2 ** 27 + 1;

/** What rounding took from a product: x * y = product + productError(x, y, product) (Dekker). */
export function productError(x: number, y: number, product: number): number {
  const [xHigh, yHigh] = [high(x), high(y)];
  const [xLow, yLow] = [x - xHigh, y - yHigh];
  return xLow * yLow - (((product - xHigh * yHigh) - xLow * yHigh) - xHigh * yLow);
}

function high(x: number): number {
  const scaled = SPLITTER * x;
  return scaled - (scaled - x);
}

/** What rounding took from a sum: x + y = total + sumError(x, y, total) (Knuth). */
function sumError(x: number, y: number, total: number): number {
  const rest = total - x;
  return (x - (total - rest)) + (y - rest);
}

/**
 * x * y + z, rounded once (Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums",
 * 2008); for finite values whose products neither overflow nor underflow.
 */
export function fma(x: number, y: number, z: number): number {
  const product = x * y;
  const low = productError(x, y, product);
  const lowSum = z + low;
  const total = product + lowSum;
  return total + oddSum(sumError(product, lowSum, total), sumError(z, low, lowSum));
}

const [bits, view] = bitsOfDouble();

function bitsOfDouble() {
  const words = new BigInt64Array(1);
  return [words, new Float64Array(words.buffer)] as const;
}

/** x + y, where it is not exact the neighbour whose last bit is 1. */
function oddSum(x: number, y: number): number {
  const total = x + y;
  const error = sumError(x, y, total);
  if (error === 0) return total;
  view[0] = total;
  if ((bits[0]! & 1n) === 1n) return total;
  // Its neighbour on the side of the error: away from 0 if both have one sign.
  bits[0]! += (error > 0) === (total > 0) ? 1n : -1n;
  return view[0]!;
}
