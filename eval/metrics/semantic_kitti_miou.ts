/**
 * Mean IoU over the 19 classes of SemanticKITTI from one confusion matrix, by two rules that differ
 * in classes without ground truth: the devkit scores them 0, the callback that ran while SPVNAS was
 * trained scores them 1. Points whose true class is 0 (unlabelled) count for neither.
 */
import {
  countLabels,
  createLabelCounts,
  type LabelCounts,
  type LabelMap,
  type LabelPair,
  mergeLabelCounts,
} from "./label_counts.ts";
import type { Metric } from "./metric.ts";
import { mean } from "./numpy.ts";

/** Scores and points by class, [classes]; entry 0 is the class that is not scored. */
export interface MiouResult {
  /** 0..1. */
  readonly iou: Float64Array;
  /** Mean of `iou` over the scored classes. */
  readonly iouMean: number;
  /** 0..1; undefined where the rule has none. */
  readonly accuracy: number | undefined;
  /** Points whose true class this is. */
  readonly truthPoints: Float64Array;
  /** Points predicted as this class whose true class is scored. */
  readonly predictedPoints: Float64Array;
}

type Miou = Metric<LabelMap, LabelPair, LabelCounts, MiouResult>;

/** Keeps a union of 0 from dividing by it; it also moves the last digits of small unions. */
const DEVKIT_EPSILON = 1e-15;

const counting = {
  create: createLabelCounts,
  update: countLabels,
  merge: mergeLabelCounts,
};

/** The score of the official devkit: an absent class is 0 and stays in the mean. */
export const semanticKittiMiou: Miou = {
  name: "semantic_kitti_miou",
  version: 1,
  reference: "PRBonn/semantic-kitti-api a9c749e evaluate_semantics.py",
  ...counting,

  compute(state) {
    const { hits, truthPoints, predictedPoints } = scoredPoints(state);
    const iou = hits.map((hit, k) => {
      const falsePositive = predictedPoints[k]! - hit;
      const falseNegative = truthPoints[k]! - hit;
      return hit / (hit + falsePositive + falseNegative + DEVKIT_EPSILON);
    });
    // Class 0 is left out of both sums: points predicted as unlabelled lower IoU, not accuracy.
    const scored = total(predictedPoints.subarray(1));
    const accuracy = total(hits) / (scored + DEVKIT_EPSILON);
    return { iou, iouMean: mean(iou.subarray(1)), accuracy, truthPoints, predictedPoints };
  },
};

/** The score that SPVNAS logs while it trains: a class without ground truth is 1. */
export const spvnasMiou: Miou = {
  name: "spvnas_miou",
  version: 1,
  reference: "mit-han-lab/spvnas 5c53224 core/callbacks.py MeanIoU",
  ...counting,

  compute(state) {
    const { hits, truthPoints, predictedPoints } = scoredPoints(state);
    const iou = hits.map((hit, k) => {
      const seen = truthPoints[k]!;
      return seen === 0 ? 1 : hit / (seen + predictedPoints[k]! - hit);
    });
    const iouMean = mean(iou.subarray(1));
    return { iou, iouMean, accuracy: undefined, truthPoints, predictedPoints };
  },
};

/** Hits, row sums and column sums of the confusion matrix without column 0 (truth unlabelled). */
function scoredPoints({ classes, confusion }: LabelCounts) {
  const hits = new Float64Array(classes);
  const truthPoints = new Float64Array(classes);
  const predictedPoints = new Float64Array(classes);
  for (let predicted = 0; predicted < classes; predicted++) {
    for (let truth = 1; truth < classes; truth++) {
      const count = confusion[predicted * classes + truth]!;
      if (predicted === truth) hits[truth] = count;
      truthPoints[truth]! += count;
      predictedPoints[predicted]! += count;
    }
  }
  return { hits, truthPoints, predictedPoints };
}

/** Exact: counts are integers below 2^53. */
function total(counts: Float64Array): number {
  return counts.reduce((a, b) => a + b, 0);
}
