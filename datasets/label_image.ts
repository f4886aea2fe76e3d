/** Images of a class id a pixel. */
import { InputError } from "../std/errors.ts";
import { decodePng, type Png, PngError } from "../std/png.ts";

/** Pixels of each class id that occurs in a label image. */
export type PixelCounts = ReadonlyMap<number, number>;

/**
 * The ids of a label image: a grey PNG, or one of palette indices.
 *
 * @throws {InputError} when it is damaged or of colours, which are no ids.
 */
export function decodeLabelImage(bytes: Uint8Array, place: string): Png {
  try {
    const png = decodePng(bytes);
    if (png.channels === 1) return png;
    throw new PngError(`its pixels are ${png.colour}, and one id a pixel is needed`);
  } catch (cause) {
    if (!(cause instanceof PngError)) throw cause;
    throw new InputError(`Cannot read ${place}: ${cause.message}`, { cause });
  }
}

/** How many pixels have each id. */
export function countPixels({ samples }: Png): PixelCounts {
  const counts = new Uint32Array(0x10000);
  for (const id of samples) counts[id]!++;
  const found = new Map<number, number>();
  counts.forEach((count, id) => count > 0 && found.set(id, count));
  return found;
}
