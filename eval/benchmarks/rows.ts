/**
 * Shapes of equal size as the rows of one .npy file, or one shape a file (.npy, .txt); labels or
 * scores a point.
 */
import { InputError } from "../../std/errors.ts";
import { NpyFile } from "./npy_file.ts";
import type { FilePair } from "./pair_reader.ts";
import { textValues, type Values } from "./text_values.ts";

/** Points of a shape and classes of a score: a larger row is no shape. */
const MAX_ROW = 2 ** 26;

/** One shape's labels and what was predicted for them. */
export interface Row {
  readonly row: number;
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
}

/**
 * Picks the class of a point from its scores.
 *
 * @param from Position of the point's first score.
 */
export type Choose = (
  scores: Float64Array,
  from: number,
  width: number,
  truth: Int32Array,
) => number;

/**
 * Calls `visit` with each shape of a pair. The ground truth is [points] or [shapes, points]; the
 * prediction has the same shape, or one dimension more that holds the scores of the classes. The
 * arrays hold the next shape once `visit` returns.
 *
 * @param classes Scores a point, if that is known.
 * @throws {InputError} A file cannot be read, or the two do not fit.
 */
export function readRows(
  pair: FilePair,
  { choose, classes }: { choose: Choose; classes: number | undefined },
  visit: (row: Row) => void,
): void {
  using truth = openValues(pair.gt, undefined);
  using predicted = openValues(pair.pred, classes);
  const width = scoreWidth(pair, truth.shape, predicted.shape);
  if (width !== undefined && classes !== undefined && width !== classes) {
    throw new InputError(
      `Cannot score "${pair.pred}": it has ${width} scores a point, and ${classes} are needed`,
    );
  }
  const points = truth.shape.at(-1) ?? 1;
  const rows = truth.shape.length > 1 ? truth.shape[0]! : 1;
  if (truth.shape.length > 2 || points * (width ?? 1) > MAX_ROW) {
    throw new InputError(
      `Cannot score "${pair.gt}": its shape is (${truth.shape.join(", ")}), and (points) or ` +
        `(shapes, points) is needed`,
    );
  }
  const labels = new Int32Array(points);
  const guesses = new Int32Array(points);
  const scores = new Float64Array(points * (width ?? 0));
  for (let row = 0; row < rows; row++) {
    truth.readLabels(labels);
    if (width === undefined) predicted.readLabels(guesses);
    else {
      predicted.readNumbers(scores);
      for (let i = 0; i < points; i++) guesses[i] = choose(scores, i * width, width, labels);
    }
    visit({ row, truth: labels, predicted: guesses });
  }
}

function openValues(path: string, classes: number | undefined): Values {
  return path.endsWith(".txt") ? textValues(path, classes) : new NpyFile(path);
}

/** Scores a point, or undefined if the prediction holds labels. */
function scoreWidth(
  pair: FilePair,
  truth: readonly number[],
  predicted: readonly number[],
): number | undefined {
  const same = truth.every((length, d) => length === predicted[d]);
  if (same && predicted.length === truth.length) return undefined;
  if (same && predicted.length === truth.length + 1 && predicted.at(-1)! > 0) {
    return predicted.at(-1)!;
  }
  throw new InputError(
    `Cannot score "${pair.pred}" against "${pair.gt}": its shape is (${
      predicted.join(", ")
    }) and ` +
      `the ground truth's (${
        truth.join(", ")
      }), and the same, or one dimension of scores more, is ` +
      `needed`,
  );
}

/** `np.argmax` of `scores[from..to)`: the first of equal ones, or the first that is no number. */
export function argmax(scores: Float64Array, from: number, to: number): number {
  let best = from;
  for (let i = from; i < to; i++) {
    if (Number.isNaN(scores[i]!)) return i;
    if (scores[i]! > scores[best]!) best = i;
  }
  return best;
}
