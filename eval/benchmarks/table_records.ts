import { InputError } from "../../std/errors.ts";
import { openForReading, readSome } from "./read_file.ts";

/** One record of a table: flat, so its values are numbers, texts, booleans and lists. */
export type TableRecord = Readonly<Record<string, unknown>>;

/** Bytes that are read at a time; the longest record of nuScenes has a few hundred. */
const CHUNK_BYTES = 1 << 20;
const MAX_RECORD_BYTES = 1 << 20;

const [QUOTE, BACKSLASH, OPEN, CLOSE] = [...'"\\{}'].map((c) => c.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
];

/**
 * The records of a nuScenes table, a JSON list of objects, one at a time: a table of a gigabyte
 * takes no more memory than its longest record and a chunk.
 *
 * @throws {InputError} The file cannot be read or is no such list; the byte is named.
 */
export function* tableRecords(path: string): Generator<TableRecord> {
  using file = openForReading(path);
  let buffer = new Uint8Array(CHUNK_BYTES);
  let filled = 0;
  let before = 0;
  for (let ended = false; !ended;) {
    if (filled === buffer.length) {
      if (filled >= MAX_RECORD_BYTES + CHUNK_BYTES) {
        throw broken(path, before, `a record is longer than ${MAX_RECORD_BYTES} bytes`);
      }
      const larger = new Uint8Array(2 * buffer.length);
      larger.set(buffer);
      buffer = larger;
    }
    const count = readSome(file, path, buffer.subarray(filled));
    ended = count === 0;
    filled += count;
    const done = yield* wholeRecords(buffer.subarray(0, filled), path, before);
    buffer.copyWithin(0, done, filled);
    filled -= done;
    before += done;
  }
  const rest = new TextDecoder().decode(buffer.subarray(0, filled));
  if (/^[\s,[]*\][\s]*$/.test(rest)) return;
  throw broken(path, before + filled, "it ends before the list does");
}

/** Yields the records that are whole, and returns the bytes that they took. */
function* wholeRecords(
  bytes: Uint8Array,
  path: string,
  before: number,
): Generator<TableRecord, number> {
  const decoder = new TextDecoder();
  let done = 0;
  for (;;) {
    const start = bytes.indexOf(OPEN, done);
    if (start < 0) return done;
    checkBetween(decoder.decode(bytes.subarray(done, start)), path, before + done);
    const end = endOfObject(bytes, start);
    if (end < 0) return done;
    yield parse(decoder.decode(bytes.subarray(start, end)), path, before + start);
    done = end;
  }
}

/** Position after the object that begins at `start`, or -1 if it is not whole. */
function endOfObject(bytes: Uint8Array, start: number): number {
  let depth = 0;
  let inText = false;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (inText) {
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) inText = true;
    else if (byte === OPEN) depth++;
    else if (byte === CLOSE && --depth === 0) return at + 1;
  }
  return -1;
}

function checkBetween(text: string, path: string, at: number): void {
  const separator = at === 0 ? /^\s*\[\s*$/ : /^\s*,\s*$/;
  if (!separator.test(text)) {
    throw broken(path, at, `${JSON.stringify(text.slice(0, 20))} stands between its records`);
  }
}

function parse(text: string, path: string, at: number): TableRecord {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw broken(path, at, error instanceof Error ? error.message : String(error));
  }
}

function broken(path: string, at: number, found: string): InputError {
  return new InputError(
    `Cannot read "${path}" at byte ${at}: ${found}, and a JSON list of objects is needed`,
  );
}
