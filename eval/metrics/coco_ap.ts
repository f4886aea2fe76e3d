/**
 * Average precision and recall of COCO, for boxes and masks: ten IoU thresholds, 101 recall
 * thresholds, four area ranges, at most 1, 10 or 100 detections of a category in an image.
 */
import {
  AREA_RANGES,
  type CocoGroup,
  IOU_THRESHOLDS,
  isFalse,
  isHit,
  matchGroup,
} from "./coco_match.ts";
import type { Metric } from "./metric.ts";
import { mean } from "./numpy.ts";

/** One category in one image that has detections or ground truth of it. */
export interface CocoSample extends CocoGroup {
  /** Place of the image, by ascending id. */
  readonly image: number;
  readonly category: number;
}

/** What {@linkcode cocoAp} adds to: a row a detection, in arrays that grow. */
export interface CocoState {
  readonly categories: number;
  /** Rows in use. */
  rows: number;
  category: Int32Array;
  /** Image * 128 + place among the image's detections of the category, by score. */
  place: Float64Array;
  score: Float64Array;
  /** [rows, area ranges], see `coco_match.ts`. */
  flags: Uint32Array;
  /** True objects that count, [categories, area ranges]; -1 where no image has a group. */
  readonly positives: Float64Array;
}

/** Twelve numbers, overall or of one category; -1 where there is nothing to score. */
export interface CocoScores {
  readonly AP: number;
  readonly AP50: number;
  readonly AP75: number;
  readonly APs: number;
  readonly APm: number;
  readonly APl: number;
  readonly AR1: number;
  readonly AR10: number;
  readonly AR100: number;
  readonly ARs: number;
  readonly ARm: number;
  readonly ARl: number;
}

export interface CocoResult {
  readonly scores: CocoScores;
  /** By category, in the order of their ids. */
  readonly byCategory: readonly CocoScores[];
}

/** Detections of a category that an image may have; the rest does not count. */
export const MAX_DETECTIONS = 100;
const PLACES = 128;
const THRESHOLDS = IOU_THRESHOLDS.length;
const AREAS = AREA_RANGES.length;
/** `np.linspace(0, 1, 101)`. */
const RECALLS = Float64Array.from({ length: 101 }, (_, i) => i === 100 ? 1 : i * 0.01);
/** `np.spacing(1)`: keeps 0 detections from dividing. */
const SPACING = 2.220446049250313e-16;

/** Area range and most detections of each score that is formed. */
const SETTINGS = [
  { area: 0, most: 100 },
  { area: 1, most: 100 },
  { area: 2, most: 100 },
  { area: 3, most: 100 },
  { area: 0, most: 1 },
  { area: 0, most: 10 },
] as const;

/** `COCOeval` with its default parameters. */
export const cocoAp: Metric<number, CocoSample, CocoState, CocoResult> = {
  name: "coco_ap",
  version: 1,
  reference: "cocodataset/cocoapi 8c9bcc3 cocoeval.py (pycocotools 2.0.11)",

  /** @param categories Number of categories. */
  create(categories) {
    return {
      categories,
      rows: 0,
      category: new Int32Array(0),
      place: new Float64Array(0),
      score: new Float64Array(0),
      flags: new Uint32Array(0),
      positives: new Float64Array(categories * AREAS).fill(-1),
    };
  },

  update(state, sample) {
    const n = sample.scores.length;
    const first = state.rows;
    reserve(state, first + n);
    for (let d = 0; d < n; d++) {
      state.category[first + d] = sample.category;
      state.place[first + d] = sample.image * PLACES + d;
      state.score[first + d] = sample.scores[d]!;
    }
    const flags = new Uint32Array(n);
    for (const [a, range] of AREA_RANGES.entries()) {
      const positives = matchGroup(sample, range, flags);
      for (let d = 0; d < n; d++) state.flags[(first + d) * AREAS + a] = flags[d]!;
      addPositives(state.positives, sample.category * AREAS + a, positives);
    }
    state.rows = first + n;
  },

  merge(into, from) {
    reserve(into, into.rows + from.rows);
    into.category.set(from.category.subarray(0, from.rows), into.rows);
    into.place.set(from.place.subarray(0, from.rows), into.rows);
    into.score.set(from.score.subarray(0, from.rows), into.rows);
    into.flags.set(from.flags.subarray(0, from.rows * AREAS), into.rows * AREAS);
    into.rows += from.rows;
    from.positives.forEach((count, i) => addPositives(into.positives, i, count));
  },

  compute(state) {
    const curves = curvesOf(state);
    const every = [...Array(state.categories).keys()];
    return {
      scores: summarize(curves, every),
      byCategory: every.map((k) => summarize(curves, [k])),
    };
  },
};

function addPositives(positives: Float64Array, at: number, count: number): void {
  if (count >= 0) positives[at] = Math.max(0, positives[at]!) + count;
}

/** Makes room for so many rows. */
function reserve(state: CocoState, rows: number): void {
  if (rows <= state.category.length) return;
  const room = Math.max(1024, 2 * rows);
  const grown = <T extends Int32Array | Float64Array | Uint32Array>(array: T, larger: T): T => {
    larger.set(array);
    return larger;
  };
  state.category = grown(state.category, new Int32Array(room));
  state.place = grown(state.place, new Float64Array(room));
  state.score = grown(state.score, new Float64Array(room));
  state.flags = grown(state.flags, new Uint32Array(room * AREAS));
}

/** By setting: precision [thresholds, recalls, categories] and recall [thresholds, categories]. */
interface Curves {
  readonly categories: number;
  readonly precision: readonly Float64Array[];
  readonly recall: readonly Float64Array[];
}

function curvesOf(state: CocoState): Curves {
  const { categories } = state;
  const filled = (size: number) => SETTINGS.map(() => new Float64Array(size).fill(-1));
  const curves: Curves = {
    categories,
    precision: filled(THRESHOLDS * RECALLS.length * categories),
    recall: filled(THRESHOLDS * categories),
  };
  for (const [category, rows] of rowsByCategory(state).entries()) {
    for (const [s, { area, most }] of SETTINGS.entries()) {
      const positives = state.positives[category * AREAS + area]!;
      if (positives <= 0) continue;
      const flags = rows
        .filter((row) => state.place[row]! % PLACES < most)
        .map((row) => state.flags[row * AREAS + area]!);
      for (let t = 0; t < THRESHOLDS; t++) {
        addCurve(flags, { positives, category, t, setting: s }, curves);
      }
    }
  }
  return curves;
}

/** The rows of each category by falling score; of equal ones by image, and by place in it. */
function rowsByCategory({ categories, rows, category, place, score }: CocoState): Uint32Array[] {
  const ends = new Uint32Array(categories + 1);
  for (let row = 0; row < rows; row++) ends[category[row]! + 1]!++;
  for (let k = 0; k < categories; k++) ends[k + 1]! += ends[k]!;
  const sorted = new Uint32Array(rows);
  const next = ends.slice();
  for (let row = 0; row < rows; row++) sorted[next[category[row]!]!++] = row;
  // NaN, the score that no comparison ranks, comes last.
  const rank = score.subarray(0, rows).map((value) => Number.isNaN(value) ? -Infinity : value);
  const isNaN = (row: number) => Number(Number.isNaN(score[row]!));
  return Array.from(
    { length: categories },
    (_, k) =>
      sorted.subarray(ends[k], ends[k + 1]).sort((a, b) =>
        rank[a]! === rank[b]! ? isNaN(a) - isNaN(b) || place[a]! - place[b]! : rank[b]! - rank[a]!
      ),
  );
}

interface CurvePlace {
  readonly positives: number;
  readonly category: number;
  readonly t: number;
  readonly setting: number;
}

/** Writes the precision at each recall threshold, and the recall of all detections. */
function addCurve(
  flags: Uint32Array,
  { positives, category, t, setting }: CurvePlace,
  { categories, precision, recall }: Curves,
): void {
  const n = flags.length;
  const envelope = new Float64Array(n);
  const recalls = new Float64Array(n);
  let hits = 0;
  let wrong = 0;
  for (let i = 0; i < n; i++) {
    if (isHit(flags[i]!, t)) hits++;
    else if (isFalse(flags[i]!, t)) wrong++;
    recalls[i] = hits / positives;
    envelope[i] = hits / (wrong + hits + SPACING);
  }
  for (let i = n - 1; i > 0; i--) {
    if (envelope[i]! > envelope[i - 1]!) envelope[i - 1] = envelope[i]!;
  }
  recall[setting]![t * categories + category] = n > 0 ? recalls[n - 1]! : 0;
  const row = t * RECALLS.length * categories + category;
  let i = 0;
  for (let r = 0; r < RECALLS.length; r++) {
    while (i < n && recalls[i]! < RECALLS[r]!) i++;
    precision[setting]![row + r * categories] = i < n ? envelope[i]! : 0;
  }
}

/** The twelve numbers over some categories, summed in numpy's order. */
function summarize(
  { categories, precision, recall }: Curves,
  taken: readonly number[],
): CocoScores {
  const average = (values: Float64Array, first: number, last: number) => {
    const valid = new Float64Array((last - first) * taken.length);
    let n = 0;
    for (let row = first; row < last; row++) {
      for (const k of taken) {
        const value = values[row * categories + k]!;
        if (value > -1) valid[n++] = value;
      }
    }
    return n === 0 ? -1 : mean(valid.subarray(0, n));
  };
  const perThreshold = RECALLS.length;
  const ap = (setting: number) => average(precision[setting]!, 0, THRESHOLDS * perThreshold);
  const apAt = (iou: number) => {
    const t = IOU_THRESHOLDS.findIndex((threshold) => threshold === iou);
    return average(precision[0]!, t * perThreshold, (t + 1) * perThreshold);
  };
  const ar = (setting: number) => average(recall[setting]!, 0, THRESHOLDS);
  return {
    AP: ap(0),
    AP50: apAt(0.5),
    AP75: apAt(0.75),
    APs: ap(1),
    APm: ap(2),
    APl: ap(3),
    AR1: ar(4),
    AR10: ar(5),
    AR100: ar(0),
    ARs: ar(1),
    ARm: ar(2),
    ARl: ar(3),
  };
}
