/**
 * TFRecord files: records after one another, each as its length (8 bytes), a checksum of the length,
 * its bytes and a checksum of those. Checksums are masked CRC-32C, little-endian.
 */
import { InputError } from "../std/errors.ts";

/** Bytes before and after the data of a record. */
const HEAD = 12;
const TAIL = 4;

/** No frame comes near this; a length above it is damage that has met its checksum by chance. */
const MAX_RECORD = 1 << 29;

const TABLE = Uint32Array.from({ length: 256 }, (_, i) => {
  let c = i;
  for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0x82f63b78 : c >>> 1;
  return c;
});

/** The masked CRC-32C of TFRecord: rotated by 15 bits, plus a constant. */
function maskedCrc(bytes: Uint8Array): number {
  let c = ~0;
  for (let i = 0; i < bytes.length; i++) c = TABLE[(c ^ bytes[i]!) & 255]! ^ (c >>> 8);
  c = ~c >>> 0;
  return (((c >>> 15) | (c << 17)) + 0xa282ead8) >>> 0;
}

/** Where the data of a record lies. */
export interface RecordPlace {
  readonly offset: number;
  readonly length: number;
}

/**
 * The places of the records of a file, from their heads alone.
 *
 * @throws {InputError} when a length does not have its checksum, or the file ends inside a record.
 */
export async function indexRecords(path: string): Promise<RecordPlace[]> {
  using file = await Deno.open(path);
  const { size } = await file.stat();
  const places: RecordPlace[] = [];
  for (let at = 0; at < size;) {
    const place = `"${path}" record ${places.length} at byte ${at}`;
    if (at + HEAD + TAIL > size) {
      throw new InputError(`Cannot read ${place}: the file of ${size} bytes ends in its head`);
    }
    const head = await readAt(file, at, HEAD);
    const view = new DataView(head.buffer);
    if (maskedCrc(head.subarray(0, 8)) !== view.getUint32(8, true)) {
      throw new InputError(
        `Cannot read ${place}: its length does not have its checksum; it is no TFRecord file or damaged`,
      );
    }
    const length = Number(view.getBigUint64(0, true));
    if (length > MAX_RECORD || at + HEAD + length + TAIL > size) {
      throw new InputError(
        `Cannot read ${place}: it is ${length} bytes, and the file of ${size} bytes is cut off there`,
      );
    }
    places.push({ offset: at + HEAD, length });
    at += HEAD + length + TAIL;
  }
  return places;
}

/** The data of a record; @throws {InputError} when they do not have their checksum. */
export async function readRecord(
  path: string,
  { offset, length }: RecordPlace,
): Promise<Uint8Array> {
  using file = await Deno.open(path);
  const bytes = await readAt(file, offset, length + TAIL);
  const data = bytes.subarray(0, length);
  if (maskedCrc(data) !== new DataView(bytes.buffer).getUint32(length, true)) {
    throw new InputError(
      `Cannot read "${path}": the record at byte ${offset - HEAD} does not have its checksum`,
    );
  }
  return data;
}

async function readAt(
  file: Deno.FsFile,
  offset: number,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await file.seek(offset, Deno.SeekMode.Start);
  for (let done = 0; done < length;) {
    const read = await file.read(bytes.subarray(done));
    if (read === null) throw new InputError(`Cannot read a record: the file became shorter`);
    done += read;
  }
  return bytes;
}

/** A record as it stands in a file. */
export function encodeRecord(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEAD + data.length + TAIL);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, BigInt(data.length), true);
  view.setUint32(8, maskedCrc(bytes.subarray(0, 8)), true);
  bytes.set(data, HEAD);
  view.setUint32(HEAD + data.length, maskedCrc(data), true);
  return bytes;
}
