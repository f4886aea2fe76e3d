/** What networks need beside convolutions: one typed function an op of `voxmark.h`. */
import type { DType, Tensor } from "./context.ts";
import type { Feature, Reduction } from "./ops.ts";
import type { TensorPtr } from "./symbols.ts";

type F32 = Tensor<"f32">;
type I32 = Tensor<"i32">;

const optional = (tensor: Tensor<DType> | undefined): TensorPtr | null => tensor?.ptr ?? null;

/** act(scale * y + shift + residual); what is left out does nothing. */
export interface DenseEpilogue<T extends Feature = "f32"> {
  /** [C]: a folded batch norm. */
  readonly scale?: F32;
  /** [C]: a bias or a folded batch norm. */
  readonly shift?: F32;
  /** [N, C] */
  readonly residual?: Tensor<T>;
  readonly activation?: "none" | "relu" | "leaky_relu" | "gelu";
  /** Of "leaky_relu" below 0. */
  readonly slope?: number;
}
const ACTIVATIONS = { none: 0, relu: 1, leaky_relu: 2, gelu: 3 } as const;

const epilogueOf = ({ scale, shift, residual }: DenseEpilogue<Feature>) =>
  [optional(scale), optional(shift), optional(residual)] as const;
const activationOf = ({ activation = "none", slope = 0.01 }: DenseEpilogue<Feature>) =>
  [ACTIVATIONS[activation], slope] as const;

/** `x` [N, K] times `weight` [K, M] into `out` [N, M]. */
export function linear<T extends Feature>(
  x: Tensor<T>,
  weight: Tensor<T>,
  out: Tensor<T>,
  epilogue: DenseEpilogue<T> = {},
  variant = 0,
): void {
  const { ctx } = x;
  const status = ctx.lib.vmk_linear(
    ctx.ptr,
    variant,
    x.ptr,
    weight.ptr,
    ...epilogueOf(epilogue),
    out.ptr,
    ...activationOf(epilogue),
  );
  ctx.check(status, "vmk_linear");
}

/** The epilogue on its own, of `x` [N, C] into `out` [N, C], which may be `x`. */
export function affine<T extends Feature>(
  x: Tensor<T>,
  out: Tensor<T>,
  epilogue: DenseEpilogue<T>,
  variant = 0,
): void {
  const { ctx } = x;
  const status = ctx.lib.vmk_affine(
    ctx.ptr,
    variant,
    x.ptr,
    ...epilogueOf(epilogue),
    out.ptr,
    ...activationOf(epilogue),
  );
  ctx.check(status, "vmk_affine");
}

/** Normalises every row of `x` [N, C]; `gamma` and `beta` [C]. */
export function layerNorm<T extends Feature>(
  x: Tensor<T>,
  gamma: F32,
  beta: F32,
  out: Tensor<T>,
  epsilon = 1e-5,
  variant = 0,
): void {
  const { ctx } = x;
  const status = ctx.lib.vmk_layer_norm(
    ctx.ptr,
    variant,
    x.ptr,
    gamma.ptr,
    beta.ptr,
    out.ptr,
    epsilon,
  );
  ctx.check(status, "vmk_layer_norm");
}

/** Softmax over the columns of `x` [N, C]; `out` may be `x`. */
export function softmax<T extends Feature>(x: Tensor<T>, out: Tensor<T>, variant = 0): void {
  const { ctx } = x;
  ctx.check(ctx.lib.vmk_softmax(ctx.ptr, variant, x.ptr, out.ptr), "vmk_softmax");
}

/** The columns of `a` [N, A], then those of `b` [N, B], into `out` [N, A + B]. */
export function concat<T extends Feature>(
  a: Tensor<T>,
  b: Tensor<T>,
  out: Tensor<T>,
  variant = 0,
): void {
  const { ctx } = a;
  ctx.check(ctx.lib.vmk_concat(ctx.ptr, variant, a.ptr, b.ptr, out.ptr), "vmk_concat");
}

/** The first columns of `x` [N, A + B] into `a` [N, A], the rest into `b` [N, B]. */
export function split<T extends Feature>(
  x: Tensor<T>,
  a: Tensor<T>,
  b: Tensor<T>,
  variant = 0,
): void {
  const { ctx } = x;
  ctx.check(ctx.lib.vmk_split(ctx.ptr, variant, x.ptr, a.ptr, b.ptr), "vmk_split");
}

/** Rows that attend to each other, and what is added to their scores; see `vmk_attention`. */
export interface AttentionGroups {
  /** [G, Q]; below 0: none. */
  readonly queries: I32;
  /** [G, T]; below 0: `pad`, or zeros. */
  readonly keys: I32;
  /** [C] each. */
  readonly pad?: { readonly key: F32; readonly value: F32 };
  /** [heads, Q, T] */
  readonly bias?: F32;
  /** [M, Q, T], of group g the g % M-th. */
  readonly mask?: F32;
}

/** What attention reads: `query` [N, C], `key` and `value` [R, C]. */
export interface AttentionRows {
  readonly query: F32;
  readonly key: F32;
  readonly value: F32;
}

/** Scaled dot-product attention with `heads` heads in groups of rows, into `out` [N, C]. */
export function attention(
  { query, key, value }: AttentionRows,
  { queries, keys, pad, bias, mask }: AttentionGroups,
  out: F32,
  heads: number,
  variant = 0,
): void {
  const { ctx } = query;
  const status = ctx.lib.vmk_attention(
    ctx.ptr,
    variant,
    query.ptr,
    key.ptr,
    value.ptr,
    queries.ptr,
    keys.ptr,
    optional(pad?.key),
    optional(pad?.value),
    optional(bias),
    optional(mask),
    out.ptr,
    heads,
  );
  ctx.check(status, "vmk_attention");
}

const POOLINGS: Readonly<Record<Exclude<Reduction, "first">, number>> = { mean: 1, sum: 2, max: 3 };

/** Pools `feats` [N, C] over a kernel map [KV, M] into `out` [M, C]. */
export function mapReduce<T extends Feature>(
  feats: Tensor<T>,
  map: I32,
  out: Tensor<T>,
  reduction: keyof typeof POOLINGS,
  variant = 0,
): void {
  const { ctx } = feats;
  const status = ctx.lib.vmk_map_reduce(
    ctx.ptr,
    variant,
    feats.ptr,
    map.ptr,
    out.ptr,
    POOLINGS[reduction],
  );
  ctx.check(status, "vmk_map_reduce");
}

/** What `gridVoxelize` fills for N points and B batches of r^3 cells; see `voxmark.h`. */
export interface GridVoxelizeOut {
  /** [N] and [B * r^3 + 1]: for `voxelReduce` into the grid. */
  readonly order: I32;
  readonly starts: I32;
  /** [N, 1]: for `devoxelize`, the gradient of that mean. */
  readonly cell: I32;
  readonly share: F32;
  /** [N, 8]: for `devoxelize` from the grid. */
  readonly index: I32;
  readonly weight: F32;
}

/** How `positions` [N, 4] (batch, x, y, z in cells) exchange features with a dense grid. */
export function gridVoxelize(
  positions: F32,
  { order, starts, cell, share, index, weight }: GridVoxelizeOut,
  resolution: number,
  variant = 0,
): void {
  const { ctx } = positions;
  const status = ctx.lib.vmk_grid_voxelize(
    ctx.ptr,
    variant,
    positions.ptr,
    order.ptr,
    starts.ptr,
    cell.ptr,
    share.ptr,
    index.ptr,
    weight.ptr,
    resolution,
  );
  ctx.check(status, "vmk_grid_voxelize");
}
