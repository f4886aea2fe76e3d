/** NumPy's .npy and .npz, as they are needed for checkpoints, golden files and raw data. */
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import { InputError } from "./errors.ts";
import { parseNpyHeader } from "./npy.ts";

const ARRAYS = {
  "<f4": Float32Array,
  "<f8": Float64Array,
  "<i4": Int32Array,
  "<i8": BigInt64Array,
  "<u4": Uint32Array,
  "<u2": Uint16Array,
  "<i2": Int16Array,
  "|u1": Uint8Array,
  "|i1": Int8Array,
  "|b1": Uint8Array,
} as const;
export type NpyData = InstanceType<typeof ARRAYS[keyof typeof ARRAYS]>;

export interface NpyArray {
  /** [] for a scalar, which has one element. */
  readonly shape: readonly number[];
  /** Row-major values. */
  readonly data: NpyData;
}

/** Reads one .npy file held in memory; `name` is for error texts. */
export function parseNpy(bytes: Uint8Array, name: string): NpyArray {
  const fail = (found: string) => {
    throw new InputError(`Cannot read ${name} as .npy: ${found}`);
  };
  const { descr, fortran, shape, count, start } = parseNpyHeader(bytes, name);
  if (fortran) fail("it is in Fortran order, C order is needed");
  if (!(descr in ARRAYS)) fail(`its type is ${descr}`);
  const array = ARRAYS[descr as keyof typeof ARRAYS];
  const size = count * array.BYTES_PER_ELEMENT;
  const found = bytes.length - start;
  if (size !== found) fail(`shape (${shape}) of ${descr} needs ${size} bytes, ${found} are there`);
  const copy = bytes.slice(start);
  return { shape, data: new array(copy.buffer, 0, count) };
}

interface Entry {
  readonly name: string;
  readonly method: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** Reads an .npz archive: arrays by name, without ".npy". */
export function parseNpz(bytes: Uint8Array, name: string): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>();
  for (const entry of zipEntries(bytes, name)) {
    const label = `${name}:${entry.name}`;
    arrays.set(entry.name.replace(/\.npy$/, ""), parseNpy(unpack(bytes, entry, label), label));
  }
  return arrays;
}

/** The central directory, which unlike the local headers always knows the sizes. */
function zipEntries(bytes: Uint8Array, name: string): Entry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const bad = (found: string) => new InputError(`Cannot read ${name} as a zip archive: ${found}`);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw bad("it has no central directory");
  const entries: Entry[] = [];
  let at = view.getUint32(end + 16, true);
  for (let i = view.getUint16(end + 10, true); i > 0; i--) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) {
      throw bad(`its central directory is broken at byte ${at}`);
    }
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    entries.push({
      name: new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)),
      method: view.getUint16(at + 10, true),
      ...sizes(view, at, at + 46 + nameLength, extraLength),
    });
    at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  }
  return entries;
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

function unpack(bytes: Uint8Array, { method, packed, size, offset }: Entry, name: string) {
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
