/**
 * `np.dot` of two 1-D float64 arrays as numpy 1.26.4 with its OpenBLAS computes it on processors
 * with AVX2: sixteen sums side by side, each with fused products. With AVX-512, or without AVX2,
 * the same wheel adds in another order, which moves the last digit; so it does beyond 10,000 elements,
 * which it shares out to threads.
 */
import { fma } from "./fma.ts";

/** Sums side by side: four registers of four doubles. */
const LANES = 16;

/** `np.dot(a, b)`; elements that do not fill all lanes are added one after the other. */
export function dot(a: Float64Array, b: Float64Array): number {
  const lanes = new Float64Array(LANES);
  const whole = a.length - a.length % LANES;
  for (let i = 0; i < whole; i++) lanes[i % LANES] = fma(a[i]!, b[i]!, lanes[i % LANES]!);
  let total = foldLanes(lanes);
  for (let i = whole; i < a.length; i++) total += a[i]! * b[i]!;
  return total;
}

/** Halves of registers are added first, then registers in pairs, then the two that are left. */
function foldLanes(lanes: Float64Array): number {
  const half = (register: number, j: number) =>
    lanes[4 * register + j]! + lanes[4 * register + j + 2]!;
  const column = (j: number) => (half(0, j) + half(1, j)) + (half(2, j) + half(3, j));
  return column(0) + column(1);
}
