/**
 * Pixel-level semantic labelling of Cityscapes: IoU by class and by category, and the same with
 * pixels weighted by the size of their instance.
 */
import type { Metric } from "./metric.ts";
import {
  addTerm,
  createOrderedTerms,
  mergeTerms,
  type OrderedTerms,
  sumTerms,
} from "./ordered_sums.ts";

/** A label of the data set. */
export interface CityscapesLabel {
  readonly name: string;
  readonly category: string;
  /** Left out of the scores; a prediction of it on a scored pixel is a miss. */
  readonly ignored: boolean;
  /** Mean pixels of an instance; undefined for labels without instances. */
  readonly instanceSize: number | undefined;
}

/** By label id, 0 to 33. */
export type CityscapesLabels = readonly CityscapesLabel[];

/** One image, [pixels] each. */
export interface LabelImages {
  readonly truth: Uint8Array;
  readonly predicted: Uint8Array;
  /** Label id * 1000 + instance where there is one. */
  readonly instances: Uint8Array | Uint16Array;
  /** Place of the image: sums are formed in this order. */
  readonly index: number;
}

/** What {@linkcode cityscapesScores} adds to. */
export interface CityscapesState {
  readonly labels: CityscapesLabels;
  /** [labels, labels], row = truth, column = predicted, in pixels. */
  readonly confusion: Float64Array;
  /** Weighted pixels of instances: hit (slot 2k) and missed (2k + 1) of label and category k. */
  readonly weighted: { readonly labels: OrderedTerms; readonly categories: OrderedTerms };
}

/** Scores by name; NaN where there is nothing to score. */
export interface CityscapesResult {
  readonly classes: ReadonlyMap<string, number>;
  readonly instanceClasses: ReadonlyMap<string, number>;
  readonly categories: ReadonlyMap<string, number>;
  readonly instanceCategories: ReadonlyMap<string, number>;
  /** Means over what is not NaN, in the order above. */
  readonly means: readonly [number, number, number, number];
  /** True pixels by label, [labels]. */
  readonly truthPixels: Float64Array;
}

/** A pixel carries an id that is no label. */
export class LabelError extends RangeError {
  override readonly name = "LabelError";

  constructor(
    readonly side: "truth" | "predicted" | "instances",
    readonly pixel: number,
    readonly id: number,
  ) {
    super(`Cannot count pixel ${pixel}: its ${side} id ${id} is no label`);
  }
}

/** Instance ids up to here stand for no single instance. */
const NO_INSTANCE = 1000;

/** The score of the devkit, its pure Python path. */
export const cityscapesScores: Metric<
  CityscapesLabels,
  LabelImages,
  CityscapesState,
  CityscapesResult
> = {
  name: "cityscapes_scores",
  version: 1,
  reference: "mcordts/cityscapesScripts 0bcc4a7 evalPixelLevelSemanticLabeling.py",

  create(labels) {
    return {
      labels,
      confusion: new Float64Array(labels.length * labels.length),
      weighted: { labels: createOrderedTerms(), categories: createOrderedTerms() },
    };
  },

  /** @throws {LabelError} An id is no label; nothing has been counted then. */
  update(state, images) {
    const pairs = countPairs(images);
    checkIds(state.labels.length, pairs, images);
    const sizes = countInstances(state.labels, images);
    const n = state.labels.length;
    for (let truth = 0; truth < n; truth++) {
      for (let predicted = 0; predicted < n; predicted++) {
        state.confusion[truth * n + predicted]! += pairs[truth << 8 | predicted]!;
      }
    }
    addInstances(state, sizes, images.index);
  },

  merge(into, from) {
    for (let i = 0; i < from.confusion.length; i++) into.confusion[i]! += from.confusion[i]!;
    mergeTerms(into.weighted.labels, from.weighted.labels);
    mergeTerms(into.weighted.categories, from.weighted.categories);
  },

  compute,
};

/** Two histograms in turn, because neighbouring pixels mostly share a bin. Scratch of an update. */
const evenPairs = new Uint32Array(1 << 16);
const oddPairs = new Uint32Array(1 << 16);

/** Pixels by `truth << 8 | predicted`. */
function countPairs({ truth, predicted }: LabelImages): Uint32Array {
  const a = evenPairs.fill(0);
  const b = oddPairs.fill(0);
  const n = truth.length;
  let i = 0;
  for (; i < n - 1; i += 2) {
    a[truth[i]! << 8 | predicted[i]!]!++;
    b[truth[i + 1]! << 8 | predicted[i + 1]!]!++;
  }
  if (i < n) a[truth[i]! << 8 | predicted[i]!]!++;
  for (let bin = 0; bin < a.length; bin++) a[bin]! += b[bin]!;
  return a;
}

function checkIds(labels: number, pairs: Uint32Array, { truth, predicted }: LabelImages): void {
  const known = (id: number) => id < labels;
  if (pairs.every((count, bin) => count === 0 || known(bin >> 8) && known(bin & 0xff))) return;
  for (let i = 0; i < truth.length; i++) {
    if (!known(truth[i]!)) throw new LabelError("truth", i, truth[i]!);
    if (!known(predicted[i]!)) throw new LabelError("predicted", i, predicted[i]!);
  }
}

/** Pixels by instance id, and how many of them are predicted right. */
interface InstanceSizes {
  readonly all: Uint32Array;
  readonly asClass: Uint32Array;
  readonly asCategory: Uint32Array;
}

const instanceScratch: InstanceSizes = {
  all: new Uint32Array(1 << 16),
  asClass: new Uint32Array(1 << 16),
  asCategory: new Uint32Array(1 << 16),
};

function countInstances(
  labels: CityscapesLabels,
  { predicted, instances }: LabelImages,
): InstanceSizes {
  const { all, asClass, asCategory } = instanceScratch;
  all.fill(0);
  asClass.fill(0);
  asCategory.fill(0);
  const related = relatedLabels(labels);
  // Neighbours mostly carry the same ids, so runs are counted, not pixels.
  for (let start = 0; start < instances.length;) {
    const id = instances[start]!;
    const found = predicted[start]!;
    let end = start + 1;
    if (id <= NO_INSTANCE) {
      while (end < instances.length && instances[end]! <= NO_INSTANCE) end++;
    } else {
      while (end < instances.length && instances[end] === id && predicted[end] === found) end++;
      const label = id / 1000 | 0;
      all[id]! += end - start;
      if (found === label) asClass[id]! += end - start;
      if (related[label << 8 | found] === 1) asCategory[id]! += end - start;
    }
    start = end;
  }
  checkInstances(labels, all, instances);
  return instanceScratch;
}

/** 1 at `label << 8 | other` where both are of one category. */
function relatedLabels(labels: CityscapesLabels): Uint8Array {
  const table = new Uint8Array(1 << 16);
  labels.forEach((one, i) =>
    labels.forEach((other, j) => {
      if (one.category === other.category) table[i << 8 | j] = 1;
    })
  );
  return table;
}

function checkInstances(
  labels: CityscapesLabels,
  all: Uint32Array,
  instances: LabelImages["instances"],
): void {
  const bad = all.findIndex((count, id) => {
    if (count === 0) return false;
    const label = labels[id / 1000 | 0];
    return label === undefined || !label.ignored && label.instanceSize === undefined;
  });
  if (bad >= 0) throw new LabelError("instances", instances.indexOf(bad), bad);
}

/** Adds hits and misses of each instance, ascending by id, each instance weighing the same. */
function addInstances(
  { labels, weighted }: CityscapesState,
  { all, asClass, asCategory }: InstanceSizes,
  index: number,
): void {
  const categories = categoriesOf(labels);
  for (let id = NO_INSTANCE + 1; id < all.length; id++) {
    const size = all[id]!;
    const k = id / 1000 | 0;
    if (size === 0 || labels[k]!.ignored) continue;
    const weight = labels[k]!.instanceSize! / size;
    addTerm(weighted.labels, index, 2 * k, asClass[id]! * weight);
    addTerm(weighted.labels, index, 2 * k + 1, (size - asClass[id]!) * weight);
    const slot = 2 * categories.indexOf(labels[k]!.category);
    addTerm(weighted.categories, index, slot, asCategory[id]! * weight);
    addTerm(weighted.categories, index, slot + 1, (size - asCategory[id]!) * weight);
  }
}

/** The categories in the order of their first labels. */
function categoriesOf(labels: CityscapesLabels): string[] {
  return [...new Set(labels.map(({ category }) => category))];
}

function compute(state: CityscapesState): CityscapesResult {
  const { labels, confusion } = state;
  const ids = [...labels.keys()];
  const pixels = (rows: readonly number[], columns: readonly number[]) =>
    rows.reduce(
      (total, i) => columns.reduce((sum, j) => sum + confusion[i * labels.length + j]!, total),
      0,
    );
  const byClass = classScores(state, ids, pixels);
  const byCategory = categoryScores(state, ids, pixels);
  return {
    ...byClass,
    ...byCategory,
    means: [
      averageOf(byClass.classes),
      averageOf(byClass.instanceClasses),
      averageOf(byCategory.categories),
      averageOf(byCategory.instanceCategories),
    ],
    truthPixels: Float64Array.from(ids, (k) => pixels([k], ids)),
  };
}

type Pixels = (rows: readonly number[], columns: readonly number[]) => number;

function classScores(
  { labels, weighted }: CityscapesState,
  ids: readonly number[],
  pixels: Pixels,
) {
  const scored = ids.filter((k) => !labels[k]!.ignored);
  const sums = sumTerms(weighted.labels, 2 * labels.length);
  const classes = new Map<string, number>();
  const instanceClasses = new Map<string, number>();
  for (const k of scored) {
    const { name, instanceSize } = labels[k]!;
    const hit = pixels([k], [k]);
    const missed = pixels([k], ids) - hit;
    const falsePositive = pixels(scored.filter((other) => other !== k), [k]);
    classes.set(name, hit / (hit + falsePositive + missed));
    if (instanceSize === undefined) continue;
    instanceClasses.set(name, sums[2 * k]! / (sums[2 * k]! + falsePositive + sums[2 * k + 1]!));
  }
  return { classes, instanceClasses };
}

function categoryScores(
  { labels, weighted }: CityscapesState,
  ids: readonly number[],
  pixels: Pixels,
) {
  const names = categoriesOf(labels);
  const sums = sumTerms(weighted.categories, 2 * names.length);
  const categories = new Map<string, number>();
  const instanceCategories = new Map<string, number>();
  for (const [c, category] of names.entries()) {
    const all = ids.filter((k) => labels[k]!.category === category);
    const own = all.filter((k) => !labels[k]!.ignored);
    if (own.length === 0) continue;
    const others = ids.filter((k) => !labels[k]!.ignored && labels[k]!.category !== category);
    const hit = pixels(own, own);
    categories.set(category, hit / (hit + pixels(others, own) + (pixels(own, ids) - hit)));
    if (all.some((k) => labels[k]!.instanceSize === undefined)) continue;
    // Here predictions of the category's ids that are not scored count too.
    const tp = sums[2 * c]!;
    instanceCategories.set(category, tp / (tp + pixels(others, all) + sums[2 * c + 1]!));
  }
  return { categories, instanceCategories };
}

/** Mean of what is not NaN, added one after the other; NaN if nothing is left. */
function averageOf(scores: ReadonlyMap<string, number>): number {
  const valid = [...scores.values()].filter((score) => !Number.isNaN(score));
  return valid.reduce((sum, score) => sum + score, 0) / valid.length;
}
