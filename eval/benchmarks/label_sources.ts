/** Labels of one sample from one file, and two of them read in step. */
import { InputError } from "../../std/errors.ts";
import { LabelIdError } from "../metrics/label_counts.ts";
import { IntegerLines } from "./integer_lines.ts";
import { NpyFile } from "./npy_file.ts";
import type { FilePair } from "./pair_reader.ts";
import { openForReading, readFull } from "./files.ts";

/** Labels that are read from the first to the last. */
export interface LabelSource extends Disposable {
  readonly path: string;
  readonly count: number;
  /** Fills `into` with the next labels. */
  readLabels(into: Int32Array): void;
}

/** Labels a chunk: the buffers (256 KiB each) stay in the second-level cache. */
const CHUNK = 65536;

/** Labels of a .npy file of any shape and type. */
export function npyLabels(path: string): LabelSource {
  return new NpyFile(path);
}

/** Labels of a file of one byte each. */
export function byteLabels(path: string): LabelSource {
  const file = openForReading(path);
  const buffer = new Uint8Array(CHUNK);
  return {
    path,
    count: file.statSync().size,
    readLabels(into) {
      const bytes = buffer.subarray(0, into.length);
      readFull(file, path, bytes);
      into.set(bytes);
    },
    [Symbol.dispose]: () => file.close(),
  };
}

/** Labels that lie in memory. */
export function arrayLabels(path: string, labels: ArrayLike<number>): LabelSource {
  const all = Int32Array.from(labels);
  let at = 0;
  return {
    path,
    count: all.length,
    readLabels(into) {
      into.set(all.subarray(at, at + into.length));
      at += into.length;
    },
    [Symbol.dispose]() {},
  };
}

/** Keeps its buffers from file to file. */
const integerLines = new IntegerLines();

/**
 * Labels of a text file with one integer a line. One of more than 32 bits is no class of any data
 * set, as -1 is none.
 *
 * @throws {InputError} The file is too long, or a line is no integer; the line is named.
 */
export function textLabels(path: string): LabelSource {
  return arrayLabels(
    path,
    integerLines.read(path).map((value) => value === (value | 0) ? value : -1),
  );
}

/** Reads two sources in step into two buffers that it keeps. */
export class LabelPairs {
  readonly #truth = new Int32Array(CHUNK);
  readonly #predicted = new Int32Array(CHUNK);

  /**
   * Calls `visit` with each chunk and the index of its first point. The arrays hold the next chunk
   * once `visit` returns.
   *
   * @throws {InputError} A file cannot be read, the two differ in length, or `visit` meets a label
   * that it cannot count: file and point are named.
   */
  read(
    pair: FilePair,
    open: (path: string) => LabelSource,
    visit: (truth: Int32Array, predicted: Int32Array) => void,
    needed: { readonly truth: string; readonly predicted: string },
  ): number {
    using truth = open(pair.gt);
    using predicted = open(pair.pred);
    if (truth.count !== predicted.count) {
      throw new InputError(
        `Cannot score "${pair.pred}" against "${pair.gt}": it has ${predicted.count} points and ` +
          `the ground truth has ${truth.count}, and the same number is needed`,
      );
    }
    for (let first = 0; first < truth.count; first += CHUNK) {
      const length = Math.min(CHUNK, truth.count - first);
      const labels = this.#truth.subarray(0, length);
      const predictions = this.#predicted.subarray(0, length);
      truth.readLabels(labels);
      predicted.readLabels(predictions);
      try {
        visit(labels, predictions);
      } catch (error) {
        if (!(error instanceof LabelIdError)) throw error;
        const path = error.side === "truth" ? pair.gt : pair.pred;
        throw new InputError(
          `Cannot score "${path}": point ${first + error.index} has label ${error.id}, and ` +
            `${needed[error.side]} is needed`,
          { cause: error },
        );
      }
    }
    return truth.count;
  }
}
