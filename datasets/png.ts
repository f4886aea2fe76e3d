import { encodePng as encodeRaster } from "../std/png_writer.ts";

/** Encodes an image of 8-bit red, green, blue rows ([height, width, 3]) as PNG. */
export function encodePng(
  width: number,
  height: number,
  rgb: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return encodeRaster({ width, height, channels: 3, samples: rgb });
}
