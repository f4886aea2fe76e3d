/** nuScenes' detection metrics: mAP over distances of centres, five errors of hits, NDS. */
import type { Metric } from "./metric.ts";
import { mean, nanmean, sum } from "./numpy.ts";
import { interp, linspace01 } from "./numpy_interp.ts";
import {
  attributeError,
  groundDistance,
  NUSCENES_CLASSES,
  type NuscenesBox,
  orientationError,
  scaleError,
  velocityError,
} from "./nuscenes_sample.ts";

/** Metres within which a centre must lie for a hit. */
export const DISTANCES = [0.5, 1, 2, 4] as const;
/** Index of the distance at which hits are measured. */
const MEASURED = DISTANCES.indexOf(2);
export const ERRORS = ["trans_err", "scale_err", "orient_err", "vel_err", "attr_err"] as const;
/** Errors that mean nothing for a class. */
const UNDEFINED: Readonly<Record<string, readonly string[]>> = {
  "traffic_cone": ["orient_err", "vel_err", "attr_err"],
  barrier: ["vel_err", "attr_err"],
};
const RECALLS = linspace01(101);
/** The first recall that counts: above 0.1. */
const FIRST = 11;
const MIN_PRECISION = 0.1;
/** Weight of mAP against that of an error in NDS. */
const MAP_WEIGHT = 5;

/** Columns of a prediction: score, rank in the submission, hits by distance as bits, errors. */
const ROW = 3 + ERRORS.length;

/** A sample with the boxes that are scored. */
export interface NuscenesSample {
  readonly truth: readonly NuscenesBox[];
  /** In the order of the submission. */
  readonly predictions: readonly NuscenesBox[];
  /** Rank of the first prediction among those of all samples. */
  readonly rank: number;
}

/** By class. */
export interface NuscenesState {
  readonly truths: Float64Array;
  readonly predictions: number[][];
}

/** What is measured of a class at a distance, at the 101 recalls. */
export interface Curve {
  readonly precision: Float64Array;
  readonly confidence: Float64Array;
}

export interface NuscenesResult {
  readonly meanAp: number;
  readonly ndScore: number;
  /** By error: the mean over the classes that have it. */
  readonly errors: readonly number[];
  /** By class, then by distance. */
  readonly ap: readonly (readonly number[])[];
  /** By class, then by error. */
  readonly classErrors: readonly (readonly number[])[];
}

/** A score that cannot be computed from this input; the text says why. */
export class NuscenesError extends Error {}

export const nuscenesDetection: Metric<void, NuscenesSample, NuscenesState, NuscenesResult> = {
  name: "nuscenes_detection",
  version: 2,
  reference: "nutonomy/nuscenes-devkit d9de17a, detection_cvpr_2019",

  create: () => ({
    truths: new Float64Array(NUSCENES_CLASSES.length),
    predictions: NUSCENES_CLASSES.map(() => []),
  }),

  update(state, { truth, predictions, rank }) {
    for (const { kind } of truth) state.truths[kind]! += 1;
    const ranked = predictions.map((box, i) => ({ box, rank: rank + i }));
    // Falling scores, of equal ones the later box first.
    ranked.sort((a, b) => b.box.score - a.box.score || b.rank - a.rank);
    for (const kind of new Set(predictions.map((box) => box.kind))) {
      const gts = truth.filter((box) => box.kind === kind);
      const preds = ranked.filter(({ box }) => box.kind === kind);
      matchClass(gts, preds, state.predictions[kind]!);
    }
  },

  merge(into, from) {
    from.truths.forEach((count, k) => into.truths[k]! += count);
    from.predictions.forEach((rows, k) => {
      for (const value of rows) into.predictions[k]!.push(value);
    });
  },

  compute(state) {
    const ap: number[][] = [];
    const classErrors: number[][] = [];
    NUSCENES_CLASSES.forEach((name, kind) => {
      const sorted = sortRows(state.predictions[kind]!);
      const truths = state.truths[kind]!;
      const curves = DISTANCES.map((_, d) => curveOf(sorted, truths, d));
      for (const curve of curves) checkFalling(name, curve);
      ap.push(curves.map((curve) => averagePrecision(curve)));
      classErrors.push(
        ERRORS.map((error, e) =>
          UNDEFINED[name]?.includes(error) ? NaN : errorOf(sorted, curves[MEASURED], e)
        ),
      );
    });
    const meanAp = mean(Float64Array.from(ap, (each) => mean(Float64Array.from(each))));
    const errors = ERRORS.map((_, e) =>
      nanmean(Float64Array.from(classErrors, (each) => each[e]!))
    );
    return { meanAp, ndScore: ndScore(meanAp, errors), errors, ap, classErrors };
  },
};

/** The weighted mean of mAP and what the errors leave of 1, which is nothing where one is NaN. */
function ndScore(meanAp: number, errors: readonly number[]): number {
  const kept = sum(Float64Array.from(errors, (error) => 1 - error > 0 ? 1 - error : 0));
  return (MAP_WEIGHT * meanAp + kept) / (MAP_WEIGHT + errors.length);
}

interface Ranked {
  readonly box: NuscenesBox;
  readonly rank: number;
}

/** Each prediction takes the nearest free box, at each of the distances on its own. */
function matchClass(gts: readonly NuscenesBox[], preds: readonly Ranked[], rows: number[]): void {
  const taken = DISTANCES.map(() => new Uint8Array(gts.length));
  for (const { box, rank } of preds) {
    const away = gts.map((gt) => groundDistance(gt, box));
    let hits = 0;
    let measured: NuscenesBox | undefined;
    DISTANCES.forEach((distance, d) => {
      const nearest = nearestFree(away, taken[d]!);
      if (nearest < 0 || !(away[nearest]! < distance)) return;
      taken[d]![nearest] = 1;
      hits |= 1 << d;
      checkSizes(gts[nearest]!, box);
      if (d === MEASURED) measured = gts[nearest];
    });
    rows.push(box.score, rank, hits);
    if (measured === undefined) rows.push(0, 0, 0, 0, 0);
    else rows.push(...errorsOf(measured, box));
  }
}

function nearestFree(away: readonly number[], taken: Uint8Array): number {
  let nearest = -1;
  let least = Infinity;
  for (let i = 0; i < away.length; i++) {
    if (taken[i] === 1 || !(away[i]! < least)) continue;
    least = away[i]!;
    nearest = i;
  }
  return nearest;
}

/** The devkit refuses sizes only of boxes that it compares. */
function checkSizes(truth: NuscenesBox, found: NuscenesBox): void {
  for (const [what, { size }] of [["ground truth", truth], ["predicted", found]] as const) {
    if (size.every((side) => side > 0)) continue;
    throw new NuscenesError(
      `a ${what} ${NUSCENES_CLASSES[found.kind]} that is matched has size ${size.join(" x ")}, ` +
        `and sizes above 0 are needed`,
    );
  }
}

function errorsOf(truth: NuscenesBox, found: NuscenesBox): number[] {
  return [
    groundDistance(truth, found),
    scaleError(truth, found),
    orientationError(truth, found),
    velocityError(truth, found),
    attributeError(truth, found),
  ];
}

/** Rows of a class by falling score, of equal ones the later first. */
interface Sorted {
  readonly rows: readonly number[];
  /** Offsets into `rows`. */
  readonly order: Int32Array;
}

function sortRows(rows: readonly number[]): Sorted {
  const order = Int32Array.from({ length: rows.length / ROW }, (_, i) => i * ROW);
  order.sort((a, b) => rows[b]! - rows[a]! || rows[b + 1]! - rows[a + 1]!);
  return { rows, order };
}

/** Undefined where the class has no ground truth, or nothing of it is hit. */
function curveOf({ rows, order }: Sorted, truths: number, distance: number): Curve | undefined {
  const recalls = new Float64Array(order.length);
  const precisions = new Float64Array(order.length);
  const scores = new Float64Array(order.length);
  let hits = 0;
  order.forEach((at, i) => {
    if ((rows[at + 2]! >> distance & 1) === 1) hits++;
    recalls[i] = hits / truths;
    precisions[i] = hits / (i + 1);
    scores[i] = rows[at]!;
  });
  if (hits === 0 || truths === 0) return undefined;
  return {
    precision: interp(RECALLS, recalls, precisions, 0),
    confidence: interp(RECALLS, recalls, scores, 0),
  };
}

/** Beyond the largest recall the confidence is 0; scores below that break the order. */
function checkFalling(name: string, curve: Curve | undefined): void {
  const { confidence } = curve ?? { confidence: new Float64Array(0) };
  for (let i = 1; i < confidence.length; i++) {
    if (confidence[i]! <= confidence[i - 1]!) continue;
    throw new NuscenesError(
      `the scores of class ${name} are below 0, and scores from 0 on are needed where not all ` +
        `boxes are found`,
    );
  }
}

/** Mean precision above 0.1 at the recalls above 0.1; no envelope. */
function averagePrecision(curve: Curve | undefined): number {
  if (curve === undefined) return 0;
  const clipped = curve.precision.slice(FIRST).map((value) =>
    value - MIN_PRECISION < 0 ? 0 : value - MIN_PRECISION
  );
  return mean(clipped) / (1 - MIN_PRECISION);
}

/** Mean over the recalls that are reached of an error's mean up to there. */
function errorOf({ rows, order }: Sorted, curve: Curve | undefined, error: number): number {
  if (curve === undefined) return 1;
  const { confidence } = curve;
  let last = confidence.length - 1;
  // A score of exactly 0 ends the range too.
  while (last > 0 && confidence[last] === 0) last--;
  if (last < FIRST) return 1;
  const hits = order.filter((at) => (rows[at + 2]! >> MEASURED & 1) === 1);
  const means = runningMean(Float64Array.from(hits, (at) => rows[at + 3 + error]!));
  const scores = Float64Array.from(hits, (at) => rows[at]!);
  const sampled = interp(confidence.toReversed(), scores.reverse(), means.reverse()).reverse();
  return mean(sampled.subarray(FIRST, last + 1));
}

/** Means up to each value without the NaNs: 0 before the first number, 1 where there is none. */
function runningMean(values: Float64Array): Float64Array {
  if (values.every((value) => Number.isNaN(value))) return values.fill(1);
  let total = 0;
  let count = 0;
  return values.map((value) => {
    if (!Number.isNaN(value)) {
      total += value;
      count++;
    }
    return count === 0 ? 0 : total / count;
  });
}
