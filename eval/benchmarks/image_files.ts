/** Reads images that benchmarks score, and finds files below a folder. */
import { InputError } from "../../std/errors.ts";
import { decodePng, type Png, PngError } from "../../std/png.ts";
import { join, unreadable } from "./file_pairs.ts";

/** Bytes of the largest file that is read as an image. */
const MAX_FILE_BYTES = 2 ** 28;

/**
 * A PNG file.
 *
 * @throws {InputError} It cannot be read or is no complete PNG; the text names it.
 */
export function readPng(path: string): Png {
  const bytes = readBytes(path, MAX_FILE_BYTES);
  try {
    return decodePng(bytes);
  } catch (error) {
    if (!(error instanceof PngError)) throw error;
    throw new InputError(`Cannot read "${path}": ${error.message}`, { cause: error });
  }
}

/**
 * All bytes of a file.
 *
 * @throws {InputError} It cannot be read, or has more than `limit` bytes.
 */
export function readBytes(path: string, limit: number): Uint8Array {
  try {
    const { size } = Deno.statSync(path);
    if (size <= limit) return Deno.readFileSync(path);
    throw new InputError(
      `Cannot read "${path}": it has ${size} bytes, and at most ${limit} are read`,
    );
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw unreadable(path, error);
  }
}

/**
 * An image of one id a pixel: grey of 8 or 16 bits, or the indices of a palette.
 *
 * @throws {InputError} It is no such image; the text names it.
 */
export function readIds(path: string): Png {
  const png = readPng(path);
  const { colour, bitDepth } = png;
  if (colour === "palette" || colour === "grey" && bitDepth >= 8) return png;
  throw new InputError(
    `Cannot score "${path}": it is ${colour} of ${bitDepth} bits, and one id a pixel is needed: ` +
      `grey of 8 or 16 bits, or a palette`,
  );
}

/**
 * Paths of all files below a folder, sorted; links to folders are not followed.
 *
 * @throws {InputError} A folder cannot be read.
 */
export function filesBelow(folder: string): string[] {
  const found: string[] = [];
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory) found.push(...filesBelow(path));
    else found.push(path);
  }
  return found.sort();
}

/**
 * What a folder holds.
 *
 * @throws {InputError} It cannot be read.
 */
export function entriesOf(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    throw unreadable(folder, error);
  }
}

/** The name of a file without its folders. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
