/** NumPy's .npy and .npz, as they are needed for checkpoints, golden files and raw data. */
import { InputError } from "./errors.ts";
import { parseNpyHeader } from "./npy.ts";
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

/** Reads an .npz archive: arrays by name, without ".npy". */
export function parseNpz(bytes: Uint8Array, name: string): Map<string, NpyArray> {
  const arrays = new Map<string, NpyArray>();
  for (const entry of zipEntries(bytes, name)) {
    const label = `${name}:${entry.name}`;
    arrays.set(entry.name.replace(/\.npy$/, ""), parseNpy(unzip(bytes, entry, label), label));
  }
  return arrays;
}
