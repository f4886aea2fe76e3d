/** Steps of a sparse network made of several ops, with outputs of the size that they turn out. */
import type { Context, Tensor } from "./context.ts";
import { bevIntervals } from "./bev_ops.ts";
import { variants } from "./library.ts";
import {
  type Bounds,
  downsample,
  type Geometry,
  kernelMap,
  kernelMapCount,
  kernelMapOrder,
  kernelMapPairs,
  kernelMapTranspose,
  kernelVolume,
  type OutputMode,
  type Pairs,
  type RowOrder,
  stridedMap,
  voxelize,
} from "./ops.ts";

type I32 = Tensor<"i32">;

/** The voxels of a point cloud and how its points belong to them. */
export class Voxels implements Disposable {
  /**
   * @param coords [M, 4], sorted by (batch, x, y, z)
   * @param inverse [N]: the voxel of each point
   * @param order [N] and
   * @param starts [M + 1]: the points of each voxel
   */
  constructor(
    readonly coords: I32,
    readonly inverse: I32,
    readonly order: I32,
    readonly starts: I32,
  ) {}

  [Symbol.dispose](): void {
    for (const tensor of [this.coords, this.inverse, this.order, this.starts]) {
      tensor[Symbol.dispose]();
    }
  }
}

/** Groups coordinates [N, 4] that are quantized already. */
export function groupVoxels(coords: I32, variant = 0): Voxels {
  const { ctx, rows: n } = coords;
  using stack = new DisposableStack();
  const voxels = stack.use(ctx.tensor("i32", [n, 4]));
  const inverse = stack.use(ctx.tensor("i32", [n]));
  const order = stack.use(ctx.tensor("i32", [n]));
  const starts = stack.use(ctx.tensor("i32", [n + 1]));
  using count = ctx.tensor("i64", [1]);
  voxelize(coords, { voxels, inverse, order, starts, count }, variant);
  const m = Number(count.download()[0]);
  voxels.setRows(m);
  starts.setRows(m + 1);
  stack.move();
  return new Voxels(voxels, inverse, order, starts);
}

/** Output coordinates [M, 4] of a strided layer. */
export function outputCoords(
  coords: I32,
  layer: Geometry,
  mode: OutputMode = "reached",
  bounds: Bounds | null = null,
  variant = 0,
): I32 {
  const { ctx } = coords;
  // An input takes part in at most ceil(kernel / stride) outputs an axis.
  const outputs = mode === "floor"
    ? 1
    : layer.kernel.reduce((product, k, i) => product * Math.ceil(k / layer.stride[i]!), 1);
  using stack = new DisposableStack();
  const out = stack.use(ctx.tensor("i32", [coords.rows * outputs, 4]));
  using count = ctx.tensor("i64", [1]);
  downsample(coords, out, count, layer, mode, bounds, variant);
  out.setRows(Number(count.download()[0]));
  stack.move();
  return out;
}

/** What {@linkcode KernelMap.strided} makes; both are the caller's to dispose. */
export interface StridedLayer {
  /** Coordinates [M, 4]. */
  readonly outputs: I32;
  readonly map: KernelMap;
}

/** A kernel map [KV, M] and, once asked for, its pairs and its sorted rows. */
export class KernelMap implements Disposable {
  #pairs: Pairs | undefined;
  #rowOrder: RowOrder | undefined;

  constructor(readonly map: I32, readonly inputs: number, readonly layer: Geometry) {}

  /** The map of `layer` between two sets of coordinates, which may be the same tensor. */
  static build(inCoords: I32, outCoords: I32, layer: Geometry, variant = 0): KernelMap {
    const { ctx } = inCoords;
    using stack = new DisposableStack();
    const map = stack.use(ctx.tensor("i32", [kernelVolume(layer), outCoords.rows]));
    kernelMap(inCoords, outCoords, map, layer, variant);
    stack.move();
    return new KernelMap(map, inCoords.rows, layer);
  }

  /**
   * The outputs of a strided layer and its map. A layer whose kernel is its stride has no more
   * outputs than inputs, and takes one pass; others can have many more, and take two.
   */
  static strided(coords: I32, layer: Geometry, mode: OutputMode = "reached"): StridedLayer {
    const { ctx, rows: n } = coords;
    using stack = new DisposableStack();
    const partition = layer.kernel.every((size, axis) => size === layer.stride[axis]);
    if (!partition || variants(ctx.backend, "strided_map").length === 0) {
      const outputs = stack.use(outputCoords(coords, layer, mode));
      const map = KernelMap.build(coords, outputs, layer);
      stack.move();
      return { outputs, map };
    }
    const outputs = stack.use(ctx.tensor("i32", [n, 4]));
    const map = stack.use(ctx.tensor("i32", [kernelVolume(layer), n]));
    using count = ctx.tensor("i64", [1]);
    stridedMap(coords, outputs, map, count, layer, mode);
    const m = Number(count.download()[0]);
    outputs.setRows(m);
    map.setColumns(m);
    stack.move();
    return { outputs, map: new KernelMap(map, n, layer) };
  }

  get ctx(): Context {
    return this.map.ctx;
  }

  get outputs(): number {
    return this.map.shape[1]!;
  }

  /** Pairs by offset: made on the first call and kept. */
  get pairs(): Pairs {
    return this.#pairs ??= listPairs(this.map);
  }

  /** Number of (input, output) pairs: the size of the map as papers count it. */
  get pairCount(): number {
    return this.pairs.pairs.shape[1]!;
  }

  /** Rows in the order of their neighbours, in one part: made on the first call and kept. */
  get rowOrder(): RowOrder {
    return this.#rowOrder ??= sortRows(this.map);
  }

  /** The map with inputs and outputs swapped, for the transposed layer. */
  transpose(): KernelMap {
    using stack = new DisposableStack();
    const out = stack.use(this.ctx.tensor("i32", [this.map.rows, this.inputs]));
    kernelMapTranspose(this.map, out);
    stack.move();
    return new KernelMap(out, this.outputs, this.layer);
  }

  [Symbol.dispose](): void {
    this.map[Symbol.dispose]();
    this.#pairs?.pairs[Symbol.dispose]();
    this.#pairs?.starts[Symbol.dispose]();
    this.#rowOrder?.order[Symbol.dispose]();
    this.#rowOrder?.ordered[Symbol.dispose]();
  }
}

function listPairs(map: I32): Pairs {
  const { ctx, rows: kv } = map;
  using stack = new DisposableStack();
  const starts = stack.use(ctx.tensor("i64", [kv + 1]));
  kernelMapCount(map, starts);
  const pairs = stack.use(ctx.tensor("i32", [2, Number(starts.download()[kv])]));
  kernelMapPairs(map, starts, pairs);
  stack.move();
  return { pairs, starts };
}

function sortRows(map: I32): RowOrder {
  const { ctx, shape } = map;
  using stack = new DisposableStack();
  const order = stack.use(ctx.tensor("i32", [1, shape[1]!]));
  const ordered = stack.use(ctx.tensor("i32", shape));
  kernelMapOrder(map, { order, ordered });
  stack.move();
  return { order, ordered };
}

/** Frustum points grouped by BEV cell. */
export class BevPlan implements Disposable {
  constructor(readonly order: I32, readonly starts: I32, readonly intervals: I32) {}

  /** Groups `cells`, each in [0, grid) or negative for a dropped point. */
  static build(cells: I32, grid: number, variant = 0): BevPlan {
    const { ctx, length: p } = cells;
    const most = Math.min(p, grid);
    using stack = new DisposableStack();
    const order = stack.use(ctx.tensor("i32", [p]));
    const starts = stack.use(ctx.tensor("i32", [most + 1]));
    const intervals = stack.use(ctx.tensor("i32", [most]));
    using counts = ctx.tensor("i64", [2]);
    bevIntervals(cells, { order, starts, intervals, counts }, grid, variant);
    const [kept, found] = counts.download();
    order.setRows(Number(kept));
    starts.setRows(Number(found) + 1);
    intervals.setRows(Number(found));
    stack.move();
    return new BevPlan(order, starts, intervals);
  }

  [Symbol.dispose](): void {
    for (const tensor of [this.order, this.starts, this.intervals]) tensor[Symbol.dispose]();
  }
}
