/**
 * Mean IoU of nuScenes-lidarseg over 16 classes. Class 0 takes the points that are not scored; a
 * class that is neither in the ground truth nor predicted is left out of the mean.
 */
import {
  type Confusion,
  countPairs,
  createConfusion,
  mergeConfusion,
  type Pairs,
  total,
} from "./confusion.ts";
import type { Metric } from "./metric.ts";
import { nanmean, sum } from "./numpy.ts";

/** Scores by class, [17]; entry 0 is the ignored class, which is NaN and in no mean. */
export interface LidarsegResult {
  /** 0..1; NaN for a class without points on either side. */
  readonly iou: Float64Array;
  readonly miou: number;
  /** IoU weighted by the points of the true class. */
  readonly freqWeightedIou: number;
  readonly truthPoints: Float64Array;
  readonly predictedPoints: Float64Array;
}

export const nuscenesLidarsegMiou: Metric<Pairs["tables"], Pairs, Confusion, LidarsegResult> = {
  name: "nuscenes_lidarseg_miou",
  version: 1,
  reference: "nutonomy/nuscenes-devkit d9de17a nuscenes.eval.lidarseg",
  create: createConfusion,
  update: countPairs,
  merge: mergeConfusion,

  compute({ rows, counts }) {
    const truthPoints = new Float64Array(rows);
    const predictedPoints = new Float64Array(rows);
    for (let truth = 1; truth < rows; truth++) {
      for (let predicted = 1; predicted < rows; predicted++) {
        truthPoints[truth]! += counts[truth * rows + predicted]!;
        predictedPoints[predicted]! += counts[truth * rows + predicted]!;
      }
    }
    const iou = truthPoints.map((seen, k) => {
      const hits = k === 0 ? 0 : counts[k * rows + k]!;
      // The devkit keeps the union as a float32: it is rounded above 2^24 points.
      return hits / Math.fround(seen + predictedPoints[k]! - hits);
    });
    const weighted = iou.map((value, k) => Number.isNaN(value) ? 0 : value * truthPoints[k]!);
    return {
      iou,
      miou: nanmean(iou),
      freqWeightedIou: sum(weighted) / total(truthPoints),
      truthPoints,
      predictedPoints,
    };
  },
};
