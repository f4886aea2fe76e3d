/** NumPy's .npy and .npz, as they are needed for checkpoints, golden files and raw data. */
import { InputError } from "./errors.ts";
import { unzip, zipEntries } from "./zip.ts";

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
  if (bytes.length < 10 || String.fromCharCode(...bytes.subarray(0, 6)) !== "\x93NUMPY") {
    fail("it does not begin with the NumPy signature");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6]! >= 2;
  const start = wide ? 12 : 10;
  const length = wide && bytes.length >= 12 ? view.getUint32(8, true) : view.getUint16(8, true);
  if (start + length > bytes.length) {
    fail(`its header is ${length} bytes, the file ${bytes.length}`);
  }
  const header = new TextDecoder().decode(bytes.subarray(start, start + length));
  const descr = header.match(/'descr': *'([^']+)'/)?.[1] ?? "";
  const shapeText = header.match(/'shape': *\(([\d, ]*)\)/)?.[1];
  if (!/'fortran_order': *False/.test(header)) fail("it is in Fortran order, C order is needed");
  if (!(descr in ARRAYS) || shapeText === undefined) fail(`it is ${header.trim()}`);
  const array = ARRAYS[descr as keyof typeof ARRAYS];
  const shape = shapeText!.split(",").map((part) => part.trim()).filter(Boolean).map(Number);
  const count = shape.reduce((a, b) => a * b, 1);
  const size = count * array.BYTES_PER_ELEMENT;
  const found = bytes.length - start - length;
  if (size !== found) fail(`shape (${shape}) of ${descr} needs ${size} bytes, ${found} are there`);
  const copy = bytes.slice(start + length);
  return { shape, data: new array(copy.buffer, 0, count) };
}

/** Reads an .npz archive: arrays by name, without ".npy". */
export function parseNpz(bytes: Uint8Array, name: string): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>();
  for (const entry of zipEntries(bytes, name)) {
    const label = `${name}:${entry.name}`;
    arrays.set(entry.name.replace(/\.npy$/, ""), parseNpy(unzip(bytes, entry, label), label));
  }
  return arrays;
}
