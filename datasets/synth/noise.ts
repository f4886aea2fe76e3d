import type { Random } from "./random.ts";
import { ln } from "./trig.ts";

const SIZE = 4096;

// Coefficients of the quantile, highest power first.
const MIDDLE_ABOVE = [
  -3.969683028665376e1,
  2.209460984245205e2,
  -2.759285104469687e2,
  1.383577518672690e2,
  -3.066479806614716e1,
  2.506628277459239,
];
const MIDDLE_BELOW = [
  -5.447609879822406e1,
  1.615858368580409e2,
  -1.556989798598866e2,
  6.680131188771972e1,
  -1.328068155288572e1,
];
const TAIL_ABOVE = [
  -7.784894002430293e-3,
  -3.223964580411365e-1,
  -2.400758277161838,
  -2.549732539343734,
  4.374664141464968,
  2.938163982698783,
];
const TAIL_BELOW = [
  7.784695709041462e-3,
  3.224671290700398e-1,
  2.445134137142996,
  3.754408661907416,
];

/**
 * Quantiles of the standard normal distribution at the middles of 4096 equal shares, so that a
 * draw is one lookup; the tails end at 3.67 sigma.
 */
const NORMAL = Float64Array.from({ length: SIZE }, (_, i) => normalQuantile((i + 0.5) / SIZE));

/** The same of the exponential distribution with mean 1; the tail ends at 9.0. */
const EXPONENTIAL = Float64Array.from({ length: SIZE }, (_, i) => -ln(1 - (i + 0.5) / SIZE));

/** A draw of the standard normal distribution. */
export function normal(random: Random): number {
  return NORMAL[Math.floor(random.next() * SIZE)]!;
}

/** A draw of the exponential distribution with mean 1. */
export function exponential(random: Random): number {
  return EXPONENTIAL[Math.floor(random.next() * SIZE)]!;
}

/** Acklam's rational approximation of the normal quantile, relative error 1.2e-9. */
function normalQuantile(p: number): number {
  if (p > 0.5) return -normalQuantile(1 - p);
  if (p < 0.02425) {
    const q = Math.sqrt(-2 * ln(p));
    return horner(TAIL_ABOVE, q) / (horner(TAIL_BELOW, q) * q + 1);
  }
  const q = p - 0.5;
  const r = q * q;
  return horner(MIDDLE_ABOVE, r) * q / (horner(MIDDLE_BELOW, r) * r + 1);
}

function horner(coefficients: readonly number[], x: number): number {
  let sum = 0;
  for (const c of coefficients) sum = sum * x + c;
  return sum;
}
