/** What the tests of ops on bf16 and f16 share: rounded inputs, and how near sums must come. */
import { assertThrows } from "@std/assert";
import {
  type Context,
  type Feature,
  fromBf16,
  fromF16,
  KernelError,
  type Tensor,
  toBf16,
  toF16,
} from "./mod.ts";
import { assertClose, randomFloats } from "./testing.ts";

export type Half = Exclude<Feature, "f32">;
export const HALVES: readonly Half[] = ["bf16", "f16"];

/** Half a unit of the last place: what rounding the stored result changes it by, relatively. */
const UNIT: Readonly<Record<Feature, number>> = { f32: 2 ** -24, bf16: 2 ** -8, f16: 2 ** -11 };
/** f16 below 2^-14 has a fixed spacing of 2^-24. */
const SMALLEST = 2 ** -25;

export const bitsOf = (dtype: Half, values: Float32Array) =>
  dtype === "bf16" ? toBf16(values) : toF16(values);
export const valuesOf = (dtype: Half, bits: Uint16Array) =>
  dtype === "bf16" ? fromBf16(bits) : fromF16(bits);

/** A seeded tensor of a type, and the values it holds. */
export function made(ctx: Context, dtype: Half, shape: readonly number[], seed: number) {
  const count = shape.reduce((product, size) => product * size, 1);
  const bits = bitsOf(dtype, randomFloats(count, seed));
  return { tensor: ctx.tensorFrom(dtype, shape, bits), values: valuesOf(dtype, bits) };
}

export function floats(tensor: Tensor<Feature>): Float32Array {
  const found = tensor.download();
  if (found instanceof Float32Array) return found;
  return valuesOf(tensor.dtype as Half, found as Uint16Array);
}

/** f32 sums of `products` products of values in [-1, 1], rounded to the type of the result. */
export function assertSums(
  tensor: Tensor<Feature>,
  expected: ArrayLike<number>,
  products: number,
  what: string,
): void {
  const unit = UNIT[tensor.dtype];
  assertClose(floats(tensor), expected, SMALLEST + products * 1e-7, unit + 1e-6, what);
}

/** Runs a variant, or makes sure that one which is for f32 alone says so. */
export function takes(ctx: Context, run: () => void, variant: string): boolean {
  const f32Only = variant.endsWith("_tf32") ||
    (ctx.backend !== "cpu" && variant === "prefix_sum");
  if (f32Only) assertThrows(run, KernelError, "takes f32");
  else run();
  return !f32Only;
}
