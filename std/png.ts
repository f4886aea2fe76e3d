/**
 * PNG images as they are stored: samples of 8 or 16 bits, palette indices not looked up. Own code on
 * the system's zlib, because label images are read by the gigabyte; npm's fast-png takes several
 * times as long. A file can make this allocate no more than it could fill.
 */
import { crc32, inflateSync } from "node:zlib";
import { joined } from "./joined.ts";
import { unfilter } from "./png_filter.ts";

/** What a sample is: a grey value, a colour value, or the index of a palette entry. */
export type PngColour = "grey" | "rgb" | "palette" | "grey+alpha" | "rgb+alpha";

/** A decoded image. */
export interface Png {
  readonly width: number;
  readonly height: number;
  readonly colour: PngColour;
  /** Bits that a sample has in the file. */
  readonly bitDepth: 1 | 2 | 4 | 8 | 16;
  /** Samples of a pixel. */
  readonly channels: 1 | 2 | 3 | 4;
  /** [height, width, channels], unscaled; 16 bits only where the file has them. */
  readonly samples: Uint8Array | Uint16Array;
}

/** The bytes are no complete PNG; the text is what was found and what is needed. */
export class PngError extends Error {
  override readonly name = "PngError";
}

/** What the header says. */
interface Header {
  readonly width: number;
  readonly height: number;
  readonly bitDepth: Png["bitDepth"];
  readonly colour: PngColour;
  readonly channels: Png["channels"];
  readonly interlaced: boolean;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
/** Pixels of the largest image that is read: 8192 x 8192. */
const MAX_PIXELS = 2 ** 26;
/** Bytes of the largest image that is read. */
const MAX_BYTES = 2 ** 28;
/** Deflate packs no tighter than 258 bytes in two bits. */
const MAX_RATIO = 1032;

const COLOURS: Readonly<
  Record<number, readonly [PngColour, Png["channels"], readonly number[]]>
> = {
  0: ["grey", 1, [1, 2, 4, 8, 16]],
  2: ["rgb", 3, [8, 16]],
  3: ["palette", 1, [1, 2, 4, 8]],
  4: ["grey+alpha", 2, [8, 16]],
  6: ["rgb+alpha", 4, [8, 16]],
};

/** Column and row of the first pixel of each Adam7 pass, and the steps to the next ones. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/**
 * Decodes a PNG file.
 *
 * @throws {PngError} It is cut off, damaged or larger than 8192 x 8192 pixels.
 */
export function decodePng(bytes: Uint8Array): Png {
  const { header, packed } = readChunks(bytes);
  const passes = passesOf(header);
  const stride = (width: number) => rowBytes(header, width);
  const expected = passes.reduce((sum, { width, height }) => sum + height * (1 + stride(width)), 0);
  if (expected > MAX_BYTES) {
    throw new PngError(`its data has ${expected} bytes, and at most ${MAX_BYTES} are read`);
  }
  if (expected > MAX_RATIO * packed.length + 64) {
    throw new PngError(
      `its header says ${header.width} x ${header.height} pixels, which ${packed.length} bytes of ` +
        `compressed data cannot hold`,
    );
  }
  const raw = inflate(packed, expected);
  const { width, height, channels, bitDepth, colour, interlaced } = header;
  const bytesPerPixel = Math.max(1, channels * bitDepth >> 3);
  const whole = new Uint8Array(interlaced ? width * height * bytesPerPixel : 0);
  let pixels: Uint8Array = whole;
  let start = 0;
  for (const pass of passes) {
    const length = pass.height * (1 + stride(pass.width));
    const part = raw.subarray(start, start + length);
    start += length;
    const rows = unfiltered(part, { rowBytes: stride(pass.width), bytesPerPixel });
    pixels = bitDepth < 8 ? unpackBits(rows, pass, bitDepth) : rows;
    if (interlaced) scatter(pixels, pass, { out: whole, width, bytesPerPixel });
  }
  const samples = samplesOf(interlaced ? whole : pixels, bitDepth);
  return { width, height, colour, bitDepth, channels, samples };
}

function readChunks(bytes: Uint8Array): { header: Header; packed: Uint8Array } {
  if (SIGNATURE.some((byte, i) => bytes[i] !== byte)) {
    throw new PngError("it does not start with the signature of a PNG file");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let header: Header | undefined;
  const data: Uint8Array[] = [];
  for (let at = 8;;) {
    if (at + 12 > bytes.length) throw truncated(bytes.length);
    const length = view.getUint32(at);
    if (length > bytes.length - at - 12) throw truncated(bytes.length);
    const type = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const critical = type[0]! < "a";
    if (
      critical && crc32(bytes.subarray(at + 4, at + 8 + length)) !== view.getUint32(at + 8 + length)
    ) {
      throw new PngError(`the checksum of its chunk "${type}" at byte ${at} is wrong`);
    }
    const content = bytes.subarray(at + 8, at + 8 + length);
    if (header === undefined) header = readHeader(type, content);
    else if (type === "IDAT") data.push(content);
    else if (type === "IEND") break;
    at += 12 + length;
  }
  if (data.length === 0) throw new PngError("it has no image data");
  return { header, packed: joined(Uint8Array, data) };
}

function truncated(length: number): PngError {
  return new PngError(`it ends at byte ${length}, before its last chunk`);
}

function readHeader(type: string, content: Uint8Array): Header {
  if (type !== "IHDR" || content.length !== 13) {
    throw new PngError(`its first chunk is no header of 13 bytes but "${type}"`);
  }
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [bitDepth, type_, compression, filter, interlace] = content.subarray(8);
  const known = COLOURS[type_!];
  if (known === undefined || !known[2].includes(bitDepth!)) {
    throw new PngError(`its header says colour type ${type_} with ${bitDepth} bits`);
  }
  if (compression !== 0 || filter !== 0 || interlace! > 1) {
    throw new PngError(`its header says methods ${compression}, ${filter}, ${interlace}`);
  }
  if (width === 0 || height === 0 || width * height > MAX_PIXELS) {
    throw new PngError(
      `its header says ${width} x ${height} pixels, and 1 to ${MAX_PIXELS} pixels are needed`,
    );
  }
  return {
    width,
    height,
    bitDepth: bitDepth as Png["bitDepth"],
    colour: known[0],
    channels: known[1],
    interlaced: interlace === 1,
  };
}

function inflate(packed: Uint8Array, expected: number): Uint8Array {
  let raw: Uint8Array;
  try {
    raw = inflateSync(packed, { maxOutputLength: expected, chunkSize: Math.max(64, expected + 1) });
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new PngError(`its compressed data is damaged or cut off (${reason})`);
  }
  if (raw.length < expected) {
    throw new PngError(`its data has ${raw.length} bytes, and ${expected} are needed`);
  }
  return new Uint8Array(raw.buffer, raw.byteOffset, raw.length);
}

/** A part of the image that was filtered by itself: all of it, or a pass of an interlaced one. */
interface Pass {
  readonly x: number;
  readonly y: number;
  readonly dx: number;
  readonly dy: number;
  readonly width: number;
  readonly height: number;
}

function passesOf({ width, height, interlaced }: Header): Pass[] {
  if (!interlaced) return [{ x: 0, y: 0, dx: 1, dy: 1, width, height }];
  return PASSES.map(([x, y, dx, dy]) => ({
    ...{ x, y, dx, dy },
    width: Math.ceil(Math.max(0, width - x) / dx),
    height: Math.ceil(Math.max(0, height - y) / dy),
  })).filter((pass) => pass.width > 0 && pass.height > 0);
}

function rowBytes({ channels, bitDepth }: Header, width: number): number {
  return Math.ceil(width * channels * bitDepth / 8);
}

function unfiltered(
  raw: Uint8Array,
  shape: { readonly rowBytes: number; readonly bytesPerPixel: number },
): Uint8Array {
  const bad = unfilter(raw, shape);
  if (bad !== undefined) throw new PngError(`its row ${bad.row} has filter ${bad.filter}`);
  return raw.subarray(0, raw.length / (1 + shape.rowBytes) * shape.rowBytes);
}

/** One byte a sample from rows of 1, 2 or 4 bits a sample, the first in the highest bits. */
function unpackBits(
  rows: Uint8Array,
  { width, height }: Pass,
  bits: number,
): Uint8Array {
  const out = new Uint8Array(width * height);
  const stride = Math.ceil(width * bits / 8);
  const mask = (1 << bits) - 1;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = rows[y * stride + (x * bits >> 3)]!;
      out[y * width + x] = byte >> 8 - bits - (x * bits & 7) & mask;
    }
  }
  return out;
}

interface Target {
  readonly out: Uint8Array;
  readonly width: number;
  readonly bytesPerPixel: number;
}

/** Puts the pixels of a pass where they belong. */
function scatter(pixels: Uint8Array, pass: Pass, { out, width, bytesPerPixel }: Target): void {
  let from = 0;
  for (let row = 0; row < pass.height; row++) {
    for (let column = 0; column < pass.width; column++) {
      const to = ((pass.y + row * pass.dy) * width + pass.x + column * pass.dx) * bytesPerPixel;
      for (let k = 0; k < bytesPerPixel; k++) out[to + k] = pixels[from++]!;
    }
  }
}

/** The samples of big-endian bytes; two samples of 16 bits are swapped at a time. */
function samplesOf(bytes: Uint8Array, bitDepth: number): Uint8Array | Uint16Array {
  if (bitDepth !== 16) return bytes;
  const samples = new Uint16Array(bytes.length / 2);
  const paired = bytes.byteOffset % 4 === 0 ? bytes.length >> 2 : 0;
  const from = new Int32Array(bytes.buffer, paired === 0 ? 0 : bytes.byteOffset, paired);
  const to = new Int32Array(samples.buffer, 0, paired);
  for (let i = 0; i < paired; i++) {
    const word = from[i]!;
    to[i] = (word & 0x00ff00ff) << 8 | word >>> 8 & 0x00ff00ff;
  }
  for (let i = 2 * paired; i < samples.length; i++) {
    samples[i] = bytes[2 * i]! << 8 | bytes[2 * i + 1]!;
  }
  return samples;
}
