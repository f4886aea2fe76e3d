/** The overlap of boxes seen from above, exactly: one rectangle clipped by the sides of the other. */
import type { DetectedBox } from "./box.ts";

/** A box from above. */
export type Footprint = Pick<DetectedBox, "centre" | "size" | "yaw">;
type Point = readonly [number, number];

/** Corners, counter-clockwise. */
function corners({ centre: [x, y], size: [length, width], yaw }: Footprint): Point[] {
  const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  const signs = [[1, 1], [-1, 1], [-1, -1], [1, -1]] as const;
  return signs.map(([i, j]) => {
    const [u, v] = [i * length / 2, j * width / 2];
    return [x + c * u - s * v, y + s * u + c * v] as const;
  });
}

/** Positive where `p` lies left of the line from `a` to `b`. */
const side = (a: Point, b: Point, p: Point) =>
  (b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]);

/** The part of a convex polygon left of a line. */
function clipped(polygon: readonly Point[], a: Point, b: Point): Point[] {
  return polygon.flatMap((p, i) => {
    const q = polygon[(i + 1) % polygon.length]!;
    const [d, e] = [side(a, b, p), side(a, b, q)];
    const kept = d >= 0 ? [p] : [];
    if (d >= 0 === e >= 0) return kept;
    const t = d / (d - e);
    return [...kept, [p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])] as const];
  });
}

function area(polygon: readonly Point[]): number {
  const twice = polygon.reduce((sum, [x, y], i) => {
    const [u, v] = polygon[(i + 1) % polygon.length]!;
    return sum + x * v - u * y;
  }, 0);
  return Math.abs(twice) / 2;
}

const reach = ({ size: [length, width] }: Footprint) => Math.hypot(length, width) / 2;

/** Area, in square metres, that two boxes share from above. */
export function overlapArea(a: Footprint, b: Footprint): number {
  const apart = Math.hypot(a.centre[0] - b.centre[0], a.centre[1] - b.centre[1]);
  // Also false where one of them is not a number.
  if (!(apart < reach(a) + reach(b))) return 0;
  const cutters = corners(b);
  const shared = cutters.reduce(
    (polygon, corner, i) => clipped(polygon, corner, cutters[(i + 1) % 4]!),
    corners(a),
  );
  return area(shared);
}

/** Intersection over union from above. */
export function rotatedIou(a: Footprint, b: Footprint): number {
  const shared = overlapArea(a, b);
  const all = a.size[0] * a.size[1] + b.size[0] * b.size[1] - shared;
  return shared / Math.max(all, 1e-8);
}
