/** Sparse convolution and how its dataflows work; see `voxmark.h`. */
import { type Context, DTYPES, type Tensor } from "./context.ts";
import { readText } from "./library.ts";
import type { Feature, Pairs, RowOrder } from "./ops.ts";

type F32 = Tensor<"f32">;
type I32 = Tensor<"i32">;

/** Columns of packed weights. */
const PACKED_CHANNELS = 64;

export type Activation = "none" | "relu" | "leaky_relu";
const ACTIVATIONS: Readonly<Record<Activation, number>> = {
  "none": 0,
  "relu": 1,
  "leaky_relu": 2,
};

/** The number of an activation in voxmark.h. */
export function activationId(activation: Activation): number {
  return ACTIVATIONS[activation];
}

/** What follows a convolution in the same pass: act(scale * sum + shift + residual). */
export interface Epilogue<T extends Feature = "f32"> {
  /** [Cout], with `shift` a folded batch norm. */
  readonly scale?: F32;
  /** [Cout]. */
  readonly shift?: F32;
  /** [M, Cout]. */
  readonly residual?: Tensor<T>;
  readonly activation?: Activation;
  /** Of leaky_relu below 0; 0.01 when not given. */
  readonly slope?: number;
}

/**
 * Sparse convolution of `feats` [N, Cin] with `weight` [KV, Cin, Cout], packed or not, into `out`
 * [M, Cout].
 *
 * @param made what the variant reads beside the map: see {@linkcode convNeedsPairs} and
 *   {@linkcode convTakesOrder}
 */
export function sparseConv<T extends Feature>(
  feats: Tensor<T>,
  weight: Tensor<T>,
  map: I32,
  made: Pairs | RowOrder | null,
  out: Tensor<T>,
  variant = 0,
  { scale, shift, residual, activation = "none", slope = 0.01 }: Epilogue<T> = {},
): void {
  const { ctx } = feats;
  const pairs = made !== null && "pairs" in made ? made : null;
  const rows = made !== null && "order" in made ? made : null;
  const status = ctx.lib.vmk_sparse_conv(
    ctx.ptr,
    variant,
    feats.ptr,
    weight.ptr,
    map.ptr,
    pairs?.pairs.ptr ?? null,
    pairs?.starts.ptr ?? null,
    rows?.order.ptr ?? null,
    rows?.ordered.ptr ?? null,
    scale?.ptr ?? null,
    shift?.ptr ?? null,
    residual?.ptr ?? null,
    out.ptr,
    activationId(activation),
    slope,
  );
  ctx.check(status, "vmk_sparse_conv");
}

/** How the dataflows of sparse_conv work on a context. */
export interface ConvSettings {
  /** Redundancy bound of a group, 0 to 1. */
  readonly epsilon?: number;
  /** Pairs below which a group is one padded batch (S). */
  readonly threshold?: number;
  /** Mask splits. */
  readonly splits?: number;
  /** One of {@linkcode convTiles}; the library's choice when not given. */
  readonly tile?: string;
  /** Pieces that a sum is cut into (split-K), at most 16; the library's choice when not given. */
  readonly pieces?: number;
}

/** Sets them for all later convolutions on `ctx`. */
export function convSettings(
  ctx: Context,
  { epsilon = 0, threshold = 0, splits = 1, tile, pieces = 0 }: ConvSettings,
): void {
  const status = ctx.lib.vmk_conv_settings(
    ctx.ptr,
    epsilon,
    BigInt(threshold),
    splits,
    tile === undefined ? null : new TextEncoder().encode(`${tile}\0`),
    pieces,
  );
  ctx.check(status, "vmk_conv_settings");
}

/** Whether a variant of sparse_conv reads {@linkcode Pairs}. */
export function convNeedsPairs(ctx: Context, variant: number): boolean {
  return ctx.lib.vmk_conv_needs_pairs(variant) === 1;
}

/** Whether a variant of sparse_conv reads a {@linkcode RowOrder} where it is given one. */
export function convTakesOrder(ctx: Context, variant: number): boolean {
  return ctx.lib.vmk_conv_takes_order(variant) === 1;
}

/**
 * Rows of `weight` [KV, Cin, Cout] when it is packed for a variant of sparse_conv, [rows, 64]; 0 for
 * a variant that reads weights as they are.
 */
export function convPackedRows(
  ctx: Context,
  variant: number,
  [kv, cin, cout]: readonly [kv: number, cin: number, cout: number],
): number {
  const sizes = [BigInt(kv), BigInt(cin), BigInt(cout)] as const;
  return Number(ctx.lib.vmk_conv_packed_rows(variant, ...sizes));
}

/**
 * Packs `weight` [KV, Cin, Cout] into `out` [rows, 64], which {@linkcode sparseConv} then takes
 * instead in the variants that {@linkcode convPackedRows} has rows for: they need not do it again.
 */
export function weightPack<T extends Feature>(
  weight: Tensor<T>,
  out: Tensor<T>,
  variant = 0,
): void {
  const { ctx } = weight;
  ctx.check(ctx.lib.vmk_weight_pack(ctx.ptr, variant, weight.ptr, out.ptr), "vmk_weight_pack");
}

/** Weights [KV, Cin, Cout] as a variant reads them: packed, and `weight` disposed, or `weight`. */
export function packedFor(variant: number, weight: Tensor<Feature>): Tensor<Feature> {
  const { ctx, dtype } = weight;
  const rows = convPackedRows(ctx, variant, weight.shape as [number, number, number]);
  // What takes packed weights takes 16 bits, and says so of others when it runs.
  if (rows === 0 || dtype === "f32") return weight;
  using raw = weight;
  using stack = new DisposableStack();
  const packed = stack.use(ctx.tensor<Feature>(dtype, [rows, PACKED_CHANNELS]));
  weightPack(raw, packed);
  stack.move();
  return packed;
}

/** The tiles that a variant of sparse_conv can be told to use here; none where it has no choice. */
export function convTiles(ctx: Context, variant: number, dtype: Feature): string[] {
  const { id } = DTYPES[dtype];
  const text = readText((to, cap) => ctx.lib.vmk_conv_tiles(ctx.ptr, variant, id, to, cap));
  return text === "" ? [] : text.split(",");
}
