/** Reads ScanNet's lists of predicted masks. */
import { resolve } from "node:path";
import { InputError } from "../../std/errors.ts";
import { readBytes } from "./image_files.ts";

/** A line of a list. */
export interface MaskLine {
  readonly path: string;
  readonly classId: number;
  /** May be NaN or infinite. */
  readonly confidence: number;
}

/** Bytes of the longest list that is read. */
const MAX_BYTES = 2 ** 26;
/** What Python's `float` takes. */
const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
const WORD = /^([+-]?)(inf|infinity|nan)$/i;

/**
 * The masks of a scene in the order of their first lines; of two lines of one mask the later
 * counts.
 *
 * @param list The file: lines `MASKFILE CLASS CONFIDENCE`.
 * @param root The folder that all masks must lie in.
 * @throws {InputError} A line is malformed, or its mask lies outside; the text names the line.
 */
export function readMaskList(list: string, root: string): MaskLine[] {
  const text = new TextDecoder().decode(readBytes(list, MAX_BYTES));
  const lines = text.split(/\r\n|\r|\n/);
  if (lines.at(-1) === "") lines.pop();
  const masks = new Map<string, MaskLine>();
  for (const [i, line] of lines.entries()) {
    const mask = parseLine(line, { list, root, line: i + 1 });
    masks.set(mask.path, mask);
  }
  return [...masks.values()];
}

interface Place {
  readonly list: string;
  readonly root: string;
  readonly line: number;
}

function parseLine(text: string, place: Place): MaskLine {
  const parts = text.split(" ");
  if (parts.length !== 3) {
    throw bad(place, `it has ${parts.length} parts`, "three between single spaces are needed");
  }
  const [file, classId, confidence] = parts as [string, string, string];
  if (file.startsWith("/")) {
    throw bad(place, `"${file}" is an absolute path`, "a relative one is needed");
  }
  const path = resolve(place.list, "..", file);
  if (!path.startsWith(`${resolve(place.root)}/`)) {
    throw bad(place, `"${file}" lies outside of "${place.root}"`, "a file inside is needed");
  }
  const id = Math.trunc(number(classId));
  if (!Number.isFinite(id)) throw bad(place, `its class is "${classId}"`, "a number is needed");
  const value = number(confidence);
  if (Number.isNaN(value) && !WORD.test(confidence)) {
    throw bad(place, `its confidence is "${confidence}"`, "a number is needed");
  }
  return { path, classId: id, confidence: value };
}

/** The number that Python's `float` reads; NaN if there is none. */
function number(text: string): number {
  if (NUMBER.test(text)) return Number(text);
  const word = WORD.exec(text);
  if (word === null || word[2]!.toLowerCase() === "nan") return NaN;
  return word[1] === "-" ? -Infinity : Infinity;
}

function bad({ list, line }: Place, found: string, needed: string): InputError {
  return new InputError(`Cannot read "${list}": line ${line}: ${found}, and ${needed}`);
}
