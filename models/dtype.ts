/** Features and weights in the element types of the convolutions. */
import {
  type Context,
  type Feature,
  fromBf16,
  fromF16,
  type Tensor,
  toBf16,
  toF16,
} from "../ffi/mod.ts";

/** Bytes of a value. */
export const BYTES: Readonly<Record<Feature, number>> = { f32: 4, bf16: 2, f16: 2 };

/** f32 values as a tensor of `dtype` holds them. */
export function encoded(dtype: Feature, values: Float32Array): Float32Array | Uint16Array {
  switch (dtype) {
    case "f32":
      return values;
    case "bf16":
      return toBf16(values);
    case "f16":
      return toF16(values);
  }
}

/** A tensor of `dtype` from f32 values. */
export function featureTensor(
  ctx: Context,
  dtype: Feature,
  shape: readonly number[],
  values: Float32Array,
): Tensor<Feature> {
  return ctx.tensorFrom(dtype, shape, encoded(dtype, values));
}

/** The values of a tensor as f32, which holds all three types. */
export function floatsOf(tensor: Tensor<Feature>): Float32Array<ArrayBuffer> {
  const values = tensor.download();
  if (values instanceof Float32Array) return values;
  return tensor.dtype === "bf16" ? fromBf16(values) : fromF16(values);
}

/** The values that are left after rounding to a type: what the reference must start from. */
export function rounded(values: Float32Array<ArrayBuffer>, dtype: Feature) {
  if (dtype === "f32") return values;
  return dtype === "bf16" ? fromBf16(toBf16(values)) : fromF16(toF16(values));
}
