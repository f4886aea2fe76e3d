/**
 * Voxels and kernel maps: one typed function an op of `voxmark.h`, which says what each argument
 * is.
 */
import type { Tensor } from "./context.ts";

type F32 = Tensor<"f32">;
type I32 = Tensor<"i32">;
type I64 = Tensor<"i64">;

/** The kernel of a layer: size, stride and dilation along x, y, z. */
export interface Geometry {
  readonly kernel: readonly [number, number, number];
  readonly stride: readonly [number, number, number];
  readonly dilation: readonly [number, number, number];
}

/** A cubic kernel. */
export function geometry(kernel: number, stride = 1, dilation = 1): Geometry {
  const cube = (size: number) => [size, size, size] as const;
  return { kernel: cube(kernel), stride: cube(stride), dilation: cube(dilation) };
}

/** Number of offsets of a kernel. */
export function kernelVolume({ kernel }: Geometry): number {
  return kernel[0] * kernel[1] * kernel[2];
}

/** A kernel as voxmark.h takes it. */
export function ints({ kernel, stride, dilation }: Geometry): Int32Array<ArrayBuffer> {
  return Int32Array.of(...kernel, ...stride, ...dilation);
}

/** Types that features and weights may have; sums are always f32. */
export type Feature = "f32" | "bf16" | "f16";

export type Rounding = "floor" | "round";
export type Reduction = "first" | "mean" | "sum" | "max";
const ROUNDINGS: Readonly<Record<Rounding, number>> = { floor: 0, round: 1 };
const REDUCTIONS: Readonly<Record<Reduction, number>> = { first: 0, mean: 1, sum: 2, max: 3 };

/** `points` [N, C >= 3] to voxel `coords` [N, 4]; voxel size and origin in metres. */
export function quantize(
  points: F32,
  batch: I32 | null,
  coords: I32,
  voxel: readonly [number, number, number],
  origin: readonly [number, number, number],
  rounding: Rounding,
  variant = 0,
): void {
  const { ctx } = points;
  const grid = Float32Array.of(...voxel, ...origin);
  const status = ctx.lib.vmk_quantize(
    ctx.ptr,
    variant,
    points.ptr,
    batch?.ptr ?? null,
    coords.ptr,
    grid,
    ROUNDINGS[rounding],
  );
  ctx.check(status, "vmk_quantize");
}

/** The tensors that `voxelize` fills; `voxels` and `starts` hold `count` (+ 1) valid rows. */
export interface VoxelizeOut {
  readonly voxels: I32;
  readonly inverse: I32;
  readonly order: I32;
  readonly starts: I32;
  readonly count: I64;
}

/** Groups the equal rows of `coords` [N, 4]. */
export function voxelize(coords: I32, out: VoxelizeOut, variant = 0): void {
  const { ctx } = coords;
  const { voxels, inverse, order, starts, count } = out;
  const status = ctx.lib.vmk_voxelize(
    ctx.ptr,
    variant,
    coords.ptr,
    voxels.ptr,
    inverse.ptr,
    order.ptr,
    starts.ptr,
    count.ptr,
  );
  ctx.check(status, "vmk_voxelize");
}

/** Reduces `feats` [N, C] to voxels `out` [M, C]. */
export function voxelReduce<T extends Feature>(
  feats: Tensor<T>,
  order: I32,
  starts: I32,
  out: Tensor<T>,
  reduction: Reduction,
  variant = 0,
): void {
  const { ctx } = feats;
  const status = ctx.lib.vmk_voxel_reduce(
    ctx.ptr,
    variant,
    feats.ptr,
    order.ptr,
    starts.ptr,
    out.ptr,
    REDUCTIONS[reduction],
  );
  ctx.check(status, "vmk_voxel_reduce");
}

/** Voxel rows and weights of `positions` [N, 4] into `index` and `weight` [N, 1 or 8]. */
export function devoxelizeMap(
  positions: F32,
  voxels: I32,
  index: I32,
  weight: F32,
  stride: number,
  variant = 0,
): void {
  const { ctx } = positions;
  const status = ctx.lib.vmk_devoxelize_map(
    ctx.ptr,
    variant,
    positions.ptr,
    voxels.ptr,
    index.ptr,
    weight.ptr,
    stride,
  );
  ctx.check(status, "vmk_devoxelize_map");
}

/** Weighted sums of the rows of `feats` [M, C] into `out` [N, C]. */
export function devoxelize<T extends Feature>(
  feats: Tensor<T>,
  index: I32,
  weight: F32 | null,
  out: Tensor<T>,
  variant = 0,
): void {
  const { ctx } = feats;
  const status = ctx.lib.vmk_devoxelize(
    ctx.ptr,
    variant,
    feats.ptr,
    index.ptr,
    weight?.ptr ?? null,
    out.ptr,
  );
  ctx.check(status, "vmk_devoxelize");
}

/** Fills the table `keys`, `rows` [capacity] from `coords` [N, 4]. */
export function hashInsert(coords: I32, keys: I64, rows: I32, variant = 0): void {
  const { ctx } = coords;
  const status = ctx.lib.vmk_hash_insert(ctx.ptr, variant, coords.ptr, keys.ptr, rows.ptr);
  ctx.check(status, "vmk_hash_insert");
}

/** Looks `queries` [Q, 4] up; `found` [Q] is a row or -1. */
export function hashQuery(
  keys: I64,
  rows: I32,
  queries: I32,
  found: I32,
  variant = 0,
): void {
  const { ctx } = keys;
  const status = ctx.lib.vmk_hash_query(
    ctx.ptr,
    variant,
    keys.ptr,
    rows.ptr,
    queries.ptr,
    found.ptr,
  );
  ctx.check(status, "vmk_hash_query");
}

/** "reached": every output that sees an input; "floor": floor(p / stride) of every input. */
export type OutputMode = "reached" | "floor";
const MODES: Readonly<Record<OutputMode, number>> = { reached: 0, floor: 1 };

/** Lowest and highest x, y, z that an output may have. */
export interface Bounds {
  readonly low: readonly [number, number, number];
  readonly high: readonly [number, number, number];
}

const limits = (bounds: Bounds | null) => bounds && Int32Array.of(...bounds.low, ...bounds.high);

/** Output coordinates of a strided layer into `outCoords` [>= M, 4]; `count` [1] is M. */
export function downsample(
  coords: I32,
  outCoords: I32,
  count: I64,
  layer: Geometry,
  mode: OutputMode = "reached",
  bounds: Bounds | null = null,
  variant = 0,
): void {
  const { ctx } = coords;
  const status = ctx.lib.vmk_downsample(
    ctx.ptr,
    variant,
    coords.ptr,
    outCoords.ptr,
    count.ptr,
    ints(layer),
    MODES[mode],
    limits(bounds),
  );
  ctx.check(status, "vmk_downsample");
}

/** The kernel map [KV, M] of a layer. */
export function kernelMap(
  inCoords: I32,
  outCoords: I32,
  map: I32,
  layer: Geometry,
  variant = 0,
): void {
  const { ctx } = inCoords;
  const status = ctx.lib.vmk_kernel_map(
    ctx.ptr,
    variant,
    inCoords.ptr,
    outCoords.ptr,
    map.ptr,
    ints(layer),
  );
  ctx.check(status, "vmk_kernel_map");
}

/**
 * {@linkcode downsample} and {@linkcode kernelMap} of a strided layer together: `outCoords` [B, 4]
 * and `map` [KV, B] for B >= M outputs; [KV, M] is written packed at the beginning of `map`.
 */
export function stridedMap(
  coords: I32,
  outCoords: I32,
  map: I32,
  count: I64,
  layer: Geometry,
  mode: OutputMode = "reached",
  bounds: Bounds | null = null,
  variant = 0,
): void {
  const { ctx } = coords;
  const status = ctx.lib.vmk_strided_map(
    ctx.ptr,
    variant,
    coords.ptr,
    outCoords.ptr,
    map.ptr,
    count.ptr,
    ints(layer),
    MODES[mode],
    limits(bounds),
  );
  ctx.check(status, "vmk_strided_map");
}

/** The map [KV, N] of the transposed layer from the map [KV, M] of the layer. */
export function kernelMapTranspose(map: I32, out: I32, variant = 0): void {
  const { ctx } = map;
  const status = ctx.lib.vmk_kernel_map_transpose(ctx.ptr, variant, map.ptr, out.ptr);
  ctx.check(status, "vmk_kernel_map_transpose");
}

/** Prefix sums [KV + 1] of the pairs of each offset. */
export function kernelMapCount(map: I32, starts: I64, variant = 0): void {
  const { ctx } = map;
  const status = ctx.lib.vmk_kernel_map_count(ctx.ptr, variant, map.ptr, starts.ptr);
  ctx.check(status, "vmk_kernel_map_count");
}

/** Input and output rows [2, P] of all pairs, grouped by offset. */
export function kernelMapPairs(map: I32, starts: I64, pairs: I32, variant = 0): void {
  const { ctx } = map;
  const status = ctx.lib.vmk_kernel_map_pairs(ctx.ptr, variant, map.ptr, starts.ptr, pairs.ptr);
  ctx.check(status, "vmk_kernel_map_pairs");
}

/** A map with its rows in the order of their neighbours, by parts of its offsets. */
export interface RowOrder {
  /** [S, M]. */
  readonly order: I32;
  /** [KV, M]. */
  readonly ordered: I32;
}

/** Sorts the rows of `map` [KV, M] into as many parts as `order` has rows. */
export function kernelMapOrder(map: I32, { order, ordered }: RowOrder, variant = 0): void {
  const { ctx } = map;
  const status = ctx.lib.vmk_kernel_map_order(
    ctx.ptr,
    variant,
    map.ptr,
    order.ptr,
    ordered.ptr,
  );
  ctx.check(status, "vmk_kernel_map_order");
}

/** Pairs by offset, for the convolutions that work offset by offset. */
export interface Pairs {
  readonly pairs: I32;
  readonly starts: I64;
}
