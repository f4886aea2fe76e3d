/**
 * The scores of S3DIS as PVCNN publishes them: those of its evaluation script, where a class without
 * points makes the mean NaN, and those of its meter, where a class without ground truth counts 1.
 */
import {
  type Confusion,
  countPairs,
  createConfusion,
  marginals,
  mergeConfusion,
  type Pairs,
  total,
} from "./confusion.ts";
import type { Metric } from "./metric.ts";
import { mean } from "./numpy.ts";

/** Scores by class are [13]. */
export interface S3disResult {
  /** 0..1; NaN for a class that is in neither. */
  readonly iou: Float64Array;
  /** Hits by points of the true class; NaN without any. */
  readonly accuracy: Float64Array;
  /** Mean of `iou` as the evaluation script prints it. */
  readonly evalIou: number;
  /** What the script prints as "meanAcc": hits by points, over all classes together. */
  readonly overall: number;
  readonly meterIou: number;
  /** The meter's mean of `accuracy`. */
  readonly meterClass: number;
  readonly truthPoints: Float64Array;
  readonly predictedPoints: Float64Array;
}

/** Rows are the classes; one column more is for points that were never voted on (-1). */
export const s3disMiou: Metric<Pairs["tables"], Pairs, Confusion, S3disResult> = {
  name: "s3dis_miou",
  version: 2,
  reference: "mit-han-lab/pvcnn 476715b evaluate/s3dis/eval.py, meters/s3dis.py",
  create: createConfusion,
  update: countPairs,
  merge: mergeConfusion,

  compute(state) {
    const { truth, predicted: columns, hits } = marginals(state);
    const voted = columns.slice(0, truth.length);
    const predicted = voted.slice();
    // Python counts index -1 from the end: a point without a vote is one of the last class.
    predicted[truth.length - 1]! += columns[truth.length]!;
    const iouOf = (found: Float64Array) =>
      hits.map((hit, k) => hit / (truth[k]! + found[k]! - hit));
    const iou = iouOf(predicted);
    const accuracy = hits.map((hit, k) => hit / truth[k]!);
    const meter = (scores: Float64Array) =>
      scores.reduce((sum, score, k) => sum + (truth[k] === 0 ? 1 : score), 0) / scores.length;
    return {
      iou,
      accuracy,
      evalIou: mean(iou),
      overall: total(hits) / total(predicted),
      // The meter compares with each class, and -1 is none.
      meterIou: meter(iouOf(voted)),
      meterClass: meter(accuracy),
      truthPoints: truth,
      predictedPoints: predicted,
    };
  },
};
