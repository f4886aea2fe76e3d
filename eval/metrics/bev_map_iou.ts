/**
 * BEVFusion's map IoU: of each class the largest IoU over seven thresholds, found on the data that
 * is scored. Points are counted in float32 tensors, so above 2^24 cells each sum is rounded and
 * depends on the order of the samples: the state keeps the counts of each.
 */
import type { Metric } from "./metric.ts";
import { torchSum } from "./torch_sum.ts";

/** Thresholds of the scores, as float32 numbers. */
export const THRESHOLDS = Float64Array.of(0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65).map(Math.fround);
const T = THRESHOLDS.length;
/** A cell's bin: how many thresholds its score reaches, in eight steps, for each of two truths. */
const BINS = 2 * (T + 1);

/** Cells of one class of one sample. */
export interface BevSample {
  /** Position of the sample in the data set. */
  readonly index: number;
  readonly classIndex: number;
  /** Not 0 = the class is there. */
  readonly truth: Float64Array;
  /** Scores; NaN reaches no threshold. */
  readonly predicted: Float64Array;
}

export interface BevState {
  readonly classes: number;
  /** Counts [classes, 16] by position of the sample. */
  readonly samples: Map<number, Float64Array>;
}

export interface BevResult {
  /** [classes][thresholds] */
  readonly iou: readonly Float32Array[];
  /** Largest over the thresholds, by class. */
  readonly max: Float32Array;
  /** Mean of `max`. */
  readonly mean: number;
}

/** Added to each union; in float32 it is lost unless the union is below 2. */
const EPSILON = Math.fround(1e-7);
const f = Math.fround;

export const bevMapIou: Metric<number, BevSample, BevState, BevResult> = {
  name: "bev_map_iou",
  version: 1,
  reference: "mit-han-lab/bevfusion 326653d nuscenes_dataset.py evaluate_map",
  create: (classes) => ({ classes, samples: new Map() }),

  update({ classes, samples }, { index, classIndex, truth, predicted }) {
    let counts = samples.get(index);
    if (counts === undefined) samples.set(index, counts = new Float64Array(classes * BINS));
    const bins = counts.subarray(classIndex * BINS, (classIndex + 1) * BINS);
    const [t0, t1, t2, t3, t4, t5, t6] = THRESHOLDS as unknown as number[];
    for (let i = 0; i < truth.length; i++) {
      const score = predicted[i]!;
      const reached = +(score >= t0!) + +(score >= t1!) + +(score >= t2!) + +(score >= t3!) +
        +(score >= t4!) + +(score >= t5!) + +(score >= t6!);
      bins[truth[i] === 0 ? reached : reached + T + 1]!++;
    }
  },

  merge(into, from) {
    for (const [index, counts] of from.samples) {
      const own = into.samples.get(index);
      if (own === undefined) into.samples.set(index, counts);
      else for (let i = 0; i < own.length; i++) own[i]! += counts[i]!;
    }
  },

  compute({ classes, samples }) {
    const hits = new Float32Array(classes * T);
    const falsePositives = new Float32Array(classes * T);
    const falseNegatives = new Float32Array(classes * T);
    for (const index of [...samples.keys()].sort((a, b) => a - b)) {
      const counts = samples.get(index)!;
      for (let at = 0; at < hits.length; at++) {
        const bins = counts.subarray(Math.floor(at / T) * BINS);
        const { hit, falsePositive, falseNegative } = atThreshold(bins, at % T);
        hits[at]! += f(hit);
        falsePositives[at]! += f(falsePositive);
        falseNegatives[at]! += f(falseNegative);
      }
    }
    const all = hits.map((hit, at) =>
      hit / f(f(f(hit + falsePositives[at]!) + falseNegatives[at]!) + EPSILON)
    );
    const iou = Array.from({ length: classes }, (_, k) => all.slice(k * T, (k + 1) * T));
    const max = Float32Array.from(iou, (values) => values.reduce((a, b) => Math.max(a, b)));
    return { iou, max, mean: f(torchSum(max) / classes) };
  },
};

/** Exact counts of one sample and class from its bins. */
function atThreshold(bins: Float64Array, threshold: number) {
  let hit = 0;
  let falsePositive = 0;
  let falseNegative = 0;
  for (let reached = 0; reached <= T; reached++) {
    const present = bins[reached + T + 1]!;
    if (reached > threshold) {
      hit += present;
      falsePositive += bins[reached]!;
    } else falseNegative += present;
  }
  return { hit, falsePositive, falseNegative };
}
