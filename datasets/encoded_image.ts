/** Sizes of encoded images, read from their headers, and whether they are all there. */
import { crc32 } from "node:zlib";
import { InputError } from "../std/errors.ts";

/** Width and height in pixels. */
export type Size = readonly [width: number, height: number];

/** The largest side that is believed; cameras have 10^4. */
const MAX_SIDE = 0xffff;

/**
 * The size of a PNG or JPEG image that is complete: the chunks of a PNG are walked to its end and
 * their checksums compared, a JPEG must end with its end marker. Pixels are not decoded.
 *
 * @throws {InputError} that names `place` when the bytes are none, cut off or damaged.
 */
export function imageSize(bytes: Uint8Array, place: string): Size {
  const fail = (found: string) => new InputError(`Cannot read ${place}: ${found}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isPng = PNG.every((byte, i) => bytes[i] === byte);
  const isJpeg = bytes[0] === 0xff && bytes[1] === 0xd8;
  if (!isPng && !isJpeg) {
    throw fail(`it is ${bytes.length} bytes that begin neither as a PNG nor as a JPEG image`);
  }
  const size = isPng ? pngSize(bytes, view, fail) : jpegSize(bytes, view, fail);
  if (size.some((side) => side < 1 || side > MAX_SIDE)) {
    throw fail(`it is ${size.join(" x ")} pixels, and 1 to ${MAX_SIDE} a side are needed`);
  }
  return size;
}

type Fail = (found: string) => InputError;

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const IHDR = 0x49484452;
const IEND = 0x49454e44;

function pngSize(bytes: Uint8Array, view: DataView, fail: Fail): Size {
  for (let at = 8; at + 12 <= bytes.length;) {
    const length = view.getUint32(at);
    const type = view.getUint32(at + 4);
    const end = at + 8 + length;
    if (end + 4 > bytes.length) break;
    if (at === 8 && (type !== IHDR || length !== 13)) throw fail("its first PNG chunk is no IHDR");
    if (crc32(bytes.subarray(at + 4, end)) !== view.getUint32(end)) {
      throw fail(`the PNG chunk at byte ${at} does not have its checksum: the file is damaged`);
    }
    if (type === IEND) return [view.getUint32(16), view.getUint32(20)];
    at = end + 4;
  }
  throw fail(`the PNG image is cut off after ${bytes.length} bytes`);
}

function jpegSize(bytes: Uint8Array, view: DataView, fail: Fail): Size {
  // Some cameras pad with zeros behind the end marker.
  let last = bytes.length - 1;
  while (last > 1 && bytes[last] === 0) last--;
  if (bytes[last] !== 0xd9 || bytes[last - 1] !== 0xff) {
    throw fail(`the JPEG image is cut off after ${bytes.length} bytes`);
  }
  for (let at = 2; at + 9 <= bytes.length;) {
    const marker = bytes[at + 1]!;
    if (bytes[at] !== 0xff) throw fail(`byte ${at} of the JPEG image is no marker`);
    // Frame headers: C0 to CF but tables (C4), extensions (C8) and arithmetic conditioning (CC).
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return [view.getUint16(at + 7), view.getUint16(at + 5)];
    }
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2);
  }
  throw fail("the JPEG image has no frame header");
}
