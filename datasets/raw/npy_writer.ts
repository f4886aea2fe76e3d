import { joined } from "../../std/joined.ts";

const DESCR = {
  Uint8Array: "|u1",
  Uint16Array: "<u2",
  Int32Array: "<i4",
  Float32Array: "<f4",
  Float64Array: "<f8",
} as const;

type NpyValues = Uint8Array | Uint16Array | Int32Array | Float32Array | Float64Array;

/** A .npy file as NumPy writes it. */
export function npyBytes(data: NpyValues, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const values = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return joined(Uint8Array, [npyHeader(data, shape), values]);
}

/** What comes before the values in a .npy file. */
export function npyHeader(data: NpyValues, shape: readonly number[]): Uint8Array<ArrayBuffer> {
  const descr = DESCR[data.constructor.name as keyof typeof DESCR];
  const sides = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${sides}), }`;
  // The values begin at a multiple of 64 bytes.
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const header = new TextEncoder().encode(`${text.padEnd(length - 1)}\n`);
  const signature = Uint8Array.of(0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, length, length >> 8);
  return joined(Uint8Array, [signature, header]);
}
