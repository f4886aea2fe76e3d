/** Gradients of a sparse convolution: the ops of `voxmark.h`, and steps that make their outputs. */
import { type Context, DTYPES, type Tensor } from "./context.ts";
import { convNeedsPairs, sparseConv } from "./conv_ops.ts";
import { readText } from "./library.ts";
import type { Feature, Pairs } from "./ops.ts";
import type { KernelMap } from "./sparse.ts";

type F32 = Tensor<"f32">;
type I32 = Tensor<"i32">;

/**
 * Gradient [KV, Cin, Cout] of the weights from `feats` [N, Cin] and `gradOut` [M, Cout], in f32 or
 * in the type of these.
 */
export function sparseConvWgrad<T extends Feature>(
  feats: Tensor<T>,
  gradOut: Tensor<T>,
  map: I32,
  pairs: Pairs | null,
  gradWeight: F32 | Tensor<T>,
  variant = 0,
): void {
  const { ctx } = feats;
  const status = ctx.lib.vmk_sparse_conv_wgrad(
    ctx.ptr,
    variant,
    feats.ptr,
    gradOut.ptr,
    map.ptr,
    pairs?.pairs.ptr ?? null,
    pairs?.starts.ptr ?? null,
    gradWeight.ptr,
  );
  ctx.check(status, "vmk_sparse_conv_wgrad");
}

/** How sparse_conv_wgrad works on a context. */
export interface WgradSettings {
  /** One of {@linkcode wgradTiles}; the library's choice when not given. */
  readonly tile?: string;
  /** Pairs of an offset that are summed in one go; the library's choice when not given. */
  readonly chunk?: number;
}

/** Sets them for all later gradients of weights on `ctx`. */
export function wgradSettings(ctx: Context, { tile, chunk = 0 }: WgradSettings): void {
  const name = tile === undefined ? null : new TextEncoder().encode(`${tile}\0`);
  ctx.check(ctx.lib.vmk_wgrad_settings(ctx.ptr, name, chunk), "vmk_wgrad_settings");
}

/** Whether a variant of sparse_conv_wgrad reads {@linkcode Pairs} where it is given them. */
export function wgradTakesPairs(ctx: Context, variant: number): boolean {
  return ctx.lib.vmk_wgrad_takes_pairs(variant) === 1;
}

/** The tiles that a variant of sparse_conv_wgrad can be told to use here; none without a choice. */
export function wgradTiles(ctx: Context, variant: number, dtype: Feature): string[] {
  const { id } = DTYPES[dtype];
  const text = readText((to, cap) => ctx.lib.vmk_wgrad_tiles(ctx.ptr, variant, id, to, cap));
  return text === "" ? [] : text.split(",");
}

/** `weight` [KV, Cin, Cout] with the channels swapped, into `out` [KV, Cout, Cin]. */
export function weightTranspose<T extends Feature>(
  weight: Tensor<T>,
  out: Tensor<T>,
  variant = 0,
): void {
  const { ctx } = weight;
  const status = ctx.lib.vmk_weight_transpose(ctx.ptr, variant, weight.ptr, out.ptr);
  ctx.check(status, "vmk_weight_transpose");
}

/**
 * The gradient [N, Cin] of the input of a layer: the transposed convolution of its output's
 * gradient.
 *
 * @param gradOut [M, Cout]
 * @param weight [KV, Cin, Cout] of the layer
 * @param transposed the layer's map, transposed: made once, it serves every step of a training
 * @param variant of sparse_conv
 */
export function convDgrad<T extends Feature>(
  gradOut: Tensor<T>,
  weight: Tensor<T>,
  transposed: KernelMap,
  variant = 0,
): Tensor<T> {
  const { ctx } = gradOut;
  const [kv, cin, cout] = weight.shape as [number, number, number];
  using swapped = ctx.tensor(weight.dtype, [kv, cout, cin]);
  weightTranspose(weight, swapped);
  using stack = new DisposableStack();
  const out = stack.use(ctx.tensor(weight.dtype, [transposed.outputs, cin]));
  const pairs = convNeedsPairs(ctx, variant) ? transposed.pairs : null;
  sparseConv(gradOut, swapped, transposed.map, pairs, out, variant);
  stack.move();
  return out;
}

/**
 * The gradient [KV, Cin, Cout] of the weights of a layer, in f32.
 *
 * @param feats [N, Cin], the input of the layer
 * @param gradOut [M, Cout]
 * @param map of the layer
 */
export function convWgrad<T extends Feature>(
  feats: Tensor<T>,
  gradOut: Tensor<T>,
  map: KernelMap,
  variant = 0,
): F32 {
  const { ctx } = feats;
  using stack = new DisposableStack();
  const shape = [map.map.rows, feats.shape[1]!, gradOut.shape[1]!];
  const out = stack.use(ctx.tensor("f32", shape));
  sparseConvWgrad(feats, gradOut, map.map, null, out, variant);
  stack.move();
  return out;
}
