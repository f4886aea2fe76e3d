/**
 * Mean IoU of ScanNet over 20 classes. Points of other true labels are left out; other predicted
 * labels are one further column, which lowers the IoU of the true class.
 */
import {
  type Confusion,
  countPairs,
  createConfusion,
  marginals,
  mergeConfusion,
  type Pairs,
} from "./confusion.ts";
import type { Metric } from "./metric.ts";
import { mean, nanmean } from "./numpy.ts";

/** Scores and points by class, [20]. */
export interface ScannetResult {
  /** 0..1; NaN for a class that is in neither, at which the script itself ends with an error. */
  readonly iou: Float64Array;
  /** Mean over all classes, as the benchmark's server has it: NaN when one of them is. */
  readonly mean: number;
  /** Mean over the classes that are there. */
  readonly meanOfPresent: number;
  readonly hits: Float64Array;
  readonly unions: Float64Array;
}

export const scannetMiou: Metric<Pairs["tables"], Pairs, Confusion, ScannetResult> = {
  name: "scannet_miou",
  version: 1,
  reference: "ScanNet/ScanNet 3830fce 3d_evaluation/evaluate_semantic_label.py",
  create: createConfusion,
  update: countPairs,
  merge: mergeConfusion,

  compute(state) {
    const { truth, predicted, hits } = marginals(state);
    const unions = hits.map((hit, k) => truth[k]! + predicted[k]! - hit);
    const iou = hits.map((hit, k) => hit / unions[k]!);
    return { iou, mean: mean(iou), meanOfPresent: nanmean(iou), hits, unions };
  },
};
