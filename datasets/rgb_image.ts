/** Encoded images as pixels. */
import { InputError } from "../std/errors.ts";
import { decodeJpeg, JpegError } from "../std/jpeg.ts";
import { decodePng, type Png, PngError } from "../std/png.ts";
import { imageSize } from "./encoded_image.ts";

/** Pixels of an image. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]: red, green, blue. */
  readonly samples: Uint8Array;
}

/** Pixels of the largest image that is decoded; cameras have 10^7. */
const MOST_PIXELS = 2 ** 26;

/**
 * Decodes a JPEG or PNG image of 8 bits a sample.
 *
 * @throws {InputError} that names `place` when it is damaged, too large, or of other samples.
 */
export async function decodeRgb(bytes: Uint8Array, place: string): Promise<RgbImage> {
  const [width, height] = imageSize(bytes, place);
  if (width * height > MOST_PIXELS) {
    throw new InputError(
      `Cannot read ${place}: it is ${width} x ${height} pixels, and at most ${MOST_PIXELS} are read`,
    );
  }
  try {
    return bytes[0] === 0xff ? await decodeJpeg(bytes) : coloured(decodePng(bytes));
  } catch (cause) {
    if (!(cause instanceof JpegError || cause instanceof PngError)) throw cause;
    throw new InputError(`Cannot read ${place}: ${cause.message}`, { cause });
  }
}

/** Without what is transparent; of grey pixels, all colours alike. */
function coloured({ width, height, bitDepth, channels, colour, samples }: Png): RgbImage {
  if (bitDepth !== 8 || colour === "palette") {
    throw new PngError(`its pixels are ${colour} of ${bitDepth} bits, and 8 bits are needed`);
  }
  if (channels === 3) return { width, height, samples: samples as Uint8Array };
  const step = channels < 3 ? 0 : 1;
  const pixels = Uint8Array.from(
    { length: 3 * width * height },
    (_, i) => samples[Math.floor(i / 3) * channels + step * (i % 3)]!,
  );
  return { width, height, samples: pixels };
}
