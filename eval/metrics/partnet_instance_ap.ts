/**
 * Instance AP of PartNet: masks of parts are matched shape by shape, the most confident first, at one
 * overlap. Scores are formed by part over all shapes, and by shape over its parts.
 */
import type { Metric } from "./metric.ts";
import { sumFloat32 } from "./numpy.ts";

export interface PartnetInstanceOptions {
  /** Parts there are: labels are below. */
  readonly parts: number;
  /** What the intersection over union of a hit lies above. */
  readonly overlap: number;
}

/** Masks of one shape. */
export interface PartMasks {
  /** [masks, points], not 0 = in. */
  readonly masks: ArrayLike<number>;
  /** [masks]. */
  readonly labels: ArrayLike<number>;
  /** [masks]; 0 = the mask does not count. */
  readonly valid: ArrayLike<number>;
}

/** One shape. */
export interface PartnetShape {
  /** Place of its file, and its row there. */
  readonly file: number;
  readonly row: number;
  readonly truth: PartMasks;
  readonly predicted: PartMasks & {
    /** [masks]; may be NaN, which ranks last. */
    readonly confidences: Float32Array;
  };
  /** [points], not 0 = of no part that is scored: the point counts in no prediction. */
  readonly other: ArrayLike<number>;
}

/** What is kept of a shape. */
interface MatchedShape {
  readonly file: number;
  readonly row: number;
  /** True masks by label, [parts]. */
  readonly truths: Uint32Array;
  /** By falling confidence: the predictions that count. */
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly label: number;
  readonly confidence: number;
  readonly hit: boolean;
}

export interface PartnetInstanceState extends PartnetInstanceOptions {
  readonly shapes: MatchedShape[];
}

export interface PartnetInstanceResult {
  /** Mean of the AP of the parts that have true masks; NaN where there is none. */
  readonly map: number;
  /** Mean over shapes of the mean AP over the parts that are on either side. */
  readonly shapeMap: number;
  /** [parts]; 0 without predictions. */
  readonly ap: Float32Array;
  /** Masks by label, [parts]. */
  readonly truths: Float64Array;
  readonly predictions: Float64Array;
}

/** Recalls at which precision is taken: 0, 0.01, ..., 1, in float32. */
const RECALLS = Float32Array.from({ length: 101 }, (_, i) => i * 0.01);

/** `eval_per_class_ap` and `eval_per_shape_mean_ap`, with numpy 1.26: much of it is float32. */
export const partnetInstanceAp: Metric<
  PartnetInstanceOptions,
  PartnetShape,
  PartnetInstanceState,
  PartnetInstanceResult
> = {
  name: "partnet_instance_ap",
  version: 1,
  reference: "daerduoCarey/partnet_seg_exps 2df953c exps/utils/eval_utils.py",

  create: (options) => ({ ...options, shapes: [] }),

  update({ shapes, parts, overlap }, shape) {
    const truths = new Uint32Array(parts);
    for (const k of validOf(shape.truth)) truths[shape.truth.labels[k]!]!++;
    const { file, row } = shape;
    shapes.push({ file, row, truths, entries: matchShape(shape, overlap) });
  },

  merge(into, from) {
    for (const shape of from.shapes) into.shapes.push(shape);
  },

  compute({ parts, shapes }) {
    const ordered = shapes.toSorted((a, b) => a.file - b.file || a.row - b.row);
    const truths = new Float64Array(parts);
    const entries: Entry[][] = Array.from({ length: parts }, () => []);
    for (const shape of ordered) {
      shape.truths.forEach((count, k) => truths[k]! += count);
      for (const entry of shape.entries) entries[entry.label]!.push(entry);
    }
    const ap = Float32Array.from(
      entries,
      (of, k) => averagePrecision(byConfidence(of), truths[k]!),
    );
    return {
      map: sumFloat32(ap) / truths.filter((count) => count > 0).length,
      shapeMap: shapeMean(ordered),
      ap,
      truths,
      predictions: Float64Array.from(entries, ({ length }) => length),
    };
  },
};

/** The masks that count. */
function validOf({ labels, valid }: PartMasks): number[] {
  return [...Array(labels.length).keys()].filter((k) => valid[k] !== 0);
}

/** Falling, NaN last; equal ones in their order. */
function byConfidence<T extends { readonly confidence: number }>(entries: readonly T[]): T[] {
  const rank = ({ confidence }: T) => Number.isNaN(confidence) ? 1 : 0;
  return entries.toSorted((a, b) =>
    rank(a) - rank(b) || Math.sign(b.confidence - a.confidence) || 0
  );
}

/** Each prediction takes the free mask of its label that it overlaps most, the first of equals. */
function matchShape({ truth, predicted, other }: PartnetShape, overlap: number): Entry[] {
  const points = other.length;
  const gts = validOf(truth);
  const sizes = new Map(gts.map((k) => [k, sizeOf(truth.masks, k, points)]));
  const free = new Set(gts);
  const candidates = byConfidence(
    validOf(predicted).map((k) => ({ k, confidence: predicted.confidences[k]! })),
  );
  return candidates.map(({ k, confidence }) => {
    const label = predicted.labels[k]!;
    const inside = pointsOf(predicted.masks, k, other);
    let [best, most] = [-1, 0];
    for (const gt of free) {
      if (truth.labels[gt] !== label) continue;
      let both = 0;
      for (const point of inside) if (truth.masks[gt * points + point] !== 0) both++;
      const iou = both / (sizes.get(gt)! + inside.length - both);
      if (iou > most) [best, most] = [gt, iou];
    }
    const hit = most > overlap;
    if (hit) free.delete(best);
    return { label, confidence, hit };
  });
}

function sizeOf(masks: ArrayLike<number>, k: number, points: number): number {
  let size = 0;
  for (let at = k * points; at < (k + 1) * points; at++) if (masks[at] !== 0) size++;
  return size;
}

/** Points of a mask that are not of another part. */
function pointsOf(masks: ArrayLike<number>, k: number, other: ArrayLike<number>): number[] {
  const inside: number[] = [];
  const first = k * other.length;
  for (let i = 0; i < other.length; i++) {
    if (masks[first + i] !== 0 && other[i] === 0) inside.push(i);
  }
  return inside;
}

/** Mean of the largest precision at each of the recalls or above; 0 without truth or predictions. */
function averagePrecision(entries: readonly Entry[], truths: number): number {
  if (truths === 0 || entries.length === 0) return 0;
  const recall = new Float32Array(entries.length + 1);
  const precision = new Float32Array(entries.length + 1);
  // The curve begins with an artificial point.
  precision[0] = 1;
  let hits = 0;
  entries.forEach(({ hit }, i) => {
    if (hit) hits++;
    recall[i + 1] = hits / truths;
    precision[i + 1] = hits / (i + 1);
  });
  for (let i = entries.length; i > 0; i--) {
    precision[i - 1] = Math.max(precision[i - 1]!, precision[i]!);
  }
  let ap = 0;
  let i = 0;
  for (const least of RECALLS) {
    while (i < recall.length && recall[i]! < least) i++;
    if (i < recall.length) ap += precision[i]! / RECALLS.length;
  }
  return ap;
}

/** Mean over the shapes that have a mask on either side of the mean AP over its parts. */
function shapeMean(shapes: readonly MatchedShape[]): number {
  const means = shapes.map(({ truths, entries }) => {
    const byLabel = Array.from(truths, (_, k) => entries.filter(({ label }) => label === k));
    const ap = Float32Array.from(byLabel, (of, k) => averagePrecision(of, truths[k]!));
    const there = byLabel.filter((of, k) => of.length > 0 || truths[k]! > 0).length;
    return there === 0 ? NaN : sumFloat32(ap) / there;
  });
  const known = means.filter((mean) => !Number.isNaN(mean)).length;
  return sumFloat32(Float32Array.from(means, (mean) => mean || 0)) / known;
}
