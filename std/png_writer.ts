import { crc32, deflateSync } from "node:zlib";
import { joined } from "./joined.ts";

/** Samples of an image that is to be written. */
export interface Raster {
  readonly width: number;
  readonly height: number;
  /** 1: grey, 3: RGB. */
  readonly channels: 1 | 3;
  /** [height, width, channels]; its type sets the bits a sample. */
  readonly samples: Uint8Array | Uint16Array;
}

/** Filter of every row: each byte as the difference to the one above, which suits label images. */
const UP = 2;

/** The image as a PNG file, the same bytes each time. */
export function encodePng({ width, height, channels, samples }: Raster): Uint8Array<ArrayBuffer> {
  if (samples.length !== width * height * channels) {
    throw new RangeError(
      `Cannot encode an image of ${width} x ${height} x ${channels}: it has ${samples.length} samples`,
    );
  }
  const bytes = samples instanceof Uint8Array ? samples : bigEndian(samples);
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, width);
  header.setUint32(4, height);
  header.setUint8(8, 8 * samples.BYTES_PER_ELEMENT);
  header.setUint8(9, channels === 1 ? 0 : 2);
  const packed = deflateSync(filtered(bytes, bytes.length / height), { level: 6 });
  return joined(Uint8Array, [
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", packed),
    chunk("IEND", new Uint8Array()),
  ]);
}

function bigEndian(samples: Uint16Array): Uint8Array {
  const bytes = new Uint8Array(2 * samples.length);
  samples.forEach((value, i) => {
    bytes[2 * i] = value >> 8;
    bytes[2 * i + 1] = value;
  });
  return bytes;
}

function filtered(bytes: Uint8Array, rowBytes: number): Uint8Array {
  const rows = bytes.length / rowBytes;
  const out = new Uint8Array(rows * (1 + rowBytes));
  for (let row = 0; row < rows; row++) {
    const to = row * (1 + rowBytes);
    out[to] = UP;
    for (let i = 0; i < rowBytes; i++) {
      const above = row === 0 ? 0 : bytes[(row - 1) * rowBytes + i]!;
      out[to + 1 + i] = bytes[row * rowBytes + i]! - above;
    }
  }
  return out;
}

/** Length, type, content and checksum. */
function chunk(type: string, content: Uint8Array): Uint8Array {
  const out = new Uint8Array(12 + content.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, content.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(content, 8);
  view.setUint32(8 + content.length, crc32(out.subarray(4, 8 + content.length)));
  return out;
}
