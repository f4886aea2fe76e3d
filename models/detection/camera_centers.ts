/** Boxes out of BEVFusion's camera-only CenterHead (centerhead/lssfpn/camera, f39a4a0). */
import { NUSCENES_TASKS } from "../nets/centerpoint.ts";
import type { DetectionRange } from "../nets/detection_range.ts";
import { type DetectedBox, sigmoid } from "./box.ts";
import { boxAt, boxesOfGroups, type Peak, within } from "./centers.ts";
import { suppressed, type Suppression } from "./nms.ts";

/** Of the peaks of a group the likeliest are decoded, and dropped up to a score. */
const MOST = 500;
const SCORE_LIMIT = 0.1;
/** `post_center_range`: largest |x| and |y|, and |z|, in metres. */
const REACH = [61.2, 10] as const;
const OVERLAP: Suppression = { by: "overlap", limit: 0.2, before: 1000, after: 83 };
/** Squared metres: `min_radius`. */
const circle = (limit: number): Suppression => ({
  by: "distance",
  limit,
  before: Infinity,
  after: 83,
});
/** Of every group: its suppression, and by which factor boxes of a class count as larger there. */
const GROUPS: readonly { readonly nms: Suppression; readonly scales?: readonly number[] }[] = [
  { nms: circle(4) },
  { nms: OVERLAP },
  { nms: OVERLAP },
  { nms: circle(1) },
  { nms: OVERLAP },
  { nms: OVERLAP, scales: [2.5, 4] },
];

/** The boxes of a scan, group after group; `outputs` are rows [X * Y, C] of every head. */
export function cameraCenterBoxes(
  outputs: readonly Float32Array[],
  range: DetectionRange,
): DetectedBox[] {
  return boxesOfGroups(outputs, NUSCENES_TASKS, (heads, classes, group) => {
    const found = peaks(heads.hm, classes).map((peak) => boxAt(heads, peak, range));
    const { nms, scales } = GROUPS[group]!;
    return kept(within(REACH, found), nms, scales);
  });
}

/** The likeliest of all cells and classes: a cell may have a box of each class. */
function peaks(hm: Float32Array, classes: number): Peak[] {
  const found: Peak[] = [];
  hm.forEach((logit, i) => {
    const score = sigmoid(logit);
    if (score > SCORE_LIMIT) {
      found.push({ cell: Math.floor(i / classes), label: i % classes, score });
    }
  });
  return found.sort((a, b) => b.score - a.score).slice(0, MOST);
}

function kept(
  boxes: readonly DetectedBox[],
  nms: Suppression,
  scales: readonly number[] | undefined,
): readonly DetectedBox[] {
  if (scales === undefined) return suppressed(boxes, nms);
  const originals = new Map(boxes.map((box) => {
    const [length, width, height] = box.size;
    const scale = scales[box.label]!;
    return [{ ...box, size: [scale * length, scale * width, height] as const }, box];
  }));
  return suppressed([...originals.keys()], nms).map((box) => originals.get(box)!);
}
