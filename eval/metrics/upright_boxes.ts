/** Intersection over union of upright boxes, as Waymo's `iou.cc` has it. */
import { CORNERS, writeCorners } from "./rectangles.ts";

/** Numbers of a box: centre x y z, length, width, height in metres, heading in radians. */
export const BOX = { x: 0, y: 1, z: 2, length: 3, width: 4, height: 5, heading: 6 } as const;
export const BOX_NUMBERS = 7;
/** A box with a side up to here, or from there on, overlaps nothing. */
const LEAST_SIDE = 0.01;
const LARGEST_SIDE = 1e6;
/** A union up to here has no quotient. */
const LEAST_UNION = 1e-6;

/** Corners on the ground of boxes that lie one after the other. */
export function groundCorners(boxes: Float64Array): Float64Array {
  const count = boxes.length / BOX_NUMBERS;
  const corners = new Float64Array(count * CORNERS);
  for (let i = 0; i < count; i++) {
    const at = i * BOX_NUMBERS;
    const heading = boxes[at + BOX.heading]!;
    writeCorners(corners, i * CORNERS, {
      x: boxes[at + BOX.x]!,
      y: boxes[at + BOX.y]!,
      length: boxes[at + BOX.length]!,
      width: boxes[at + BOX.width]!,
      cos: Math.cos(heading),
      sin: Math.sin(heading),
    });
  }
  return corners;
}

/**
 * Intersection over union in space of box `i` of `a` and box `j` of `b`.
 *
 * @param areaOf The area that the two share on the ground; asked for only where they may meet.
 */
export function iou3d(
  a: Float64Array,
  i: number,
  b: Float64Array,
  j: number,
  areaOf: (i: number, j: number) => number,
): number {
  const p = i * BOX_NUMBERS;
  const q = j * BOX_NUMBERS;
  if (apart(a, p, b, q)) return 0;
  for (let side: number = BOX.length; side <= BOX.height; side++) {
    if (a[p + side]! >= LARGEST_SIDE || a[p + side]! <= LEAST_SIDE) return 0;
    if (b[q + side]! >= LARGEST_SIDE || b[q + side]! <= LEAST_SIDE) return 0;
  }
  const height = sharedHeight(a, p, b, q);
  if (height < 0) return 0;
  const shared = areaOf(i, j) * height;
  const union = volume(a, p) + volume(b, q) - shared;
  return union <= LEAST_UNION ? 0 : Math.max(Math.min(shared / union, 1), 0);
}

/** Whether the circles around the rectangles do not meet: true spares the corners. */
function apart(a: Float64Array, p: number, b: Float64Array, q: number): boolean {
  const dx = a[p + BOX.x]! - b[q + BOX.x]!;
  const dy = a[p + BOX.y]! - b[q + BOX.y]!;
  const reach = a[p + BOX.length]! + a[p + BOX.width]! + b[q + BOX.length]! + b[q + BOX.width]!;
  return 4 * (dx * dx + dy * dy) > reach * reach;
}

function sharedHeight(a: Float64Array, p: number, b: Float64Array, q: number): number {
  const [za, ha] = [a[p + BOX.z]!, a[p + BOX.height]! * 0.5];
  const [zb, hb] = [b[q + BOX.z]!, b[q + BOX.height]! * 0.5];
  return Math.min(za + ha, zb + hb) - Math.max(za - ha, zb - hb);
}

function volume(boxes: Float64Array, at: number): number {
  return boxes[at + BOX.length]! * boxes[at + BOX.width]! * boxes[at + BOX.height]!;
}
