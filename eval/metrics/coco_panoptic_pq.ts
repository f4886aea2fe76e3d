/**
 * Panoptic quality of COCO: segments are matched image by image, scores are formed by category.
 * Ids are those of the PNG files, R + 256 G + 65536 B; 0 (void) is no segment unless it is listed.
 */
import type { Metric } from "./metric.ts";
import {
  addTerm,
  createOrderedTerms,
  mergeTerms,
  type OrderedTerms,
  sumTerms,
} from "./ordered_sums.ts";

/** A true segment. */
export interface TrueSegment {
  readonly id: number;
  /** Index of the category, -1 for one that is not in the list. */
  readonly category: number;
  /** As the JSON file says, which may differ from the pixels. */
  readonly area: number;
  readonly crowd: boolean;
}

export interface PredictedSegment {
  readonly id: number;
  /** Index of the category. */
  readonly category: number;
}

/** One image; ids are [pixels]. */
export interface PanopticImage {
  readonly truth: Uint32Array;
  readonly predicted: Uint32Array;
  readonly trueSegments: readonly TrueSegment[];
  readonly predictedSegments: readonly PredictedSegment[];
  /** Place of the image in the ground truth: sums are formed in this order. */
  readonly index: number;
}

/** What {@linkcode cocoPanopticPq} adds to; counts by category, in segments. */
export interface PanopticState {
  readonly hits: Float64Array;
  readonly falsePositives: Float64Array;
  readonly falseNegatives: Float64Array;
  /** IoUs of the hits; the slot is the category. */
  readonly ious: OrderedTerms;
}

/** Scores by category, [categories]; 0 where there is nothing to score. */
export interface PanopticResult {
  readonly pq: Float64Array;
  readonly sq: Float64Array;
  readonly rq: Float64Array;
  /** Whether the category has segments that count. */
  readonly scored: readonly boolean[];
}

/** Pixels and lists of segments disagree; the text is what was found and what is needed. */
export class SegmentError extends RangeError {
  override readonly name = "SegmentError";

  constructor(readonly side: "truth" | "predicted", message: string) {
    super(message);
  }
}

const VOID = 0;
/** Pairs of ids are keyed `truth * OFFSET + predicted`. */
const OFFSET = 2 ** 24;

/** PQ, SQ and RQ by category, with the devkit's rules for void and crowds. */
export const cocoPanopticPq: Metric<number, PanopticImage, PanopticState, PanopticResult> = {
  name: "coco_panoptic_pq",
  version: 1,
  reference: "cocodataset/panopticapi 7bb4655 evaluation.py",

  /** @param categories Number of categories. */
  create(categories) {
    return {
      hits: new Float64Array(categories),
      falsePositives: new Float64Array(categories),
      falseNegatives: new Float64Array(categories),
      ious: createOrderedTerms(),
    };
  },

  /** @throws {SegmentError} A predicted id is in the pixels or in the list only, or an area lies. */
  update(state, image) {
    const overlaps = overlapsOf(image);
    const areas = predictedAreas(image, overlaps);
    const matched = matchSegments(state, image, { overlaps, areas });
    const crowds = countMissed(state, image, matched.truth);
    countFalse(state, image, { overlaps, areas, crowds, matched: matched.predicted });
  },

  merge(into, from) {
    for (const key of ["hits", "falsePositives", "falseNegatives"] as const) {
      for (let k = 0; k < from[key].length; k++) into[key][k]! += from[key][k]!;
    }
    mergeTerms(into.ious, from.ious);
  },

  compute({ hits, falsePositives, falseNegatives, ious }) {
    const sums = sumTerms(ious, hits.length);
    const scored = [...hits].map((tp, k) => tp + falsePositives[k]! + falseNegatives[k]! > 0);
    const halves = hits.map((tp, k) => tp + 0.5 * falsePositives[k]! + 0.5 * falseNegatives[k]!);
    return {
      pq: sums.map((sum, k) => scored[k] ? sum / halves[k]! : 0),
      sq: sums.map((sum, k) => hits[k]! > 0 ? sum / hits[k]! : 0),
      rq: hits.map((tp, k) => scored[k] ? tp / halves[k]! : 0),
      scored,
    };
  },
};

/** Pixels by pair of ids. Neighbours mostly carry the same pair, so runs are counted. */
function overlapsOf({ truth, predicted }: PanopticImage): Map<number, number> {
  const counts = new Map<number, number>();
  for (let start = 0; start < truth.length;) {
    const t = truth[start]!;
    const p = predicted[start]!;
    let end = start + 1;
    while (end < truth.length && truth[end] === t && predicted[end] === p) end++;
    const key = t * OFFSET + p;
    counts.set(key, (counts.get(key) ?? 0) + end - start);
    start = end;
  }
  return counts;
}

/** Pixels of the predicted segments by id. */
function predictedAreas(
  { predictedSegments }: PanopticImage,
  overlaps: ReadonlyMap<number, number>,
): Map<number, number> {
  const areas = new Map(predictedSegments.map(({ id }) => [id, 0]));
  for (const [key, pixels] of overlaps) {
    const id = key % OFFSET;
    const before = areas.get(id);
    if (before !== undefined) areas.set(id, before + pixels);
    else if (id !== VOID) {
      throw new SegmentError("predicted", `segment ${id} is in the PNG and not in the JSON`);
    }
  }
  for (const [id, area] of areas) {
    if (area > 0) continue;
    throw new SegmentError("predicted", `segment ${id} is in the JSON and not in the PNG`);
  }
  return areas;
}

interface Counted {
  readonly overlaps: ReadonlyMap<number, number>;
  readonly areas: ReadonlyMap<number, number>;
}

function matchSegments(state: PanopticState, image: PanopticImage, { overlaps, areas }: Counted) {
  const trueById = new Map(image.trueSegments.map((segment) => [segment.id, segment]));
  const predictedById = new Map(image.predictedSegments.map((segment) => [segment.id, segment]));
  const matched = { truth: new Set<number>(), predicted: new Set<number>() };
  // Ascending by true id, then by predicted id: the order in which the devkit adds the IoUs.
  const keys = Float64Array.from(overlaps.keys()).sort();
  for (const key of keys) {
    const truth = trueById.get(Math.floor(key / OFFSET));
    const predicted = predictedById.get(key % OFFSET);
    if (truth === undefined || predicted === undefined || truth.crowd) continue;
    if (truth.category !== predicted.category) continue;
    const pixels = overlaps.get(key)!;
    const union = areas.get(predicted.id)! + truth.area - pixels -
      (overlaps.get(predicted.id) ?? 0);
    // Else the IoU would be above 1.
    if (union < pixels) {
      throw new SegmentError(
        "truth",
        `segment ${truth.id} has area ${truth.area} in the JSON and covers more in the PNG`,
      );
    }
    const iou = pixels / union;
    if (!(iou > 0.5)) continue;
    state.hits[truth.category]! += 1;
    addTerm(state.ious, image.index, truth.category, iou);
    matched.truth.add(truth.id);
    matched.predicted.add(predicted.id);
  }
  return matched;
}

/** Counts the misses; gives the crowd of each category, the last one where there are several. */
function countMissed(
  { falseNegatives }: PanopticState,
  { trueSegments }: PanopticImage,
  matched: ReadonlySet<number>,
): Map<number, number> {
  const crowds = new Map<number, number>();
  for (const { id, category, crowd } of trueSegments) {
    if (matched.has(id)) continue;
    if (crowd) crowds.set(category, id);
    else if (category >= 0) falseNegatives[category]! += 1;
  }
  return crowds;
}

/** Counts predictions without a match, unless more than half of them is void or a crowd. */
function countFalse(
  { falsePositives }: PanopticState,
  { predictedSegments }: PanopticImage,
  { overlaps, areas, crowds, matched }: Counted & {
    readonly crowds: ReadonlyMap<number, number>;
    readonly matched: ReadonlySet<number>;
  },
): void {
  for (const { id, category } of predictedSegments) {
    if (matched.has(id)) continue;
    const crowd = crowds.get(category);
    const ignored = (overlaps.get(VOID * OFFSET + id) ?? 0) +
      (crowd === undefined ? 0 : overlaps.get(crowd * OFFSET + id) ?? 0);
    if (!(ignored / areas.get(id)! > 0.5)) falsePositives[category]! += 1;
  }
}
