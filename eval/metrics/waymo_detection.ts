/** Waymo's detection metric: mAP, and mAPH, which weighs hits by their heading. In float32. */
import type { Metric } from "./metric.ts";
import { BOX, BOX_NUMBERS, iou3d } from "./upright_boxes.ts";
import { matchPairs, type Pair } from "./waymo_matching.ts";
import { outlineOf, type Polygon, sharedArea } from "./waymo_polygons.ts";

/** By type - 1. A type of 0 is unknown and takes no part. */
const WAYMO_TYPES = ["VEHICLE", "PEDESTRIAN", "SIGN", "CYCLIST"] as const;
export const WAYMO_LEVELS = ["LEVEL_1", "LEVEL_2"] as const;
const RANGES = ["[0, 30)", "[30, 50)", "[50, +inf)"] as const;
const RANGE_LIMITS = [30, 50] as const;
/** By type. */
const THRESHOLDS = Float32Array.of(0, 0.7, 0.5, 0.5, 0.5);
/** Scores from which predictions count: 0, 0.01, ..., 1. */
const CUTOFFS = Float32Array.from({ length: 101 }, (_, i) => i === 100 ? 1 : i * 0.01);
const RECALL_STEP = Math.fround(0.05);
const RECALL_SLACK = Math.fround(1e-6);

/** Names of the shards as the official tool prints them: by type, then by type and range. */
export const WAYMO_SHARDS: readonly string[] = [
  ...WAYMO_TYPES.map((type) => `OBJECT_TYPE_TYPE_${type}`),
  ...WAYMO_TYPES.flatMap((type) => RANGES.map((range) => `RANGE_TYPE_${type}_${range}`)),
];
/** Counts of a shard at a cutoff: hits, false ones, missed of LEVEL_1, missed of both levels. */
const COUNTS = 4;
/** In place of a box: the prediction lies below the cutoff. */
const NOT_KEPT = -2;

/** Objects of a frame, in the order of their file. */
export interface WaymoObjects {
  /** {@linkcode BOX_NUMBERS} each. */
  readonly boxes: Float64Array;
  readonly types: Uint8Array;
  /** Of predictions. */
  readonly scores: Float32Array;
  /** Of predictions: 1 if in a zone without labels, where nothing is false. */
  readonly unlabelled: Uint8Array;
  /** Of ground truth: 1 or 2. */
  readonly levels: Uint8Array;
}

export interface WaymoFrame {
  /** Its rank among the frames: sums are taken in this order. */
  readonly index: number;
  readonly truth: WaymoObjects;
  readonly predictions: WaymoObjects;
}

export interface WaymoState {
  /** By shard, cutoff and count. */
  readonly counts: Float64Array;
  /** Frame, shard, then by cutoff the sum of heading accuracies: of frames and shards with hits. */
  readonly headings: Float64Array[];
}

export interface WaymoScore {
  readonly map: number;
  readonly maph: number;
}

/** Scores by shard, then by level. */
export const waymoDetection: Metric<
  void,
  WaymoFrame,
  WaymoState,
  readonly (readonly WaymoScore[])[]
> = {
  name: "waymo_detection",
  version: 1,
  reference: "waymo-research/waymo-open-dataset 99a4cb3 compute_detection_metrics_main",

  create: () => ({
    counts: new Float64Array(WAYMO_SHARDS.length * CUTOFFS.length * COUNTS),
    headings: [],
  }),

  update(state, { index, truth, predictions }) {
    const gts = shardsOf(truth);
    const preds = shardsOf(predictions);
    const [p, q] = [outlines(predictions.boxes), outlines(truth.boxes)];
    const frame: Frame = {
      truth,
      predictions,
      overlaps: new Float32Array(truth.types.length * predictions.types.length).fill(-1),
      areaOf: (i, j) => sharedArea(p(i), q(j)),
      taken: new Int32Array(predictions.types.length).fill(NOT_KEPT),
    };
    for (let shard = 0; shard < WAYMO_SHARDS.length; shard++) {
      if (gts[shard]!.length + preds[shard]!.length === 0) continue;
      const sums = countShard(frame, { shard, gts: gts[shard]!, preds: preds[shard]! }, state);
      if (sums.some((sum) => sum !== 0)) {
        state.headings.push(Float64Array.of(index, shard, ...sums));
      }
    }
  },

  merge(into, from) {
    from.counts.forEach((count, i) => into.counts[i]! += count);
    for (const row of from.headings) into.headings.push(row);
  },

  compute(state) {
    const cutoffs = CUTOFFS.length;
    const sums = new Float32Array(WAYMO_SHARDS.length * cutoffs);
    for (const row of state.headings.toSorted((a, b) => a[0]! - b[0]!)) {
      for (let k = 0; k < cutoffs; k++) sums[row[1]! * cutoffs + k]! += row[2 + k]!;
    }
    return WAYMO_SHARDS.map((_, shard) =>
      WAYMO_LEVELS.map((_, level) => {
        const headings = sums.subarray(shard * cutoffs, (shard + 1) * cutoffs);
        return scoreOf(state.counts, { shard, level, headings });
      })
    );
  },
};

interface Frame {
  readonly truth: WaymoObjects;
  readonly predictions: WaymoObjects;
  /** By prediction and ground truth; -1 where not computed yet. */
  readonly overlaps: Float32Array;
  /** The area on the ground that a prediction and a true box share. */
  readonly areaOf: (pred: number, gt: number) => number;
  /** By prediction: the box that it takes, -1 for none, or {@linkcode NOT_KEPT}. */
  readonly taken: Int32Array;
}

/** The outline of each box, made when it is first asked for. */
function outlines(boxes: Float64Array): (i: number) => Polygon {
  const made: Polygon[] = [];
  return (i) => made[i] ??= outlineOf(boxes, i);
}

/** Objects of each shard, in order. */
function shardsOf({ boxes, types }: WaymoObjects): number[][] {
  const shards: number[][] = WAYMO_SHARDS.map(() => []);
  for (let i = 0; i < types.length; i++) {
    const type = types[i]! - 1;
    if (type < 0 || type >= WAYMO_TYPES.length) continue;
    shards[type]!.push(i);
    const at = i * BOX_NUMBERS;
    const [x, y, z] = [boxes[at + BOX.x]!, boxes[at + BOX.y]!, boxes[at + BOX.z]!];
    const range = Math.sqrt(x * x + y * y + z * z);
    const far = range < RANGE_LIMITS[0] ? 0 : range < RANGE_LIMITS[1] ? 1 : 2;
    shards[WAYMO_TYPES.length + RANGES.length * type + far]!.push(i);
  }
  return shards;
}

interface Shard {
  readonly shard: number;
  readonly gts: readonly number[];
  readonly preds: readonly number[];
}

/** Adds the counts of a shard at every cutoff; the sums of heading accuracies by cutoff. */
function countShard(frame: Frame, { shard, gts, preds }: Shard, { counts }: WaymoState) {
  const sums = new Float32Array(CUTOFFS.length);
  const pairs = pairsOf(frame, gts, preds);
  const reached = preds.map((pred) => cutoffsReached(frame.predictions.scores[pred]!));
  // Between two cutoffs that no score lies between, the predictions are the same ones.
  const changes = new Uint8Array(CUTOFFS.length + 1);
  for (const cutoff of reached) changes[cutoff] = 1;
  let found: Counted = { counts: [0, 0, 0, 0], heading: 0 };
  for (let k = 0; k < CUTOFFS.length; k++) {
    if (k === 0 || changes[k] === 1) {
      found = countSubset(frame, gts, preds.filter((_, i) => reached[i]! > k), pairs);
    }
    const at = (shard * CUTOFFS.length + k) * COUNTS;
    for (let c = 0; c < COUNTS; c++) counts[at + c]! += found.counts[c]!;
    sums[k] = found.heading;
  }
  return sums;
}

/** How many cutoffs a score reaches, which rise; NaN reaches none. */
function cutoffsReached(score: number): number {
  if (!(score >= 0)) return 0;
  // Rounded down it may be one too low, never too high.
  let count = Math.floor(Math.min(score, 1) * (CUTOFFS.length - 1));
  while (count < CUTOFFS.length && score >= CUTOFFS[count]!) count++;
  return count;
}

interface Counted {
  readonly counts: readonly number[];
  readonly heading: number;
}

function countSubset(
  frame: Frame,
  gts: readonly number[],
  preds: readonly number[],
  pairs: readonly Pair[],
): Counted {
  const { taken } = frame;
  for (const pred of preds) taken[pred] = -1;
  matchPairs(pairs.filter(({ pred }) => taken[pred] === -1), { gts, preds, taken });
  let [hits, falses, heading] = [0, 0, 0];
  const matched = new Set<number>();
  for (const pred of preds) {
    const gt = taken[pred]!;
    taken[pred] = NOT_KEPT;
    if (gt >= 0) {
      matched.add(gt);
      hits++;
      heading = Math.fround(heading + headingAccuracy(frame, pred, gt));
    } else if (frame.predictions.unlabelled[pred] === 0) falses++;
  }
  const missed = [0, 0];
  for (const gt of gts) {
    if (matched.has(gt)) continue;
    missed[1]!++;
    if (frame.truth.levels[gt] === 1) missed[0]!++;
  }
  return { counts: [hits, falses, ...missed], heading };
}

/** The pairs of a shard that overlap enough, prediction by prediction. */
function pairsOf(frame: Frame, gts: readonly number[], preds: readonly number[]): Pair[] {
  const pairs: Pair[] = [];
  for (const pred of preds) {
    const threshold = THRESHOLDS[frame.predictions.types[pred]!]!;
    for (const gt of gts) {
      const overlap = overlapOf(frame, pred, gt);
      if (overlap < threshold) continue;
      pairs.push({ pred, gt, weight: Math.round(Math.fround(overlap * 1e6)) });
    }
  }
  return pairs;
}

function overlapOf({ overlaps, truth, predictions, areaOf }: Frame, p: number, g: number): number {
  const at = p * truth.types.length + g;
  if (overlaps[at]! < 0) overlaps[at] = iou3d(predictions.boxes, p, truth.boxes, g, areaOf);
  return overlaps[at]!;
}

/** 1 where the headings agree, 0 where they are opposite. */
function headingAccuracy({ truth, predictions }: Frame, pred: number, gt: number): number {
  const predicted = normalized(predictions.boxes[pred * BOX_NUMBERS + BOX.heading]!);
  const true_ = normalized(truth.boxes[gt * BOX_NUMBERS + BOX.heading]!);
  let difference = Math.abs(Math.fround(predicted - true_));
  if (difference > Math.PI) difference = Math.fround(2 * Math.PI - difference);
  return Math.fround(Math.min(1, Math.max(0, 1 - difference / Math.PI)));
}

/** An angle in [-pi, pi), in float32. */
function normalized(angle: number): number {
  const turn = 2 * Math.PI;
  const shifted = angle + Math.PI;
  const rest = shifted - Math.trunc(shifted * (1 / turn)) * turn;
  const positive = rest >= 0 ? rest : turn + rest >= turn ? 0 : turn + rest;
  return Math.fround(positive - Math.PI);
}

interface Curve {
  readonly shard: number;
  readonly level: number;
  readonly headings: Float32Array;
}

function scoreOf(counts: Float64Array, { shard, level, headings }: Curve): WaymoScore {
  const precisions = new Float32Array(CUTOFFS.length);
  const weighted = new Float32Array(CUTOFFS.length);
  const recalls = new Float32Array(CUTOFFS.length);
  for (let k = 0; k < CUTOFFS.length; k++) {
    const at = (shard * CUTOFFS.length + k) * COUNTS;
    const hits = counts[at]!;
    const found = hits + counts[at + 1]!;
    const there = hits + counts[at + 2 + level]!;
    recalls[k] = there > 0 ? Math.fround(hits) / Math.fround(there) : 0;
    const none = recalls[k] === 0;
    precisions[k] = none ? 1 : Math.fround(hits) / Math.fround(found);
    weighted[k] = none ? 1 : headings[k]! / Math.fround(found);
  }
  return { map: averagePrecision(precisions, recalls), maph: averagePrecision(weighted, recalls) };
}

/** Area under the largest precision at each recall or above, down from the largest recall. */
function averagePrecision(precisions: Float32Array, recalls: Float32Array): number {
  const best = new Map<number, number>([[0, 1]]);
  recalls.forEach((recall, k) => {
    best.set(recall, Math.max(best.get(recall) ?? 0, precisions[k]!));
  });
  const points: { precision: number; recall: number }[] = [];
  let last = 0;
  let precision = 0;
  for (const recall of [...best.keys()].sort((a, b) => b - a)) {
    while (Math.fround(last - recall) > Math.fround(RECALL_STEP + RECALL_SLACK)) {
      last = Math.fround(last - RECALL_STEP);
      points.push({ precision, recall: last });
    }
    precision = Math.max(precision, best.get(recall)!);
    points.push({ precision, recall });
    last = recall;
  }
  // The precision 1 at recall 0 is no measurement.
  if (points.length >= 2) points.at(-1)!.precision = points.at(-2)!.precision;
  let area = 0;
  for (let i = 1; i < points.length; i++) {
    const [a, b] = [points[i - 1]!, points[i]!];
    const step = 0.5 * Math.fround(a.recall - b.recall) * Math.fround(a.precision + b.precision);
    area = Math.fround(area + step);
  }
  return area;
}
