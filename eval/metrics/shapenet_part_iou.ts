/**
 * Part IoU of ShapeNet-Part: of each shape the mean over the parts of its category, where a part on
 * neither side counts 1; then the mean over shapes and the mean over the 16 categories.
 */
import type { Metric } from "./metric.ts";
import { mean, sum } from "./numpy.ts";

/** A category and its parts, `first` to `first + parts - 1`. */
export interface PartCategory {
  readonly name: string;
  readonly first: number;
  readonly parts: number;
}

/** One shape; part ids of all categories together, 0..49. */
export interface PartSample {
  /** Position of the shape in the data set: the sums are formed in that order. */
  readonly index: number;
  /** Index into `categories`. */
  readonly category: number;
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
}

export interface PartState {
  readonly categories: readonly PartCategory[];
  readonly indices: number[];
  readonly category: number[];
  readonly iou: number[];
  /** [50] points of each true part, and those that were predicted right. */
  readonly seen: Float64Array;
  readonly correct: Float64Array;
}

export interface PartResult {
  /** Mean over all shapes. */
  readonly instanceMiou: number;
  /** Mean over the categories; NaN when one of them has no shape. */
  readonly classMiou: number;
  /** Mean over the categories that have shapes. */
  readonly classMiouOfPresent: number;
  /** Hits by points. */
  readonly accuracy: number;
  /** Mean over the 50 parts of hits by points; NaN when one of them has no point. */
  readonly partAccuracy: number;
  /** [16], in the order of `categories`. */
  readonly iou: Float64Array;
  readonly shapes: Float64Array;
  /** Shapes summed one after the other, as PVCNN's meter does. */
  readonly meterMiou: number;
  /** Sums by category first, as PVCNN's evaluation script does. */
  readonly evalMiou: number;
}

type PartMetric = Metric<readonly PartCategory[], PartSample, PartState, PartResult>;

export const shapenetPartIou: PartMetric = {
  name: "shapenet_part_iou",
  version: 2,
  reference: "charlesq34/pointnet2 4292663 part_seg/evaluate.py",

  create(categories) {
    const parts = categories.reduce((sum, category) => sum + category.parts, 0);
    return {
      categories,
      indices: [],
      category: [],
      iou: [],
      seen: new Float64Array(parts),
      correct: new Float64Array(parts),
    };
  },

  update(state, { index, category, truth, predicted }) {
    state.indices.push(index);
    state.category.push(category);
    state.iou.push(shapeIou(state.categories[category]!, truth, predicted));
    for (let i = 0; i < truth.length; i++) {
      state.seen[truth[i]!]!++;
      if (truth[i] === predicted[i]) state.correct[truth[i]!]!++;
    }
  },

  merge(into, from) {
    for (const index of from.indices) into.indices.push(index);
    for (const category of from.category) into.category.push(category);
    for (const iou of from.iou) into.iou.push(iou);
    from.seen.forEach((count, k) => into.seen[k]! += count);
    from.correct.forEach((count, k) => into.correct[k]! += count);
  },

  compute(state) {
    const inOrder = [...state.indices.keys()]
      .sort((a, b) => state.indices[a]! - state.indices[b]!);
    const shapes = state.categories.map((_, k) =>
      Float64Array.from(
        inOrder.filter((at) => state.category[at] === k),
        (at) => state.iou[at]!,
      )
    );
    const iou = Float64Array.from(shapes, mean);
    const total = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
    const count = state.iou.length;
    // PVCNN lists the categories in the order of their parts.
    const byPart = [...state.categories.keys()]
      .sort((a, b) => state.categories[a]!.first - state.categories[b]!.first);
    return {
      instanceMiou: mean(Float64Array.from(shapes.flatMap((values) => [...values]))),
      classMiou: mean(iou),
      classMiouOfPresent: mean(iou.filter((value) => !Number.isNaN(value))),
      accuracy: total(state.correct) / total(state.seen),
      partAccuracy: mean(state.correct.map((correct, k) => correct / state.seen[k]!)),
      iou,
      shapes: Float64Array.from(shapes, ({ length }) => length),
      meterMiou: inOrder.reduce((added, at) => added + state.iou[at]!, 0) / count,
      evalMiou: sum(Float64Array.from(byPart, (k) => total(shapes[k]!))) / count,
    };
  },
};

function shapeIou(
  { first, parts }: PartCategory,
  truth: Int32Array,
  predicted: Int32Array,
): number {
  const hits = new Float64Array(parts);
  const truths = new Float64Array(parts);
  const guesses = new Float64Array(parts);
  for (let i = 0; i < truth.length; i++) {
    const t = truth[i]! - first;
    const p = predicted[i]! - first;
    if (t >= 0 && t < parts) truths[t]!++;
    if (p >= 0 && p < parts) guesses[p]!++;
    if (t === p && t >= 0 && t < parts) hits[t]!++;
  }
  return mean(hits.map((hit, k) => {
    const union = truths[k]! + guesses[k]! - hit;
    return union === 0 ? 1 : hit / union;
  }));
}
