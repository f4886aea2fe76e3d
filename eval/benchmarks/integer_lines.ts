import { InputError } from "../../std/errors.ts";
import { unreadable } from "./files.ts";

/** Bytes of the largest file that is read; a scene of a million vertices has 7 MB. */
const MAX_BYTES = 2 ** 26;
const [NEWLINE, RETURN, SPACE, TAB, PLUS, MINUS, ZERO] = [10, 13, 32, 9, 43, 45, 48];
/** "0\n0\n" as a little-endian word. */
const TWO_ZEROS = 0x0a300a30;
/** Digits that a double always holds. */
const MAX_DIGITS = 15;

/** The lines of a file that are not 0. */
export interface NonZeroLines {
  /** Lines of the file. */
  readonly count: number;
  /** Numbers of those that are not 0, from 0 on. */
  readonly lines: Int32Array;
}

/**
 * Integers from text files with one a line. Buffers grow and are kept: what a call gives is good
 * until the next one.
 */
export class IntegerLines {
  #bytes = new Uint8Array(1 << 19);
  #values = new Float64Array(0);
  #lines = new Int32Array(0);

  /**
   * The integers of a file.
   *
   * @throws {InputError} A line is no integer; the text names file and line.
   */
  read(path: string): Float64Array {
    const bytes = this.#load(path);
    const most = mostLines(bytes);
    if (most > this.#values.length) this.#values = new Float64Array(most);
    const values = this.#values;
    const count = eachLine(bytes, path, (value, line) => values[line] = value, (first, end) => {
      for (let line = first; line < end; line++) values[line] = 0;
    });
    return values.subarray(0, count);
  }

  /**
   * Which lines of a file are not 0; most lines of most masks are.
   *
   * @throws {InputError} A line is no integer; the text names file and line.
   */
  readNonZero(path: string): NonZeroLines {
    const bytes = this.#load(path);
    const most = mostLines(bytes);
    if (most > this.#lines.length) this.#lines = new Int32Array(most);
    const lines = this.#lines;
    let found = 0;
    const count = eachLine(bytes, path, (value, line) => {
      if (value !== 0) lines[found++] = line;
    });
    return { count, lines: lines.subarray(0, found) };
  }

  #load(path: string): Uint8Array {
    try {
      using file = Deno.openSync(path);
      const { size } = file.statSync();
      if (size > MAX_BYTES) {
        throw new InputError(
          `Cannot read "${path}": it has ${size} bytes, and at most ${MAX_BYTES} are read`,
        );
      }
      if (size > this.#bytes.length) this.#bytes = new Uint8Array(2 * size);
      let length = 0;
      for (let read: number | null = 0; read !== null && length < size; length += read ?? 0) {
        read = file.readSync(this.#bytes.subarray(length, size));
      }
      return this.#bytes.subarray(0, length);
    } catch (error) {
      throw error instanceof InputError ? error : unreadable(path, error);
    }
  }
}

/** A line has two bytes at least, but the last may lack its end. */
function mostLines(bytes: Uint8Array): number {
  return (bytes.length + 1) >> 1;
}

/**
 * Calls `take` with the integer of each line.
 *
 * @param zeros Called instead with lines first to end - 1, which are all 0.
 * @returns The number of lines.
 */
function eachLine(
  bytes: Uint8Array,
  path: string,
  take: (value: number, line: number) => void,
  zeros: (first: number, end: number) => void = () => {},
): number {
  let n = 0;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  for (let at = 0; at < bytes.length;) {
    if ((at & 3) === 0 && words[at >> 2] === TWO_ZEROS) {
      let word = at >> 2;
      while (words[word] === TWO_ZEROS) word++;
      const end = n + 2 * (word - (at >> 2));
      zeros(n, end);
      n = end;
      at = 4 * word;
      continue;
    }
    // Nearly all lines are digits and a newline: they take this way.
    let [stop, natural] = [at, 0];
    while (stop < bytes.length && isDigit(bytes[stop]!)) {
      natural = natural * 10 + bytes[stop++]! - ZERO;
    }
    if (stop > at && stop - at <= MAX_DIGITS && bytes[stop] === NEWLINE) {
      take(natural, n++);
      at = stop + 1;
      continue;
    }
    const end = lineEnd(bytes, at);
    const value = integer(bytes, at, end);
    if (Number.isNaN(value)) throw badLine(bytes, { at, end, path, line: n + 1 });
    take(value, n++);
    at = end + (bytes[end] === RETURN && bytes[end + 1] === NEWLINE ? 2 : 1);
  }
  return n;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte < ZERO + 10;
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
    if (!isDigit(bytes[i]!)) return NaN;
    value = value * 10 + bytes[i]! - ZERO;
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
