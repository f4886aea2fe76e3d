/** IoUs of the detections of one image and category with its ground truth, as cocoapi has them. */
import { boxOf, type Rle, rleIou } from "./coco_rle.ts";

/**
 * IoU of each detection with each true box, [detections, truth]. A crowd's is the overlap over the
 * detection's area.
 *
 * @param detections Boxes [x, y, width, height] after each other.
 */
export function boxIous(
  detections: Float64Array,
  truth: Float64Array,
  crowd: ArrayLike<boolean>,
): Float64Array {
  const n = truth.length / 4;
  const ious = new Float64Array(detections.length / 4 * n);
  for (let d = 0; d < detections.length / 4; d++) {
    for (let g = 0; g < n; g++) ious[d * n + g] = boxIou(detections, d, truth, g, crowd[g]!);
  }
  return ious;
}

function boxIou(a: Float64Array, i: number, b: Float64Array, j: number, crowd: boolean): number {
  const [ax, ay, aw, ah] = [a[4 * i]!, a[4 * i + 1]!, a[4 * i + 2]!, a[4 * i + 3]!];
  const [bx, by, bw, bh] = [b[4 * j]!, b[4 * j + 1]!, b[4 * j + 2]!, b[4 * j + 3]!];
  const width = Math.min(aw + ax, bw + bx) - Math.max(ax, bx);
  if (width <= 0) return 0;
  const height = Math.min(ah + ay, bh + by) - Math.max(ay, by);
  if (height <= 0) return 0;
  const both = width * height;
  return both / (crowd ? aw * ah : aw * ah + bw * bh - both);
}

/**
 * The same for masks: -1 where the sizes of the images differ, 0 where the boxes around the masks
 * do not meet.
 */
export function maskIous(
  detections: readonly Rle[],
  truth: readonly Rle[],
  crowd: ArrayLike<boolean>,
): Float64Array {
  if (truth.length === 0) return new Float64Array();
  const ious = boxIous(boxesOf(detections), boxesOf(truth), crowd);
  for (let at = 0; at < ious.length; at++) {
    if (!(ious[at]! > 0)) continue;
    const g = at % truth.length;
    const a = detections[(at - g) / truth.length]!;
    const b = truth[g]!;
    const same = a.height === b.height && a.width === b.width;
    ious[at] = same ? rleIou(a, b, crowd[g]!) : -1;
  }
  return ious;
}

function boxesOf(masks: readonly Rle[]): Float64Array {
  const boxes = new Float64Array(4 * masks.length);
  masks.forEach((mask, i) => boxOf(mask, boxes, 4 * i));
  return boxes;
}
