import { InputError } from "../../std/errors.ts";

/** Headers of point clouds are a few hundred bytes. */
const MAX_HEADER = 1 << 16;

/** Words of the lines of a text header, and where the body begins. */
export interface HeaderLines {
  readonly lines: readonly (readonly string[])[];
  /** Byte behind the last line of the header. */
  readonly end: number;
}

/**
 * The lines at the start of a file up to the one whose first word is `last`.
 *
 * @throws {InputError} when there is no such line in the first 64 KB.
 */
export function headerLines(bytes: Uint8Array, last: string, place: string): HeaderLines {
  const lines: string[][] = [];
  const reach = Math.min(bytes.length, MAX_HEADER);
  for (let at = 0; at < reach;) {
    const found = bytes.subarray(at, reach).indexOf(0x0a);
    const end = found < 0 ? reach : at + found;
    const words = new TextDecoder("latin1").decode(bytes.subarray(at, end)).trim().split(/\s+/);
    lines.push(words);
    at = end + 1;
    if (words[0] === last) return { lines, end: Math.min(at, bytes.length) };
  }
  throw new InputError(
    `Cannot read ${place}: its header has no line "${last}" in the first ${reach} bytes`,
  );
}

/** A count that a header declares. @throws {InputError} when it is no whole number. */
export function headerCount(text: string | undefined, what: string, place: string): number {
  const count = /^\d{1,15}$/.test(text ?? "") ? Number(text) : NaN;
  if (Number.isNaN(count)) {
    throw new InputError(
      `Cannot read ${place}: its ${what} is "${text ?? ""}", and a whole number is needed`,
    );
  }
  return count;
}
