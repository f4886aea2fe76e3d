/** Zip archives held in memory, read for their entries alone: nothing is ever written to a path. */
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { InputError } from "./errors.ts";

/** A file in an archive, as the central directory describes it. */
export interface ZipEntry {
  readonly name: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
  /** CRC-32 of the unpacked bytes. */
  readonly crc: number;
}

/** What an archive's end says: a comment of 65535 bytes may follow its 22. */
const END_BYTES = 22;
const END_REACH = END_BYTES + 0xffff;
/** What small archives may unpack to: one of arrays that blows up to more is hostile. */
const UNPACKED_LIMIT = 2 ** 30;

/**
 * The entries of an archive, from the central directory, which unlike the local headers always
 * knows the sizes.
 *
 * @throws {InputError} The directory is broken, names an entry twice, or its sizes are absurd.
 */
export function zipEntries(bytes: Uint8Array, name: string): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bad = (found: string) => new InputError(`Cannot read ${name} as a zip archive: ${found}`);
  const end = endOf(view);
  if (end < 0) throw bad("it has no central directory");
  const entries = new Map<string, ZipEntry>();
  let { at, count } = directoryOf(view, end);
  const limit = Math.max(UNPACKED_LIMIT, bytes.length);
  let unpacked = 0;
  for (; count > 0; count--) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) {
      throw bad(`its central directory is broken at byte ${at}`);
    }
    const entry = entryAt(bytes, view, at);
    if (entries.has(entry.name)) throw bad(`it has two entries "${entry.name}"`);
    entries.set(entry.name, entry);
    unpacked += entry.size;
    if (!(unpacked <= limit)) throw bad(`its entries unpack to more than ${limit} bytes`);
    at += 46 + view.getUint16(at + 28, true) + view.getUint16(at + 30, true) +
      view.getUint16(at + 32, true);
  }
  return [...entries.values()];
}

function endOf(view: DataView): number {
  const first = Math.max(0, view.byteLength - END_REACH);
  let end = view.byteLength - END_BYTES;
  while (end >= first && view.getUint32(end, true) !== 0x06054b50) end--;
  return end >= first ? end : -1;
}

/** Where the central directory begins; PyTorch writes the 64-bit form even for small archives. */
function directoryOf(view: DataView, end: number): { at: number; count: number } {
  const found = { at: view.getUint32(end + 16, true), count: view.getUint16(end + 10, true) };
  const locator = end - 20;
  const wide = found.at === 0xffffffff || found.count === 0xffff;
  if (!wide || locator < 0 || view.getUint32(locator, true) !== 0x07064b50) return found;
  const record = Number(view.getBigUint64(locator + 8, true));
  if (record + 56 > view.byteLength || view.getUint32(record, true) !== 0x06064b50) return found;
  return {
    at: Number(view.getBigUint64(record + 48, true)),
    count: Number(view.getBigUint64(record + 32, true)),
  };
}

function entryAt(bytes: Uint8Array, view: DataView, at: number): ZipEntry {
  const nameLength = view.getUint16(at + 28, true);
  const extraLength = view.getUint16(at + 30, true);
  return {
    name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
    method: view.getUint16(at + 10, true),
    crc: view.getUint32(at + 16, true),
    ...sizes(view, at, at + 46 + nameLength, extraLength),
  };
}

/** Sizes and offset of an entry; NumPy writes 0xffffffff and a zip64 field even for small ones. */
function sizes(view: DataView, at: number, extra: number, extraLength: number) {
  const found = {
    size: view.getUint32(at + 24, true),
    packed: view.getUint32(at + 20, true),
    offset: view.getUint32(at + 42, true),
  };
  const end = Math.min(extra + extraLength, view.byteLength - 4);
  for (let p = extra; p < end; p += 4 + view.getUint16(p + 2, true)) {
    if (view.getUint16(p, true) !== 1) continue;
    let field = p + 4;
    for (const key of ["size", "packed", "offset"] as const) {
      if (found[key] !== 0xffffffff || field + 8 > view.byteLength) continue;
      found[key] = Number(view.getBigUint64(field, true));
      field += 8;
    }
  }
  return found;
}

/**
 * The bytes of an entry: a view of `bytes` where it is stored as it is.
 *
 * @throws {InputError} It lies outside the archive, does not inflate to its size, or is damaged.
 */
export function unzip(bytes: Uint8Array, entry: ZipEntry, name: string): Uint8Array {
  const data = unpacked(bytes, entry, name);
  const crc = zlib.crc32(data);
  if (crc !== entry.crc) {
    throw new InputError(
      `Cannot read ${name}: its CRC-32 is ${crc.toString(16)}, the archive says ` +
        `${entry.crc.toString(16)}: the file is damaged`,
    );
  }
  return data;
}

function unpacked(
  bytes: Uint8Array,
  { method, packed, size, offset }: ZipEntry,
  name: string,
): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (offset + 30 > bytes.length) {
    throw new InputError(`Cannot read ${name}: it begins at byte ${offset} of ${bytes.length}`);
  }
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  const data = bytes.subarray(start, start + packed);
  if (data.length !== packed || (method === 0 && packed !== size)) {
    throw new InputError(`Cannot read ${name}: ${packed} bytes at ${start} of ${bytes.length}`);
  }
  if (method === 0) return data;
  if (method !== 8) throw new InputError(`Cannot read ${name}: compression ${method} is unknown`);
  try {
    // The declared size is the limit: an archive cannot blow up past what it says.
    return new Uint8Array(zlib.inflateRawSync(Buffer.from(data), { maxOutputLength: size || 1 }));
  } catch (cause) {
    throw new InputError(`Cannot read ${name}: it does not inflate to ${size} bytes`, { cause });
  }
}
