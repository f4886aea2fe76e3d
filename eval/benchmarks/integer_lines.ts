import { InputError } from "../../std/errors.ts";
import { readBytes } from "./image_files.ts";

/** Bytes of the largest file that is read; a scene of a million vertices has 7 MB. */
const MAX_BYTES = 2 ** 25;
const [NEWLINE, RETURN, SPACE, TAB, PLUS, MINUS, ZERO] = [10, 13, 32, 9, 43, 45, 48];
/** "0\n0\n" as a little-endian word. */
const TWO_ZEROS = 0x0a300a30;
/** Digits that a double always holds. */
const MAX_DIGITS = 15;

/** Integers from text files with one a line, into a buffer that grows and is kept. */
export class IntegerLines {
  #values = new Float64Array(1 << 18);

  /**
   * The integers of a file: a view of the buffer, good until the next call.
   *
   * @throws {InputError} A line is no integer; the text names file and line.
   */
  read(path: string): Float64Array {
    const bytes = readBytes(path, MAX_BYTES);
    // A line has two bytes at least, but the last may lack its end.
    const most = (bytes.length + 1) >> 1;
    if (most > this.#values.length) this.#values = new Float64Array(most);
    return this.#values.subarray(0, parse(bytes, this.#values, path));
  }
}

function parse(bytes: Uint8Array, values: Float64Array, path: string): number {
  let n = 0;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  for (let at = 0; at < bytes.length;) {
    // Most lines of most masks are 0: two at a time, where they lie on a word.
    if ((at & 3) === 0 && words[at >> 2] === TWO_ZEROS) {
      values[n++] = 0;
      values[n++] = 0;
      at += 4;
      continue;
    }
    const digit = bytes[at]! - ZERO;
    // Masks are lines of one digit: they take this way.
    if (bytes[at + 1] === NEWLINE && digit >= 0 && digit < 10) {
      values[n++] = digit;
      at += 2;
      continue;
    }
    const end = lineEnd(bytes, at);
    values[n] = integer(bytes, at, end);
    if (Number.isNaN(values[n])) throw badLine(bytes, { at, end, path, line: n + 1 });
    n++;
    at = end + (bytes[end] === RETURN && bytes[end + 1] === NEWLINE ? 2 : 1);
  }
  return n;
}

function lineEnd(bytes: Uint8Array, at: number): number {
  let end = at;
  while (end < bytes.length && bytes[end] !== NEWLINE && bytes[end] !== RETURN) end++;
  return end;
}

/** The integer in that span, as Python's `int` reads it; NaN if it is none. */
function integer(bytes: Uint8Array, start: number, end: number): number {
  let [from, to] = [start, end];
  const space = (byte: number) => byte === SPACE || byte === TAB;
  while (from < to && space(bytes[from]!)) from++;
  while (to > from && space(bytes[to - 1]!)) to--;
  const sign = bytes[from];
  if (sign === PLUS || sign === MINUS) from++;
  if (from === to || to - from > MAX_DIGITS) return NaN;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = bytes[i]! - ZERO;
    if (!(digit >= 0 && digit < 10)) return NaN;
    value = value * 10 + digit;
  }
  return sign === MINUS ? -value : value;
}

interface Line {
  readonly at: number;
  readonly end: number;
  readonly path: string;
  readonly line: number;
}

function badLine(bytes: Uint8Array, { at, end, path, line }: Line): InputError {
  const text = new TextDecoder().decode(bytes.subarray(at, Math.min(end, at + 40)));
  return new InputError(
    `Cannot read "${path}": line ${line} is ${JSON.stringify(text)}, and an integer is needed`,
  );
}
