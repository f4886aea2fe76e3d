/**
 * PartNet semantic segmentation of one category and level: accuracy and mean IoU by shape, and IoU
 * by part over all shapes, whose sums are float32. Label 0 is unlabelled: such points count as right
 * and are in no IoU.
 */
import type { Metric } from "./metric.ts";
import { mean, meanFloat32 } from "./numpy.ts";

export interface PartnetSample {
  /** Position of the shape in the category: float32 sums depend on the order. */
  readonly index: number;
  /** Labels, 0 = unlabelled; at most {@linkcode MAX_PARTS}. */
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
}

/** What is kept of a shape. */
interface Shape {
  readonly index: number;
  readonly accuracy: number;
  /** Mean over its parts; undefined when it has none on either side. */
  readonly iou: number | undefined;
  /** Points of label 1 on, [largest label of the shape], on both sides and on any. */
  readonly intersection: Float64Array;
  readonly union: Float64Array;
}

export interface PartnetState {
  /** Parts there are, or undefined for the largest label that a labelled point has. */
  readonly parts: number | undefined;
  readonly shapes: Shape[];
}

export interface PartnetResult {
  readonly accuracy: number;
  /** Mean over shapes of the mean over their parts. */
  readonly shapeIou: number;
  /** Mean over parts of the IoU over all shapes; NaN when a part is on neither side. */
  readonly partMiou: number;
  /** [parts] of label 1 on. */
  readonly partIou: Float32Array;
}

/** The finest level of PartNet has some fifty parts. */
export const MAX_PARTS = 1023;

/** Options: {@linkcode PartnetState.parts}. */
export const partnetIou: Metric<number | undefined, PartnetSample, PartnetState, PartnetResult> = {
  name: "partnet_iou",
  version: 2,
  reference: "daerduoCarey/partnet_seg_exps 2df953c sem_seg_pointcnn/test_general_seg.py",

  create: (parts) => ({ parts, shapes: [] }),

  update({ shapes }, { index, truth, predicted }) {
    let right = 0;
    let last = 0;
    for (let i = 0; i < truth.length; i++) {
      const t = truth[i]!;
      if (t === 0 || t === predicted[i]) right++;
      if (t !== 0) last = Math.max(last, t, predicted[i]!);
    }
    const { intersection, union } = countParts(truth, predicted, last);
    const ious = intersection.map((count, k) => count / union[k]!)
      .filter((iou) => !Number.isNaN(iou));
    shapes.push({
      index,
      accuracy: right / truth.length,
      iou: ious.length === 0 ? undefined : meanInTurn(ious),
      intersection,
      union,
    });
  },

  merge(into, from) {
    for (const shape of from.shapes) into.shapes.push(shape);
  },

  compute({ parts, shapes }) {
    const ordered = shapes.toSorted((a, b) => a.index - b.index);
    const length = parts ?? Math.max(0, ...ordered.map(({ union }) => union.length));
    const intersection = new Float32Array(length);
    const union = new Float32Array(length);
    for (const shape of ordered) {
      for (let k = 0; k < shape.union.length; k++) {
        intersection[k]! += shape.intersection[k]!;
        union[k]! += shape.union[k]!;
      }
    }
    const partIou = intersection.map((count, k) => count / union[k]!);
    return {
      accuracy: mean(Float64Array.from(ordered, ({ accuracy }) => accuracy)),
      shapeIou: meanInTurn(ordered.flatMap(({ iou }) => iou ?? [])),
      partMiou: meanFloat32(partIou),
      partIou,
    };
  },
};

/** The script adds IoUs one after the other, not as numpy does. */
function meanInTurn(values: Float64Array | readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

/** Points of each part from label 1 to `last` on both sides, and on any; unlabelled ones left out. */
function countParts(truth: Int32Array, predicted: Int32Array, last: number) {
  const intersection = new Float64Array(last);
  const union = new Float64Array(last);
  for (let i = 0; i < truth.length; i++) {
    const t = truth[i]!;
    const p = predicted[i]!;
    if (t === 0) continue;
    union[t - 1]!++;
    if (p === t) intersection[t - 1]!++;
    else if (p !== 0) union[p - 1]!++;
  }
  return { intersection, union };
}
