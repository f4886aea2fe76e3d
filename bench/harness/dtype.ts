/** Features and weights in the element types of the convolutions. */
import type { Feature } from "../../ffi/mod.ts";
import { F32_SUM, type Tolerance } from "./check.ts";

export { BYTES, featureTensor, floatsOf, rounded } from "../../models/dtype.ts";

/** What `--dtype` may be for cases that have more than one. */
export const FEATURE_TYPES = ["f32", "bf16", "f16"] as const satisfies readonly Feature[];

/** The largest relative error of rounding to the type: half a unit of its last place. */
export const UNIT: Readonly<Record<Feature, number>> = {
  f32: 2 ** -24,
  bf16: 2 ** -8,
  f16: 2 ** -11,
};

/** Whether a variant rounds f32 to tf32 for the tensor cores. */
export const isTf32 = (variant: string): boolean => variant.endsWith("_tf32");

/**
 * For a sum in f32 that is stored as `dtype`. Inputs are rounded before, for the reference as well,
 * so only the rounding of the stored result comes on top. Variants on tf32 round both operands of a
 * product to 11 bits: errors of either sign add up like the products do, to about 2^-11 of the sums;
 * four times that, of the largest.
 */
export function sumTolerance(dtype: Feature, variant = ""): Tolerance {
  if (isTf32(variant)) return { ...F32_SUM, scale: 4 * 2 ** -11 };
  return dtype === "f32" ? F32_SUM : { ...F32_SUM, rel: F32_SUM.rel + UNIT[dtype] };
}
