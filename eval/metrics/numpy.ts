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

/** `np.nanmean(values)`; NaN when there is no number. */
export function nanmean(values: Float64Array): number {
  let numbers = 0;
  for (const value of values) if (!Number.isNaN(value)) numbers++;
  return sum(values.map((value) => Number.isNaN(value) ? 0 : value)) / numbers;
}

/** `np.sum(values)` of float32 values, all of whose steps are rounded to float32. */
export function sumFloat32(values: Float32Array): number {
  let total = 0;
  for (let start = 0; start < values.length; start += BLOCK) {
    total = Math.fround(total + pairwise(values.subarray(start, start + BLOCK), Math.fround));
  }
  return total;
}

/** `np.mean(values)` of float32 values, in the same way. */
export function meanFloat32(values: Float32Array): number {
  return Math.fround(sumFloat32(values) / values.length);
}

function pairwise<T extends Float64Array | Float32Array>(a: T, round = keep): number {
  if (a.length > LEAF) {
    const half = Math.floor(a.length / 2);
    const cut = half - half % 8;
    return round(pairwise(a.subarray(0, cut), round) + pairwise(a.subarray(cut), round));
  }
  const whole = a.length < 8 ? 0 : a.length - a.length % 8;
  let total = whole === 0 ? -0 : eightSums(a, whole, round);
  for (let i = whole; i < a.length; i++) total = round(total + a[i]!);
  return total;
}

function keep(value: number): number {
  return value;
}

/** Adds the first `length` elements, a multiple of 8, in eight interleaved sums. */
function eightSums(
  a: Float64Array | Float32Array,
  length: number,
  round: (value: number) => number,
): number {
  // An array of the elements' own type rounds each of its sums by itself.
  const r = a.slice(0, 8);
  for (let i = 8; i < length; i++) r[i % 8]! += a[i]!;
  const low = round(round(r[0]! + r[1]!) + round(r[2]! + r[3]!));
  const high = round(round(r[4]! + r[5]!) + round(r[6]! + r[7]!));
  return round(low + high);
}
