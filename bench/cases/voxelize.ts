/**
 * Points to voxels: rounding, grouping, and the mean of the four values of a point; each alone and
 * all three as a network's input layer does them.
 */
import {
  type Context,
  groupVoxels,
  quantize,
  type Tensor,
  variants,
  voxelize,
  voxelReduce,
} from "../../ffi/mod.ts";
import type { Bench, BenchBackend, Case, Instance, Problem } from "../case.ts";
import { EXACT, F32_SUM, type Part } from "../harness/check.ts";
import { randomFloats } from "../harness/random.ts";
import { VOXEL_METERS } from "../harness/scene.ts";

const CUBE = [VOXEL_METERS, VOXEL_METERS, VOXEL_METERS] as const;
const ORIGIN = [0, 0, 0] as const;

/** The outputs of the op, with room for as many voxels as points: M is not known before. */
function voxelizeOut(ctx: Context, n: number, stack: DisposableStack) {
  return {
    voxels: stack.use(ctx.tensor("i32", [n, 4])),
    inverse: stack.use(ctx.tensor("i32", [n])),
    order: stack.use(ctx.tensor("i32", [n])),
    starts: stack.use(ctx.tensor("i32", [n + 1])),
    count: stack.use(ctx.tensor("i64", [1])),
  };
}

/** What the op defines: rows behind the last voxel are not set. */
function voxelizeParts(out: ReturnType<typeof voxelizeOut>): Part[] {
  const count = out.count.download();
  const m = Number(count[0]);
  return [
    { name: "count", values: count },
    { name: "voxels", values: out.voxels.download().subarray(0, 4 * m) },
    { name: "inverse", values: out.inverse.download() },
    { name: "order", values: out.order.download() },
    { name: "starts", values: out.starts.download().subarray(0, m + 1) },
  ];
}

function quantizeProblem({ scene: { points, pointCount: n } }: Bench): Problem {
  return {
    params: { n },
    flops: null,
    bytes: 16 * n + 16 * n,
    tolerance: () => EXACT,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const from = stack.use(ctx.tensorFrom("f32", [n, 4], points));
      const coords = stack.use(ctx.tensor("i32", [n, 4]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("quantize", name);
          return () => quantize(from, null, coords, CUBE, ORIGIN, "round", variant);
        },
        output: () => [{ name: "coords", values: coords.download() }],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

/** Grouping `coords` [N, 4] into `m` voxels. */
export function voxelizeProblem(coords: Int32Array, m: number): Problem {
  const n = coords.length / 4;
  return {
    params: { n, m },
    flops: null,
    // Coordinates in; voxels, starts, inverse and order out.
    bytes: 16 * n + 16 * m + 4 * m + 8 * n,
    tolerance: () => EXACT,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const from = stack.use(ctx.tensorFrom("i32", [n, 4], coords));
      const out = voxelizeOut(ctx, n, stack);
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("voxelize", name);
          return () => voxelize(from, out, variant);
        },
        output: () => voxelizeParts(out),
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

function reduceProblem({ cpu, scene }: Bench, c: number): Problem {
  const { points, pointCount: n } = scene;
  // The points themselves, or as many features as a point has further down the network.
  const feats = c === 4 ? points : randomFloats(n * c, 1);
  using coords = cpu.tensorFrom("i32", [n, 4], scene.coords);
  using grouped = groupVoxels(coords);
  const [order, starts] = [grouped.order.download(), grouped.starts.download()];
  const m = starts.length - 1;
  return {
    params: { n, m },
    // An addition a value, a division a voxel and channel.
    flops: n * c + m * c,
    bytes: 4 * (n * c + n + m + m * c),
    tolerance: () => F32_SUM,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const featsOn = stack.use(ctx.tensorFrom("f32", [n, c], feats));
      const orderOn = stack.use(ctx.tensorFrom("i32", [n], order));
      const startsOn = stack.use(ctx.tensorFrom("i32", [m + 1], starts));
      const out = stack.use(ctx.tensor("f32", [m, c]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("voxel_reduce", name);
          return () => voxelReduce(featsOn, orderOn, startsOn, out, "mean", variant);
        },
        output: () => [{ name: "out", values: out.download() }],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

/** The default variant of each step under one name, and the reference of each step. */
const WHOLE_STEPS = ["quantize", "voxelize", "voxel_reduce"] as const;

function wholeVariants(backend: BenchBackend): string[] {
  const hasRef = WHOLE_STEPS.every((op) => variants(backend, op).includes("ref"));
  return hasRef ? ["default", "ref"] : ["default"];
}

function wholeProblem({ scene }: Bench): Problem {
  const { points, pointCount: n } = scene;
  const m = scene.rows(0);
  return {
    params: { n, m },
    flops: null,
    // Points in; voxels, their features, inverse and order out. What lies between may stay in cache.
    bytes: 16 * n + 16 * m + 16 * m + 8 * n,
    tolerance: () => F32_SUM,
    create: (ctx) => wholeInstance(ctx, points, m),
  };
}

function wholeInstance(ctx: Context, points: Float32Array, m: number): Instance {
  const n = points.length / 4;
  using stack = new DisposableStack();
  const from = stack.use(ctx.tensorFrom("f32", [n, 4], points));
  const coords = stack.use(ctx.tensor("i32", [n, 4]));
  const out = voxelizeOut(ctx, n, stack);
  const mean: Tensor<"f32"> = stack.use(ctx.tensor("f32", [m, 4]));
  const owned = stack.move();
  return {
    bind(name) {
      const [first = 0, second = 0, third = 0] = WHOLE_STEPS.map((op) =>
        name === "ref" ? ctx.variant(op, "ref") : 0
      );
      return () => {
        quantize(from, null, coords, CUBE, ORIGIN, "round", first);
        voxelize(coords, out, second);
        voxelReduce(from, out.order, out.starts, mean, "mean", third);
      };
    },
    output: () => [...voxelizeParts(out), { name: "mean", values: mean.download() }],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

const reduce = (c: number, tier: Case["tier"]): Case => ({
  op: "voxel_reduce",
  tier,
  params: { reduce: "mean", c },
  prepare: (bench) => reduceProblem(bench, c),
});

/** The input layer whole, then its parts. */
export const voxelizeCases: readonly Case[] = [
  {
    op: "points_to_voxels",
    tier: "quick",
    params: { c: 4 },
    variants: wholeVariants,
    prepare: wholeProblem,
  },
  { op: "quantize", tier: "quick", params: { rounding: "round" }, prepare: quantizeProblem },
  {
    op: "voxelize",
    tier: "quick",
    params: {},
    prepare: ({ scene }) => voxelizeProblem(scene.coords, scene.rows(0)),
  },
  reduce(4, "quick"),
  reduce(32, "full"),
  reduce(96, "full"),
];
