/**
 * One layer with a branch of points, in its two forms: PVConv, whose voxels fill a dense grid, and
 * SPVConv, whose voxels are the occupied ones. Both find the voxels of the points, average, convolve
 * twice, interpolate back and add a linear layer of the points; all of it is timed.
 */
import {
  type Context,
  denseMap,
  devoxelize,
  devoxelizeMap,
  geometry,
  GridExchange,
  gridVoxelize,
  groupVoxels,
  kernelMap,
  linear,
  quantize,
  sparseConv,
  type Tensor,
  voxelize,
  voxelReduce,
} from "../../ffi/mod.ts";
import type { Case, Instance, Problem } from "../case.ts";
import type { Tolerance } from "../harness/check.ts";
import { randomFloats } from "../harness/random.ts";
import { type Scene, VOXEL_METERS } from "../harness/scene.ts";

/** Channels of the points and of both convolutions. */
export const CHANNELS = 32;
/** The default dataflow, and the one that it is held against. */
const [DATAFLOW, CHECK] = ["implicit", "masked"] as const;
/** Two convolutions, three means or interpolations and a linear layer. */
const TOLERANCE: Tolerance = { abs: 0, scale: 6e-5, rel: 1e-5 };
const CUBE = geometry(3);
const TAPS = 8;

type F32 = Tensor<"f32">;
/** Runs the layer with a dataflow of its convolutions. */
type Layer = (variant: number) => void;

/** Features and weights of the layer: the same for both forms. */
function parameters(ctx: Context, points: number, stack: DisposableStack) {
  const scale = 1 / Math.sqrt(CHANNELS);
  const random = (length: number, seed: number) =>
    randomFloats(length, seed).map((value) => value * scale);
  const kernel = (seed: number) =>
    stack.use(ctx.tensorFrom("f32", [27, CHANNELS, CHANNELS], random(27 * CHANNELS ** 2, seed)));
  const rows = (n: number) => stack.use(ctx.tensor("f32", [n, CHANNELS]));
  return {
    feats: stack.use(
      ctx.tensorFrom("f32", [points, CHANNELS], randomFloats(points * CHANNELS, 1)),
    ),
    first: kernel(2),
    second: kernel(3),
    matrix: stack.use(
      ctx.tensorFrom("f32", [CHANNELS, CHANNELS], random(CHANNELS ** 2, 4)),
    ),
    around: rows(points),
    out: rows(points),
    rows,
  };
}

/** The layer on a dense grid of `resolution` cells a side, which the scan fills end to end. */
function denseLayer(ctx: Context, scene: Scene, resolution: number, stack: DisposableStack) {
  const n = scene.pointCount;
  const p = parameters(ctx, n, stack);
  const positions = stack.use(ctx.tensorFrom("f32", [n, 4], inCells(scene, resolution)));
  const exchange = stack.use(GridExchange.build(positions, 1, resolution));
  const grid = { batches: 1, size: [resolution, resolution, resolution] } as const;
  const { map } = stack.use(denseMap(ctx, grid, CUBE, [1, 1, 1]));
  const [a, b] = [p.rows(resolution ** 3), p.rows(resolution ** 3)];
  const run: Layer = (variant) => {
    gridVoxelize(positions, exchange.tensors, resolution);
    exchange.voxelize(p.feats, a);
    sparseConv(a, p.first, map, null, b, variant);
    sparseConv(b, p.second, map, null, a, variant);
    exchange.devoxelize(a, p.around);
    linear(p.feats, p.matrix, p.out, { residual: p.around });
  };
  return { run, out: p.out };
}

/** Positions in cells: the longest axis of the scan spans the grid. */
function inCells({ positions }: Scene, resolution: number): Float32Array {
  let most = 0;
  for (let i = 0; i < positions.length; i++) if (i % 4 > 0) most = Math.max(most, positions[i]!);
  const scale = (resolution - 1) / most;
  return positions.map((value, i) => i % 4 === 0 ? value : Math.max(0, value * scale));
}

/** The layer on the occupied voxels of `meters`. */
function sparseLayer(ctx: Context, scene: Scene, meters: number, stack: DisposableStack) {
  const n = scene.pointCount;
  const p = parameters(ctx, n, stack);
  const size = meters / VOXEL_METERS;
  const cells = scene.positions.map((value, i) => i % 4 === 0 ? value : value / size);
  const positions = stack.use(ctx.tensorFrom("f32", [n, 4], cells));
  // `quantize` wants x, y, z first.
  const xyz = Float32Array.from({ length: cells.length }, (_, i) => cells[i % 4 < 3 ? i + 1 : i]!);
  const points = stack.use(ctx.tensorFrom("f32", [n, 4], xyz));
  const quantized = stack.use(ctx.tensor("i32", [n, 4]));
  quantize(points, null, quantized, [1, 1, 1], [0, 0, 0], "floor");
  using known = groupVoxels(quantized);
  const m = known.coords.rows;
  const ints = (shape: readonly number[]) => stack.use(ctx.tensor("i32", shape));
  const found = {
    voxels: ints([n, 4]),
    inverse: ints([n]),
    order: ints([n]),
    starts: ints([n + 1]),
    count: stack.use(ctx.tensor("i64", [1])),
  };
  const map = ints([27, m]);
  const [index, weight] = [ints([n, TAPS]), stack.use(ctx.tensor("f32", [n, TAPS]))];
  const [a, b] = [p.rows(m), p.rows(m)];
  const run: Layer = (variant) => {
    quantize(points, null, quantized, [1, 1, 1], [0, 0, 0], "floor");
    found.voxels.setRows(n);
    found.starts.setRows(n + 1);
    voxelize(quantized, found);
    // Known from the scan: reading the count back would stall a GPU.
    found.voxels.setRows(m);
    found.starts.setRows(m + 1);
    kernelMap(found.voxels, found.voxels, map, CUBE);
    devoxelizeMap(positions, found.voxels, index, weight, 1);
    voxelReduce(p.feats, found.order, found.starts, a, "mean");
    sparseConv(a, p.first, map, null, b, variant);
    sparseConv(b, p.second, map, null, a, variant);
    devoxelize(a, index, weight, p.around);
    linear(p.feats, p.matrix, p.out, { residual: p.around });
  };
  return { run, out: p.out };
}

type Make = (ctx: Context, stack: DisposableStack) => { readonly run: Layer; readonly out: F32 };

function problem(points: number, make: Make): Problem {
  const instance = (ctx: Context): Instance => {
    using stack = new DisposableStack();
    const { run, out } = make(ctx, stack);
    const owned = stack.move();
    return {
      bind(name) {
        const variant = ctx.variant("sparse_conv", name);
        return () => run(variant);
      },
      output: () => [{ name: "out", values: out.download() }],
      [Symbol.dispose]: () => owned.dispose(),
    };
  };
  return {
    params: { points },
    flops: null,
    bytes: 8 * points * CHANNELS,
    // A layer writes more than a cache holds.
    copies: 1,
    tolerance: () => TOLERANCE,
    create: instance,
    expected(cpu) {
      using checked = instance(cpu);
      checked.bind(CHECK)();
      return { parts: checked.output(), refMs: Infinity };
    },
  };
}

/** The finest grid of a quick run: a million cells. */
const QUICK_RESOLUTION = 100;

/** PVConv on a grid of so many cells a side. */
export const pvconvCase = (resolution: number): Case => ({
  op: "pvconv_layer",
  tier: "full",
  params: { resolution },
  ...(resolution > QUICK_RESOLUTION && { notQuick: "a run takes seconds on two cores" }),
  // Two grids of features and the map, each also on the host for a moment.
  memoryBytes: resolution ** 3 * (4 * 2 * CHANNELS + 2 * 4 * 27) * 1.5,
  variants: () => [DATAFLOW],
  prepare: ({ scene }) =>
    problem(scene.pointCount, (ctx, stack) => denseLayer(ctx, scene, resolution, stack)),
});

/** SPVConv on voxels of that size in metres. */
export const spvconvCase = (voxel: number): Case => ({
  op: "spvconv_layer",
  tier: "full",
  params: { voxel },
  variants: () => [DATAFLOW],
  prepare: ({ scene }) =>
    problem(scene.pointCount, (ctx, stack) => sparseLayer(ctx, scene, voxel, stack)),
});
