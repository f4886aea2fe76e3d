/** Sparse convolution in 8 bits, and how weights and features come to have them. */
import type { Tensor } from "./context.ts";
import { type Activation, activationId } from "./conv_ops.ts";

type F32 = Tensor<"f32">;
type I8 = Tensor<"i8">;

/** What {@linkcode sparseConvInt8} does to its sums: act(scale * sum + shift + residual). */
export interface Int8Epilogue<T extends "f32" | "i8"> {
  /** [Cout]: what a step of the features times a step of the channel's weights is worth. */
  readonly scale: F32;
  /** [Cout]. */
  readonly shift?: F32;
  /** [M, Cout]. */
  readonly residual?: Tensor<T>;
  readonly activation?: Activation;
  /** Of leaky_relu below 0; 0.01 when not given. */
  readonly slope?: number;
}

/** Convolution of `feats` [N, Cin] with `weight` [KV, Cin, Cout] into `out` [M, Cout]. */
export function sparseConvInt8<T extends "f32" | "i8">(
  feats: I8,
  weight: I8,
  map: Tensor<"i32">,
  out: Tensor<T>,
  { scale, shift, residual, activation = "none", slope = 0.01 }: Int8Epilogue<T>,
  variant = 0,
): void {
  const { ctx } = feats;
  const status = ctx.lib.vmk_sparse_conv_int8(
    ctx.ptr,
    variant,
    feats.ptr,
    weight.ptr,
    map.ptr,
    scale.ptr,
    shift?.ptr ?? null,
    residual?.ptr ?? null,
    out.ptr,
    activationId(activation),
    slope,
  );
  ctx.check(status, "vmk_sparse_conv_int8");
}

/** Values as whole steps in [-127, 127] and the size of a step: value = step * number of steps. */
export interface Quantized {
  readonly steps: Int8Array<ArrayBuffer>;
  /** One of each channel, or one of all. */
  readonly size: Float32Array<ArrayBuffer>;
}

/**
 * Values [.., channels] in steps of their own for each of the last axis's channels (weights), or,
 * with `channels` 1, in equal steps (features). The largest magnitude is 127 steps.
 */
export function quantizeSymmetric(values: Float32Array, channels: number): Quantized {
  const most = new Float32Array(channels);
  values.forEach((value, i) => {
    most[i % channels] = Math.max(most[i % channels]!, Math.abs(value));
  });
  // A channel of zeros has no size of its own; any will do.
  const size = most.map((value) => value > 0 ? value / 127 : 1);
  const steps = Int8Array.from(values, (value, i) => Math.round(value / size[i % channels]!));
  return { steps, size };
}
