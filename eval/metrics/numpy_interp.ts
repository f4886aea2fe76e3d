/** What the devkits take from numpy (1.26.4) beside sums: sampled lines. */

/** `np.linspace(0, 1, count)`: multiples of the step, the last one exact. */
export function linspace01(count: number): Float64Array {
  const step = 1 / (count - 1);
  return Float64Array.from({ length: count }, (_, i) => i === count - 1 ? 1 : i * step);
}

/**
 * `np.interp(x, xs, ys, right=right)` for xs that rise or stay: beyond the ends the end values, or
 * `right`; of equal xs the last one counts.
 */
export function interp(
  x: Float64Array,
  xs: Float64Array,
  ys: Float64Array,
  right = ys[ys.length - 1]!,
): Float64Array {
  return x.map((value) => interpOne(value, xs, ys, right));
}

function interpOne(x: number, xs: Float64Array, ys: Float64Array, right: number): number {
  const last = xs.length - 1;
  if (x > xs[last]!) return right;
  if (x < xs[0]!) return ys[0]!;
  const j = lastUpTo(xs, x);
  if (j === last || xs[j] === x) return ys[j]!;
  const [x0, x1, y0, y1] = [xs[j]!, xs[j + 1]!, ys[j]!, ys[j + 1]!];
  const slope = (y1 - y0) / (x1 - x0);
  const value = slope * (x - x0) + y0;
  if (!Number.isNaN(value)) return value;
  const other = slope * (x - x1) + y1;
  return Number.isNaN(other) && y0 === y1 ? y0 : other;
}

/** The last index whose value is not above `x`, which is not below the first. */
function lastUpTo(xs: Float64Array, x: number): number {
  let low = 0;
  let high = xs.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (xs[middle]! <= x) low = middle;
    else high = middle;
  }
  return low;
}
