/** Non-maximum suppression: of boxes in one place, the one with the highest score. */
import { byScore, type DetectedBox } from "./box.ts";
import { rotatedIou } from "./rotated_overlap.ts";

/** When a box with a lower score goes, and how many are looked at and kept. */
export interface Suppression {
  /** "overlap": IoU from above beyond `limit`; "distance": squared metres up to `limit`. */
  readonly by: "overlap" | "distance";
  readonly limit: number;
  readonly before: number;
  readonly after: number;
}

/** The boxes that stay, highest score first. */
export function suppressed(
  boxes: readonly DetectedBox[],
  { by, limit, before, after }: Suppression,
): DetectedBox[] {
  const near = by === "overlap"
    ? (a: DetectedBox, b: DetectedBox) => rotatedIou(a, b) > limit
    : (a: DetectedBox, b: DetectedBox) => squaredDistance(a, b) <= limit;
  const kept: DetectedBox[] = [];
  for (const box of byScore(boxes).slice(0, before)) {
    if (kept.length >= after) break;
    if (!kept.some((better) => near(better, box))) kept.push(box);
  }
  return kept;
}

const squaredDistance = ({ centre: a }: DetectedBox, { centre: b }: DetectedBox) =>
  (a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2;
