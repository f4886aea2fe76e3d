/**
 * The summation order of numpy (1.26.4) on a 1-D float64 array, for scores that must equal those of
 * a Python devkit to the last digit: blocks of 8192 added in order, pairwise halves within a block,
 * eight interleaved sums within 128 elements. (Numpy 2.4 halves longer arrays without blocks; the
 * devkits were run with 1.26.)
 */

/** Elements that numpy's reduction hands to one pairwise sum (its default buffer size). */
const BLOCK = 8192;
/** Below this length numpy adds without halving (PW_BLOCKSIZE in loops_utils.h). */
const LEAF = 128;

/** `np.sum(values)`. */
export function sum(values: Float64Array): number {
  let total = 0;
  for (let start = 0; start < values.length; start += BLOCK) {
    total += pairwise(values.subarray(start, start + BLOCK));
  }
  return total;
}

/** `np.mean(values)`; NaN for an empty array. */
export function mean(values: Float64Array): number {
  return sum(values) / values.length;
}

function pairwise(a: Float64Array): number {
  if (a.length > LEAF) {
    const half = Math.floor(a.length / 2);
    const cut = half - half % 8;
    return pairwise(a.subarray(0, cut)) + pairwise(a.subarray(cut));
  }
  const whole = a.length < 8 ? 0 : a.length - a.length % 8;
  let total = whole === 0 ? -0 : eightSums(a, whole);
  for (let i = whole; i < a.length; i++) total += a[i]!;
  return total;
}

/** Adds the first `length` elements, a multiple of 8, in eight interleaved sums. */
function eightSums(a: Float64Array, length: number): number {
  const r = a.slice(0, 8);
  for (let i = 8; i < length; i++) r[i % 8]! += a[i]!;
  return ((r[0]! + r[1]!) + (r[2]! + r[3]!)) + ((r[4]! + r[5]!) + (r[6]! + r[7]!));
}
