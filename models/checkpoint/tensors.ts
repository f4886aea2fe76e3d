/** The element types of checkpoints, and tensors as views of their stored numbers. */
import { fromBf16, fromF16 } from "../../ffi/mod.ts";
import type { StateTensor } from "../weights.ts";

/** What numbers are stored as; safetensors' names. */
export const WIDTHS = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
} as const;
export type Element = keyof typeof WIDTHS;

/** Numbers of a shape; not a safe integer where the sizes are absurd. */
export function product(shape: readonly number[]): number {
  return shape.reduce((all, n) => all * n, 1);
}

/** A tensor of row-major values that begin at `bytes`. */
export function storedTensor(
  element: Element,
  shape: readonly number[],
  bytes: Uint8Array,
): StateTensor {
  return { shape, floats: () => toFloats(element, bytes) };
}

/** Values as f32; a view where they are that and lie on a multiple of 4 bytes. */
export function toFloats(element: Element, bytes: Uint8Array): Float32Array {
  const width = WIDTHS[element];
  const length = bytes.length / width;
  const aligned = bytes.byteOffset % width === 0 ? bytes : bytes.slice();
  const { buffer, byteOffset } = aligned;
  switch (element) {
    case "F32":
      return new Float32Array(buffer, byteOffset, length);
    case "F64":
      return Float32Array.from(new Float64Array(buffer, byteOffset, length));
    case "F16":
      return fromF16(new Uint16Array(buffer, byteOffset, length));
    case "BF16":
      return fromBf16(new Uint16Array(buffer, byteOffset, length));
    case "I64":
      return Float32Array.from(new BigInt64Array(buffer, byteOffset, length), Number);
    case "I32":
      return Float32Array.from(new Int32Array(buffer, byteOffset, length));
    case "I16":
      return Float32Array.from(new Int16Array(buffer, byteOffset, length));
    case "I8":
      return Float32Array.from(new Int8Array(buffer, byteOffset, length));
    case "U8":
    case "BOOL":
      return Float32Array.from(aligned);
  }
}
