/** Bird's-eye-view pooling: one typed function an op of `voxmark.h`, like `ops.ts`. */
import type { Tensor } from "./context.ts";
import type { Feature } from "./ops.ts";

type F32 = Tensor<"f32">;
type I32 = Tensor<"i32">;
type I64 = Tensor<"i64">;

/** A BEV grid: the lower faces of cell 0 and the size of a cell in metres, and cells an axis. */
export interface BevGrid {
  readonly low: readonly [number, number, number];
  readonly size: readonly [number, number, number];
  readonly cells: readonly [number, number, number];
  /** The points are as many equal shares, one after the other; 1 by default. */
  readonly batches?: number;
}

/** "truncate" is BEVFusion's rule: up to one cell below `low` falls into cell 0. */
export type CellRounding = "floor" | "truncate";
const CELL_ROUNDINGS: Readonly<Record<CellRounding, number>> = { floor: 0, truncate: 2 };

/** Cells [P] of `points` [P, 3], -1 for those outside of the grid. */
export function bevCells(
  points: F32,
  cells: I32,
  grid: BevGrid,
  rounding: CellRounding,
  variant = 0,
): void {
  const { ctx } = points;
  const status = ctx.lib.vmk_bev_cells(
    ctx.ptr,
    variant,
    points.ptr,
    cells.ptr,
    Float32Array.of(...grid.low, ...grid.size),
    Int32Array.of(grid.batches ?? 1, ...grid.cells),
    CELL_ROUNDINGS[rounding],
  );
  ctx.check(status, "vmk_bev_cells");
}

/** The tensors that `bevIntervals` fills; `counts` [2] holds kept points and intervals. */
export interface BevIntervalsOut {
  readonly order: I32;
  readonly starts: I32;
  readonly intervals: I32;
  readonly counts: I64;
}

/** Groups points by their cell in [0, grid); negative cells are dropped. */
export function bevIntervals(
  cells: I32,
  out: BevIntervalsOut,
  grid: number,
  variant = 0,
): void {
  const { ctx } = cells;
  const status = ctx.lib.vmk_bev_intervals(
    ctx.ptr,
    variant,
    cells.ptr,
    out.order.ptr,
    out.starts.ptr,
    out.intervals.ptr,
    out.counts.ptr,
    BigInt(grid),
  );
  ctx.check(status, "vmk_bev_intervals");
}

/** Sums `feats` [P, C] by interval into the cells `out` [grid, C], f32 or of the same type. */
export function bevPool<T extends Feature>(
  feats: Tensor<T>,
  order: I32,
  starts: I32,
  intervals: I32,
  out: F32 | Tensor<T>,
  variant = 0,
): void {
  const { ctx } = feats;
  const status = ctx.lib.vmk_bev_pool(
    ctx.ptr,
    variant,
    feats.ptr,
    order.ptr,
    starts.ptr,
    intervals.ptr,
    out.ptr,
  );
  ctx.check(status, "vmk_bev_pool");
}

/** The groups of `bevIntervals`, which stay valid as long as the geometry does. */
export interface BevGroups {
  readonly order: I32;
  readonly starts: I32;
  readonly intervals: I32;
}

/** The gradient [P, C] of the features of `bevPool` from that of its output [grid, C]. */
export function bevPoolBackward<T extends Feature>(
  gradOut: Tensor<T>,
  { order, starts, intervals }: BevGroups,
  gradFeats: Tensor<T>,
  variant = 0,
): void {
  const { ctx } = gradOut;
  const status = ctx.lib.vmk_bev_pool_backward(
    ctx.ptr,
    variant,
    gradOut.ptr,
    order.ptr,
    starts.ptr,
    intervals.ptr,
    gradFeats.ptr,
  );
  ctx.check(status, "vmk_bev_pool_backward");
}

/**
 * Sums depth x feature into the cells `out` [grid, C], f32 or of the same type, without the product
 * ever being stored.
 *
 * @param depth P values: [cameras, D, pixels]
 * @param feats [cameras * pixels, C]
 */
export function bevPoolFused<T extends Feature>(
  depth: Tensor<T>,
  feats: Tensor<T>,
  { order, starts, intervals }: BevGroups,
  out: F32 | Tensor<T>,
  pixels: number,
  variant = 0,
): void {
  const { ctx } = feats;
  const status = ctx.lib.vmk_bev_pool_fused(
    ctx.ptr,
    variant,
    depth.ptr,
    feats.ptr,
    order.ptr,
    starts.ptr,
    intervals.ptr,
    out.ptr,
    BigInt(pixels),
  );
  ctx.check(status, "vmk_bev_pool_fused");
}

/** Gradients of the depths and features of `bevPoolFused`, shaped like them. */
export function bevPoolFusedBackward<T extends Feature>(
  gradOut: Tensor<T>,
  depth: Tensor<T>,
  feats: Tensor<T>,
  { order, starts, intervals }: BevGroups,
  gradients: { readonly depth: Tensor<T>; readonly feats: Tensor<T> },
  pixels: number,
  variant = 0,
): void {
  const { ctx } = feats;
  const status = ctx.lib.vmk_bev_pool_fused_backward(
    ctx.ptr,
    variant,
    gradOut.ptr,
    depth.ptr,
    feats.ptr,
    order.ptr,
    starts.ptr,
    intervals.ptr,
    gradients.depth.ptr,
    gradients.feats.ptr,
    BigInt(pixels),
  );
  ctx.check(status, "vmk_bev_pool_fused_backward");
}
