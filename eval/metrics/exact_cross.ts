/** The cross product of two vectors between points, with a sign that is never wrong. */
import { productError } from "./fma.ts";

/** Above this size rounding cannot have changed the sign: Waymo's `kCrossExactEpsilon`, 2^-50. */
export const CROSS_EPSILON = 2 ** -50;

/** A point on the ground. */
export type Point = readonly [x: number, y: number];

/** (b - a) x (d - c), recomputed without rounding where it is next to 0. */
export function cross(a: Point, b: Point, c: Point, d: Point): number {
  if (same(a, b) || same(c, d)) return 0;
  const quick = (b[0] - a[0]) * (d[1] - c[1]) - (b[1] - a[1]) * (d[0] - c[0]);
  if (Math.abs(quick) > CROSS_EPSILON) return quick;
  const sum: number[] = [];
  for (const [x, y] of [[b[0], d[1]], [-a[0], d[1]], [-b[0], c[1]], [a[0], c[1]]] as const) {
    addProduct(sum, x, y);
  }
  for (const [x, y] of [[-b[1], d[0]], [a[1], d[0]], [b[1], c[0]], [-a[1], c[0]]] as const) {
    addProduct(sum, x, y);
  }
  // The parts do not overlap: the largest, which is last, has the sign.
  return sum.reduce((total, part) => total + part, 0);
}

export function same(a: Point, b: Point): boolean {
  return a[0] === b[0] && a[1] === b[1];
}

function addProduct(sum: number[], x: number, y: number): void {
  const product = x * y;
  add(sum, product);
  add(sum, productError(x, y, product));
}

/** Adds a number to a sum of parts without losing a bit (Shewchuk). */
function add(sum: number[], value: number): void {
  let kept = 0;
  let x = value;
  for (let y of sum) {
    if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
    const total = x + y;
    const rest = y - (total - x);
    if (rest !== 0) sum[kept++] = rest;
    x = total;
  }
  sum.length = kept;
  sum.push(x);
}
