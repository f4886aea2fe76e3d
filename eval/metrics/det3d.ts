/** Average precision of upright 3D boxes of any classes: for data sets without a devkit. */
import { CORNERS, intersectionArea } from "./rectangles.ts";
import { BOX, BOX_NUMBERS, groundCorners, iou3d } from "./upright_boxes.ts";
import type { Metric } from "./metric.ts";

export interface Det3dOptions {
  /** Least intersection over union of a hit. */
  readonly overlap: number;
  /** Of the boxes, or of their outlines on the ground. */
  readonly where: "3d" | "bev";
}

/** Objects of a frame. */
export interface Det3dObjects {
  /** As in `upright_boxes.ts`. */
  readonly boxes: Float64Array;
  readonly classes: readonly string[];
  /** Of predictions. */
  readonly scores: Float64Array;
}

export interface Det3dFrame {
  readonly truth: Det3dObjects;
  readonly predictions: Det3dObjects;
  /** Rank of the first prediction among those of all frames: it decides between equal scores. */
  readonly rank: number;
}

/** By class: boxes of the ground truth, and score, rank and hit (1 or 0) of each prediction. */
export interface Det3dState {
  readonly options: Det3dOptions;
  readonly classes: Map<string, { truths: number; readonly rows: number[] }>;
}

export interface Det3dScore {
  /** NaN without ground truth. */
  readonly ap: number;
  readonly recall: number;
  readonly truths: number;
  readonly predictions: number;
}

const ROW = 3;

/** Scores by class. */
export const det3d: Metric<Det3dOptions, Det3dFrame, Det3dState, ReadonlyMap<string, Det3dScore>> =
  {
    name: "det3d",
    version: 1,
    reference: "no devkit: PASCAL VOC 2010's area under the precision envelope, greedy by score",

    create: (options) => ({ options, classes: new Map() }),

    update(state, { truth, predictions, rank }) {
      for (const name of truth.classes) entryOf(state, name).truths++;
      const hits = match(state.options, truth, predictions);
      predictions.classes.forEach((name, i) => {
        entryOf(state, name).rows.push(predictions.scores[i]!, rank + i, hits[i]!);
      });
    },

    merge(into, from) {
      for (const [name, { truths, rows }] of from.classes) {
        const entry = entryOf(into, name);
        entry.truths += truths;
        for (const value of rows) entry.rows.push(value);
      }
    },

    compute({ classes }) {
      const names = [...classes.keys()].sort();
      return new Map(names.map((name) => [name, scoreOf(classes.get(name)!)]));
    },
  };

function entryOf({ classes }: Det3dState, name: string) {
  let entry = classes.get(name);
  if (entry === undefined) classes.set(name, entry = { truths: 0, rows: [] });
  return entry;
}

/** Each prediction, by falling score, takes the free box of its class that it overlaps most. */
function match(
  { overlap, where }: Det3dOptions,
  truth: Det3dObjects,
  predictions: Det3dObjects,
): Uint8Array {
  const [a, b] = [predictions.boxes, truth.boxes];
  const [cornersA, cornersB] = [groundCorners(a), groundCorners(b)];
  const areaOf = (i: number, j: number) =>
    intersectionArea(cornersA, i * CORNERS, cornersB, j * CORNERS);
  const hits = new Uint8Array(predictions.classes.length);
  const taken = new Uint8Array(truth.classes.length);
  const order = [...hits.keys()].sort((i, j) => predictions.scores[j]! - predictions.scores[i]!);
  for (const i of order) {
    let best = -1;
    let most = 0;
    for (let j = 0; j < taken.length; j++) {
      if (taken[j] === 1 || truth.classes[j] !== predictions.classes[i]) continue;
      const found = where === "3d"
        ? iou3d(a, i, b, j, areaOf)
        : iouBev(areaOf(i, j), outline(a, i), outline(b, j));
      if (found < overlap || found <= most) continue;
      most = found;
      best = j;
    }
    if (best < 0) continue;
    taken[best] = 1;
    hits[i] = 1;
  }
  return hits;
}

/** Area of a box's outline. */
function outline(boxes: Float64Array, i: number): number {
  return boxes[i * BOX_NUMBERS + BOX.length]! * boxes[i * BOX_NUMBERS + BOX.width]!;
}

function iouBev(shared: number, a: number, b: number): number {
  return shared === 0 ? 0 : shared / (a + b - shared);
}

function scoreOf({ truths, rows }: { truths: number; rows: readonly number[] }): Det3dScore {
  const order = Array.from({ length: rows.length / ROW }, (_, i) => i * ROW)
    .sort((a, b) => rows[b]! - rows[a]! || rows[a + 1]! - rows[b + 1]!);
  let hits = 0;
  const precisions = order.map((at, i) => (hits += rows[at + 2]!) / (i + 1));
  let best = 0;
  let area = 0;
  // From the lowest score up, a hit adds a step of recall under the best precision so far.
  for (let i = order.length - 1; i >= 0; i--) {
    best = Math.max(best, precisions[i]!);
    if (rows[order[i]! + 2] === 1) area += best;
  }
  return { ap: area / truths, recall: hits / truths, truths, predictions: order.length };
}
