/**
 * Panoptic quality of SemanticKITTI. A segment is the points of one class that carry the same
 * 32-bit label; points whose true class is 0 are left out before anything is counted.
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
import { mean, sum } from "./numpy.ts";
import {
  addTerm,
  createOrderedTerms,
  mergeTerms,
  type OrderedTerms,
  sumTerms,
} from "./ordered_sums.ts";

/** One whole scan. */
export interface PanopticScan extends LabelPair {
  /** Place of the scan in the split: sums are formed in this order. */
  readonly index: number;
}

/** What {@linkcode semanticKittiPq} adds to; counts by class, in segments. */
export interface PqState {
  readonly labels: LabelCounts;
  readonly hits: Float64Array;
  readonly falsePositives: Float64Array;
  readonly falseNegatives: Float64Array;
  /** IoUs of the hits, summed by scan; the slot is the class. */
  readonly ious: OrderedTerms;
}

/** Scores by class, [classes]; entry 0 is the class that is not scored. */
export interface PqResult {
  readonly pq: Float64Array;
  readonly sq: Float64Array;
  readonly rq: Float64Array;
  readonly iou: Float64Array;
  readonly iouMean: number;
  readonly hits: Float64Array;
  readonly falsePositives: Float64Array;
  readonly falseNegatives: Float64Array;
}

/** A true label that the devkit cannot hold beside a predicted one. */
export class InstanceIdError extends RangeError {
  override readonly name = "InstanceIdError";

  constructor(readonly label: number) {
    super(`Cannot match the segment of label ${label}: its instance id is out of range`);
  }
}

/** Segments with fewer points are neither missed nor false (`--min_inst_points`). */
const MIN_POINTS = 50;
/** Keeps sums of 0 from dividing. */
const EPSILON = 1e-15;
/** Labels + 1 from here on overflow the devkit's 64-bit pairs: it stops with a `KeyError`. */
const LABEL_LIMIT = 2 ** 31 - 1;

/** SQ, RQ and PQ by class, and the IoU by class of the same points. */
export const semanticKittiPq: Metric<LabelMap, PanopticScan, PqState, PqResult> = {
  name: "semantic_kitti_pq",
  version: 1,
  reference: "PRBonn/semantic-kitti-api a9c749e evaluate_panoptic.py",

  create(map) {
    return {
      labels: createLabelCounts(map),
      hits: new Float64Array(map.classes),
      falsePositives: new Float64Array(map.classes),
      falseNegatives: new Float64Array(map.classes),
      ious: createOrderedTerms(),
    };
  },

  /** @throws {InstanceIdError} A true instance id above 32767 overlaps a segment of its class. */
  update(state, scan) {
    countLabels(state.labels, scan);
    for (const [k, segments] of segmentsOf(scan).entries()) {
      if (k > 0 && segments !== undefined) matchClass(state, k, segments, scan.index);
    }
  },

  merge(into, from) {
    mergeLabelCounts(into.labels, from.labels);
    for (const key of ["hits", "falsePositives", "falseNegatives"] as const) {
      for (let k = 0; k < from[key].length; k++) into[key][k]! += from[key][k]!;
    }
    mergeTerms(into.ious, from.ious);
  },

  compute({ labels, hits, falsePositives, falseNegatives, ious }) {
    const iouSum = sumTerms(ious, hits.length);
    const sq = iouSum.map((total, k) => total / Math.max(hits[k]!, EPSILON));
    const rq = hits.map((tp, k) =>
      tp / Math.max(tp + 0.5 * falsePositives[k]! + 0.5 * falseNegatives[k]!, EPSILON)
    );
    const iou = iouByClass(labels);
    return {
      pq: sq.map((value, k) => value * rq[k]!),
      sq,
      rq,
      iou,
      iouMean: mean(iou.subarray(1)),
      hits,
      falsePositives,
      falseNegatives,
    };
  },
};

/** Points of the segments of one class, by label, and of the pairs that overlap. */
interface Segments {
  readonly truth: Map<number, number>;
  readonly predicted: Map<number, number>;
  /** Points of a pair of this class, by true label and predicted label. */
  readonly both: Map<number, Map<number, number>>;
}

/** The segments by class; points whose true class is 0 are left out. */
function segmentsOf(scan: PanopticScan): (Segments | undefined)[] {
  const { truth, predicted, map } = scan;
  const classes: (Segments | undefined)[] = [];
  // Neighbouring points mostly carry the same pair of labels, so runs are counted, not points.
  for (let start = 0; start < truth.length;) {
    const t = truth[start]!;
    const p = predicted[start]!;
    let end = start + 1;
    while (end < truth.length && truth[end] === t && predicted[end] === p) end++;
    addRun(classes, { t, p, points: end - start, map });
    start = end;
  }
  return classes;
}

interface LabelRun {
  readonly t: number;
  readonly p: number;
  readonly points: number;
  readonly map: LabelMap;
}

function addRun(classes: (Segments | undefined)[], { t, p, points, map }: LabelRun): void {
  const trueClass = classOf(map, t);
  if (trueClass === 0) return;
  const predictedClass = classOf(map, p);
  const segments = classes[trueClass] ??= emptySegments();
  add(segments.truth, t, points);
  add((classes[predictedClass] ??= emptySegments()).predicted, p, points);
  if (trueClass !== predictedClass) return;
  let row = segments.both.get(t);
  if (row === undefined) segments.both.set(t, row = new Map());
  add(row, p, points);
}

/** The class of a label; ids that are in no class count as class 0. */
function classOf({ table, classes }: LabelMap, label: number): number {
  const found = table[label & 0xffff]!;
  return found < classes ? found : 0;
}

function emptySegments(): Segments {
  return { truth: new Map(), predicted: new Map(), both: new Map() };
}

function add(counts: Map<number, number>, key: number, points: number): void {
  counts.set(key, (counts.get(key) ?? 0) + points);
}

function matchClass(
  state: PqState,
  k: number,
  { truth, predicted, both }: Segments,
  scan: number,
): void {
  const ious: number[] = [];
  const matchedTruth = new Set<number>();
  const matchedPredicted = new Set<number>();
  // Ascending by true label, then by predicted label: the order in which numpy adds the IoUs.
  for (const t of ascending(both)) {
    if (t >= LABEL_LIMIT) throw new InstanceIdError(t);
    const row = both.get(t)!;
    for (const p of ascending(row)) {
      const points = row.get(p)!;
      const iou = points / (truth.get(t)! + predicted.get(p)! - points);
      if (!(iou > 0.5)) continue;
      ious.push(iou);
      matchedTruth.add(t);
      matchedPredicted.add(p);
    }
  }
  state.hits[k]! += ious.length;
  state.falseNegatives[k]! += unmatched(truth, matchedTruth);
  state.falsePositives[k]! += unmatched(predicted, matchedPredicted);
  if (ious.length > 0) addTerm(state.ious, scan, k, sum(Float64Array.from(ious)));
}

function ascending(map: ReadonlyMap<number, unknown>): number[] {
  return [...map.keys()].sort((a, b) => a - b);
}

function unmatched(counts: ReadonlyMap<number, number>, matched: ReadonlySet<number>): number {
  let segments = 0;
  for (const [label, points] of counts) {
    if (points >= MIN_POINTS && !matched.has(label)) segments++;
  }
  return segments;
}

/** IoU by class without points whose true class is 0; an absent class is 0. */
function iouByClass({ classes, confusion }: LabelCounts): Float64Array {
  const union = new Float64Array(classes);
  for (let predicted = 0; predicted < classes; predicted++) {
    for (let truth = 1; truth < classes; truth++) {
      const points = confusion[predicted * classes + truth]!;
      union[truth]! += points;
      if (predicted !== truth) union[predicted]! += points;
    }
  }
  return union.map((total, k) =>
    k === 0 ? 0 : confusion[k * classes + k]! / Math.max(total, EPSILON)
  );
}
