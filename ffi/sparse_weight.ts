/** Weight-sparse convolution: the ops of `voxmark.h`, and the compressed weights that they share. */
import type { Tensor } from "./context.ts";

type F32 = Tensor<"f32">;
type I32 = Tensor<"i32">;
type I64 = Tensor<"i64">;

/** Prefix sums [KV * Cout + 1] of the weights that are not 0, by offset and output channel. */
export function weightCount(weight: F32, starts: I64, variant = 0): void {
  const { ctx } = weight;
  const status = ctx.lib.vmk_weight_count(ctx.ptr, variant, weight.ptr, starts.ptr);
  ctx.check(status, "vmk_weight_count");
}

/** Input channels `index` and `value` of the weights that are not 0, in the order of `starts`. */
export function weightCompress(
  weight: F32,
  starts: I64,
  index: I32,
  value: F32,
  variant = 0,
): void {
  const { ctx } = weight;
  const status = ctx.lib.vmk_weight_compress(
    ctx.ptr,
    variant,
    weight.ptr,
    starts.ptr,
    index.ptr,
    value.ptr,
  );
  ctx.check(status, "vmk_weight_compress");
}

/** The weights [KV, Cin, Cout] of a layer that are not 0. */
export class CompressedWeight implements Disposable {
  /**
   * @param starts [KV * Cout + 1]: where the weights of each offset and output channel begin
   * @param index the input channel and
   * @param value the value of each
   */
  constructor(readonly starts: I64, readonly index: I32, readonly value: F32) {}

  static from(weight: F32): CompressedWeight {
    const { ctx } = weight;
    const columns = weight.shape[0]! * weight.shape[2]!;
    using stack = new DisposableStack();
    const starts = stack.use(ctx.tensor("i64", [columns + 1]));
    weightCount(weight, starts);
    const nonzeros = Number(starts.download()[columns]);
    const index = stack.use(ctx.tensor("i32", [nonzeros]));
    const value = stack.use(ctx.tensor("f32", [nonzeros]));
    weightCompress(weight, starts, index, value);
    stack.move();
    return new CompressedWeight(starts, index, value);
  }

  /** How many weights are not 0. */
  get nonzeros(): number {
    return this.index.rows;
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.starts, this.index, this.value]) tensor[Symbol.dispose]();
  }
}

/** Sparse convolution of `feats` [N, Cin] with compressed weights into `out` [M, Cout]. */
export function sparseConvWs(
  feats: F32,
  { starts, index, value }: CompressedWeight,
  map: I32,
  out: F32,
  variant = 0,
): void {
  const { ctx } = feats;
  const status = ctx.lib.vmk_sparse_conv_ws(
    ctx.ptr,
    variant,
    feats.ptr,
    starts.ptr,
    index.ptr,
    value.ptr,
    map.ptr,
    out.ptr,
  );
  ctx.check(status, "vmk_sparse_conv_ws");
}
