/** Tables of numbers as text: the body of ASCII point clouds, read without a string a number. */
import { InputError } from "../../std/errors.ts";

/** Powers of ten that float64 holds exactly. */
const TENS = Float64Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** Whole numbers of so many digits are exact in float64. */
const EXACT_DIGITS = 15;
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/;
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ["nan", NaN],
  ["-nan", NaN],
  ["inf", Infinity],
  ["+inf", Infinity],
  ["-inf", -Infinity],
]);

const [LINE_FEED, SPACE] = [0x0a, 0x20];

export interface TextRows {
  /** Row-major [rows, columns]. */
  readonly values: Float64Array;
  readonly rows: number;
}

/** What table is expected, and where. */
export interface TableShape {
  /** Numbers a line. */
  readonly columns: number;
  /** Lines, blank ones not counted; all lines to the end when absent. */
  readonly rows?: number;
  /** Of the file, for error texts: `"a.ply"`. */
  readonly place: string;
  /** Lines of the file before the table. */
  readonly linesBefore?: number;
}

/**
 * Reads lines of `columns` numbers, parted by blanks or control characters. Blank lines are passed
 * over.
 *
 * @throws {InputError} with the line, when it has another number of values or one is no number, or
 * when there are fewer lines than `rows`.
 */
export function parseRows(bytes: Uint8Array, shape: TableShape): TextRows {
  const { columns, rows: wanted = Infinity, place, linesBefore = 0 } = shape;
  // A number takes two bytes with the blank after it: no declared count can ask for more.
  const room = Math.floor((bytes.length + 1) / (2 * columns));
  if (wanted !== Infinity && wanted > room) {
    throw new InputError(
      `Cannot read ${place}: it declares ${wanted} rows of ${columns} values, which its ` +
        `${bytes.length} bytes cannot hold`,
    );
  }
  const values = new Float64Array(Math.min(wanted, room) * columns);
  let [rows, at, line] = [0, 0, linesBefore];
  while (at < bytes.length && rows < wanted) {
    line++;
    const where = () => `${place} line ${line}`;
    const found = parseLine(bytes, at, values.subarray(rows * columns), { columns, where });
    at = found.end + 1;
    if (found.count === 0) continue;
    if (found.count !== columns) {
      throw new InputError(
        `Cannot read ${where()}: it has ${found.count} values, and ${columns} are needed`,
      );
    }
    rows++;
  }
  if (wanted !== Infinity && rows < wanted) {
    throw new InputError(`Cannot read ${place}: it ends after ${rows} of ${wanted} rows`);
  }
  return { values: values.subarray(0, rows * columns), rows };
}

/** Puts the numbers of the line that begins at `from` into `into`; counts also those beyond. */
function parseLine(
  bytes: Uint8Array,
  from: number,
  into: Float64Array,
  { columns, where }: { columns: number; where: () => string },
): { count: number; end: number } {
  let [count, at] = [0, from];
  for (;;) {
    while (at < bytes.length && bytes[at]! <= SPACE && bytes[at] !== LINE_FEED) at++;
    if (at >= bytes.length || bytes[at] === LINE_FEED) return { count, end: at };
    const start = at;
    while (at < bytes.length && bytes[at]! > SPACE) at++;
    if (count < columns) into[count] = parseNumber(bytes, start, at, where);
    count++;
  }
}

/** The number of bytes `from` to `to`, correctly rounded. */
function parseNumber(bytes: Uint8Array, from: number, to: number, where: () => string): number {
  const negative = bytes[from] === 0x2d;
  let whole = 0;
  let digits = 0;
  let point = -1;
  for (let i = from + (negative ? 1 : 0); i < to; i++) {
    const digit = bytes[i]! - 0x30;
    if (digit >= 0 && digit <= 9) {
      whole = 10 * whole + digit;
      digits++;
    } else if (bytes[i] === 0x2e && point < 0) point = digits;
    else return slowNumber(bytes.subarray(from, to), where);
  }
  if (digits === 0 || digits > EXACT_DIGITS) return slowNumber(bytes.subarray(from, to), where);
  // Both are exact, so that the quotient is rounded once.
  const value = point < 0 ? whole : whole / TENS[digits - point]!;
  return negative ? -value : value;
}

function slowNumber(bytes: Uint8Array, where: () => string): number {
  const text = new TextDecoder("latin1").decode(bytes.subarray(0, 400));
  if (NUMBER.test(text)) return Number(text);
  const value = NOT_FINITE.get(text.toLowerCase());
  if (value !== undefined) return value;
  throw new InputError(`Cannot read ${where()}: ${JSON.stringify(text.slice(0, 40))} is no number`);
}
