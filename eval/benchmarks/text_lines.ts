/** Lines of text files, as Perl and Python read them. */
import { InputError } from "../../std/errors.ts";
import { isFile, openForReading, readFull } from "./files.ts";

/** Both sides of a test set of millions of lines stay within a gigabyte as strings. */
const MAX_BYTES = 128 * 2 ** 20;

/**
 * What ends a line: "\n" alone, or also "\r" and "\r\n" (Python's text mode).
 */
export type LineEnds = "newline" | "universal";

/** Lines, and whether the last one lost its last byte. */
export interface ChoppedLines {
  readonly lines: string[];
  readonly cut: boolean;
}

/**
 * Lines of bytes, a character for each byte, as a Perl script without `use utf8` that takes their
 * ends off by `chop` sees them: the last byte of the file goes, be it a line feed or not.
 */
export function byteLines(path: string): ChoppedLines {
  const bytes = readAll(path);
  // Not the "latin1" of TextDecoder, which is windows-1252.
  const chunks: string[] = [];
  for (let at = 0; at < bytes.length; at += 8192) {
    chunks.push(String.fromCharCode(...bytes.subarray(at, at + 8192)));
  }
  const lines = splitLines(chunks.join(""), "newline");
  const cut = bytes.length > 0 && bytes.at(-1) !== 10;
  if (cut) lines.push(lines.pop()!.slice(0, -1));
  return { lines, cut };
}

/**
 * Lines of UTF-8 text.
 *
 * @throws {InputError} It is not UTF-8; the first such line is named.
 */
export function utf8Lines(path: string, ends: LineEnds): string[] {
  const bytes = readAll(path);
  try {
    return splitLines(decode(bytes), ends);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new InputError(
      `Cannot read "${path}": line ${firstBadLine(bytes)} is not UTF-8, and UTF-8 is needed`,
      { cause: error },
    );
  }
}

/** The references of multi-bleu.perl: STEM0, STEM1, ... until one is missing, and STEM itself. */
export function referencePaths(stem: string): string[] {
  const base = !isFile(stem) && !isFile(`${stem}0`) && isFile(`${stem}.ref0`)
    ? `${stem}.ref`
    : stem;
  const paths: string[] = [];
  while (isFile(`${base}${paths.length}`)) paths.push(`${base}${paths.length}`);
  if (isFile(base)) paths.push(base);
  if (paths.length > 0) return paths;
  throw new InputError(
    `Cannot read --gt "${stem}": there is no such file and no "${stem}0", and a reference is needed`,
  );
}

function readAll(path: string): Uint8Array {
  using file = openForReading(path);
  const { size, isDirectory } = file.statSync();
  if (isDirectory) throw new InputError(`Cannot read "${path}": it is a folder, a file is needed`);
  if (size > MAX_BYTES) {
    throw new InputError(
      `Cannot read "${path}": it has ${size} bytes, and at most ${MAX_BYTES} are read`,
    );
  }
  const bytes = new Uint8Array(size);
  readFull(file, path, bytes);
  return bytes;
}

function splitLines(text: string, ends: LineEnds): string[] {
  const lines = text.split(ends === "newline" ? "\n" : /\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

function firstBadLine(bytes: Uint8Array): number {
  let at = 0;
  for (let line = 1;; line++) {
    const newline = bytes.indexOf(10, at);
    const end = newline < 0 ? bytes.length : newline;
    try {
      decode(bytes.subarray(at, end));
    } catch {
      return line;
    }
    if (newline < 0) return line;
    at = end + 1;
  }
}
