/**
 * Mean IoU, mean class accuracy and accuracy of any segmentation, by three rules for classes that
 * are not there: mmdetection3d leaves them out, others count them as 0 or as 1.
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
import { mean, nanmean } from "./numpy.ts";

/** Scores and points by class, [classes]. */
export interface SegResult {
  readonly iou: Float64Array;
  readonly accuracy: Float64Array;
  readonly miou: number;
  readonly macc: number;
  readonly acc: number;
  readonly truthPoints: Float64Array;
  readonly predictedPoints: Float64Array;
}

/** What the score of a class is that has no points to score it on. */
export type AbsentRule = "nan" | "zero" | "one";

/** The scores of a class with NaN where it has none, turned by `rule`; IoU 0 by "one" needs truth. */
function absent(rule: AbsentRule, scores: Float64Array, truth: Float64Array): Float64Array {
  if (rule === "zero") return scores.map((score) => Number.isNaN(score) ? 0 : score);
  return rule === "one" ? scores.map((score, k) => truth[k] === 0 ? 1 : score) : scores;
}

/**
 * Class that `--ignore label` takes out of the mean. Python counts negative indices from the end, so
 * by mmdetection3d's rule ("nan") -1 takes out the last class.
 */
export function ignoredClass(rule: AbsentRule, label: number, classes: number): number {
  return rule === "nan" && label < 0 ? label + classes : label;
}

/** The metric by `rule`; the IoU of the classes in `ignored` is NaN, as in mmdetection3d. */
export function segMiou(
  rule: AbsentRule,
  ignored: readonly number[],
): Metric<Pairs["tables"], Pairs, Confusion, SegResult> {
  const average = rule === "nan" ? nanmean : mean;
  return {
    name: "seg_miou",
    version: 2,
    reference: "open-mmlab/mmdetection3d fe25f7a mmdet3d/evaluation/functional/seg_eval.py",
    create: createConfusion,
    update: countPairs,
    merge: mergeConfusion,

    compute(state) {
      const { truth, predicted, hits } = marginals(state);
      const scored = (_: number, k: number) => rule === "nan" || !ignored.includes(k);
      const iou = absent(
        rule,
        hits.map((hit, k) => hit / (truth[k]! + predicted[k]! - hit)),
        truth,
      );
      for (const label of ignored) {
        const k = ignoredClass(rule, label, iou.length);
        if (k >= 0 && k < iou.length) iou[k] = NaN;
      }
      const accuracy = absent(rule, hits.map((hit, k) => hit / truth[k]!), truth);
      return {
        iou,
        accuracy,
        miou: average(iou.filter(scored)),
        macc: average(accuracy.filter(scored)),
        acc: total(hits) / total(truth),
        truthPoints: truth,
        predictedPoints: predicted,
      };
    },
  };
}
