/** Binary records of fixed length: the body of PLY, PCD and LAS files. */
import type { CloudColumn } from "./cloud.ts";

/** Kind and bytes of a number: f = float, i = signed, u = unsigned. */
export type NumberType = "f4" | "f8" | "i1" | "i2" | "i4" | "u1" | "u2" | "u4";

export const ARRAYS = {
  f4: Float32Array,
  f8: Float64Array,
  i1: Int8Array,
  i2: Int16Array,
  i4: Int32Array,
  u1: Uint8Array,
  u2: Uint16Array,
  u4: Uint32Array,
} as const;

export const bytesOf = (type: NumberType): number => ARRAYS[type].BYTES_PER_ELEMENT;

/** Reads the number at a byte. */
export type Get = (view: DataView, at: number, little: boolean) => number;

export const GET: Readonly<Record<NumberType, Get>> = {
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, little) => view.getInt16(at, little),
  i4: (view, at, little) => view.getInt32(at, little),
  u1: (view, at) => view.getUint8(at),
  u2: (view, at, little) => view.getUint16(at, little),
  u4: (view, at, little) => view.getUint32(at, little),
};

/** Where the values of a field lie: the first at byte `start`, the others `stride` bytes apart. */
export interface FieldPlace {
  readonly type: NumberType;
  readonly start: number;
  readonly stride: number;
  readonly little: boolean;
}

/** `count` values of a field; the caller has checked that they lie inside `view`. */
export function readField(
  view: DataView,
  { type, start, stride, little }: FieldPlace,
  count: number,
): CloudColumn {
  const column = new ARRAYS[type](count);
  const get = GET[type];
  for (let i = 0; i < count; i++) column[i] = get(view, start + i * stride, little);
  return column;
}
