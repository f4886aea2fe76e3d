import { parseRows } from "../../datasets/clouds/text_rows.ts";
import { InputError } from "../../std/errors.ts";
import { readBytes } from "./files.ts";

/** Values that are read from the first to the last, once, as labels or as scores. */
export interface Values extends Disposable {
  readonly shape: readonly number[];
  readLabels(into: Int32Array): void;
  readNumbers(into: Float64Array): void;
}

/** A shape of ShapeNet-Part has 3,000 points a line of 70 bytes. */
const MAX_BYTES = 64 * 2 ** 20;

/**
 * The shape in a text file, a point a line: `classes` scores, shape (points, classes); else any
 * number of columns of which the last is the label, as in ShapeNet-Part, shape (points).
 *
 * @throws {InputError} The file cannot be read, or a line has another number of values than the
 * first or what is no number.
 */
export function textValues(path: string, classes: number | undefined): Values {
  const bytes = readBytes(path, MAX_BYTES);
  const columns = Math.max(1, columnsOfFirstLine(bytes));
  const { values, rows } = parseRows(bytes, { columns, place: `"${path}"` });
  return {
    shape: columns === classes ? [rows, classes] : [rows],
    readLabels(into) {
      for (let row = 0; row < rows; row++) {
        const value = values[(row + 1) * columns - 1]!;
        into[row] = value;
        // Cut to the whole part, as by numpy's astype(int); NaN and what wraps around is no label.
        if (into[row] === Math.trunc(value)) continue;
        throw new InputError(
          `Cannot read "${path}": point ${row} has the label ${value}, and a class label of at ` +
            `most 32 bits is needed`,
        );
      }
    },
    readNumbers: (into) => into.set(values),
    [Symbol.dispose]() {},
  };
}

/** Values of the first line that is not blank. */
function columnsOfFirstLine(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline;
    const found = new TextDecoder("latin1").decode(bytes.subarray(at, end)).match(/[^\0- ]+/g);
    if (found !== null) return found.length;
    at = end + 1;
  }
  return 0;
}
