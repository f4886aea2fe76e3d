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

/** A tensor of `dtype` from f32 values. */
export function featureTensor(
  ctx: Context,
  dtype: Feature,
  shape: readonly number[],
  values: Float32Array,
): Tensor<Feature> {
  switch (dtype) {
    case "f32":
      return ctx.tensorFrom("f32", shape, values);
    case "bf16":
      return ctx.tensorFrom("bf16", shape, toBf16(values));
    case "f16":
      return ctx.tensorFrom("f16", shape, toF16(values));
  }
}

/** The values of a tensor as f32, which holds all three types. */
export function floatsOf(tensor: Tensor<Feature>): Float32Array<ArrayBuffer> {
  const values = tensor.download();
  if (values instanceof Float32Array) return values;
  return tensor.dtype === "bf16" ? fromBf16(values) : fromF16(values);
}
