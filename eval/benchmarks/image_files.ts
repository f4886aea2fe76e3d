/** Reads images that benchmarks score. */
import { InputError } from "../../std/errors.ts";
import { decodePng, type Png, PngError } from "../../std/png.ts";
import { readBytes } from "./files.ts";

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
