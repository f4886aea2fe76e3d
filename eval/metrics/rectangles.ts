/**
 * Rotated rectangles on the ground, in float64. Four corners are eight numbers, x and y of each,
 * counter-clockwise, at an offset of a larger array: nothing is allocated for a pair.
 */

/** Numbers of one rectangle. */
export const CORNERS = 8;
/** Two convex polygons of four corners meet in eight corners at most. */
const scratch = [new Float64Array(32), new Float64Array(32)] as const;

/** A rectangle whose length lies along (cos, sin), in the unit of its coordinates. */
export interface Rectangle {
  readonly x: number;
  readonly y: number;
  readonly length: number;
  readonly width: number;
  readonly cos: number;
  readonly sin: number;
}

/** Writes the corners of a rectangle from `at` on. */
export function writeCorners(
  into: Float64Array,
  at: number,
  { x, y, length, width, cos, sin }: Rectangle,
): void {
  const lx = cos * (length / 2);
  const ly = sin * (length / 2);
  const wx = -sin * (width / 2);
  const wy = cos * (width / 2);
  into[at] = x + (lx - wx);
  into[at + 1] = y + (ly - wy);
  into[at + 2] = x + (lx + wx);
  into[at + 3] = y + (ly + wy);
  into[at + 4] = x + (wx - lx);
  into[at + 5] = y + (wy - ly);
  into[at + 6] = x - (lx + wx);
  into[at + 7] = y - (ly + wy);
}

/** Area of the rectangle at `at`, by its corners; negative if its sides have opposite signs. */
export function cornersArea(corners: Float64Array, at: number): number {
  return polygonArea(corners, at, 4);
}

/**
 * Area that two rectangles share: exactly 0 when they only touch along axes or are apart, the whole
 * smaller one when it lies in the other, 0 when one has no area or is wound the other way.
 */
export function intersectionArea(
  a: Float64Array,
  atA: number,
  b: Float64Array,
  atB: number,
): number {
  if (!(cornersArea(a, atA) > 0 && cornersArea(b, atB) > 0)) return 0;
  let [from, to] = scratch as readonly [Float64Array, Float64Array];
  for (let i = 0; i < CORNERS; i++) from[i] = a[atA + i]!;
  let count = 4;
  for (let edge = 0; edge < 4 && count > 0; edge++) {
    const start = atB + 2 * edge;
    const end = atB + 2 * ((edge + 1) % 4);
    count = clip(from, count, to, b[start]!, b[start + 1]!, b[end]!, b[end + 1]!);
    [from, to] = [to, from];
  }
  return count < 3 ? 0 : polygonArea(from, 0, count);
}

/** Keeps the part of a polygon left of the line from (x0, y0) to (x1, y1); its new corner count. */
function clip(
  from: Float64Array,
  count: number,
  to: Float64Array,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
): number {
  const dx = x1 - x0;
  const dy = y1 - y0;
  let kept = 0;
  let px = from[2 * count - 2]!;
  let py = from[2 * count - 1]!;
  let before = dx * (py - y0) - dy * (px - x0);
  for (let i = 0; i < count; i++) {
    const qx = from[2 * i]!;
    const qy = from[2 * i + 1]!;
    const side = dx * (qy - y0) - dy * (qx - x0);
    if ((before < 0 && side > 0) || (before > 0 && side < 0)) {
      const t = before / (before - side);
      to[kept++] = px + t * (qx - px);
      to[kept++] = py + t * (qy - py);
    }
    if (side >= 0) {
      to[kept++] = qx;
      to[kept++] = qy;
    }
    px = qx;
    py = qy;
    before = side;
  }
  return kept / 2;
}

/** Half the sum of the cross products around the first corner, which keeps the digits. */
function polygonArea(points: Float64Array, at: number, count: number): number {
  const x0 = points[at]!;
  const y0 = points[at + 1]!;
  let twice = 0;
  for (let i = 1; i + 1 < count; i++) {
    const p = at + 2 * i;
    twice += (points[p]! - x0) * (points[p + 3]! - y0) -
      (points[p + 2]! - x0) * (points[p + 1]! - y0);
  }
  return twice / 2;
}
