/** Voxels to points: the trilinear map of a level, and the features of all points through it. */
import { type Context, devoxelize, devoxelizeMap } from "../../ffi/mod.ts";
import type { Bench, Case, Instance, Problem } from "../case.ts";
import { F32_SUM } from "../harness/check.ts";
import { randomFloats } from "../harness/random.ts";

/** Corners of a cell: what trilinear interpolation reads. */
const TAPS = 8;

function mapProblem({ scene }: Bench, level: number): Problem {
  const { positions, pointCount: n } = scene;
  const m = scene.rows(level);
  return {
    params: { n, m },
    flops: null,
    bytes: 16 * n + 16 * m + 8 * TAPS * n,
    tolerance: () => F32_SUM,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const from = stack.use(ctx.tensorFrom("f32", [n, 4], positions));
      const voxels = stack.use(ctx.tensorFrom("i32", [m, 4], scene.level(level)));
      const index = stack.use(ctx.tensor("i32", [n, TAPS]));
      const weight = stack.use(ctx.tensor("f32", [n, TAPS]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("devoxelize_map", name);
          return () => devoxelizeMap(from, voxels, index, weight, 2 ** level, variant);
        },
        output: () => [
          { name: "index", values: index.download() },
          { name: "weight", values: weight.download() },
        ],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

/** Trilinear voxel rows and weights of all points, on the host. */
function hostMap(cpu: Context, positions: Float32Array, voxels: Int32Array, stride: number) {
  const n = positions.length / 4;
  using from = cpu.tensorFrom("f32", [n, 4], positions);
  using to = cpu.tensorFrom("i32", [voxels.length / 4, 4], voxels);
  using index = cpu.tensor("i32", [n, TAPS]);
  using weight = cpu.tensor("f32", [n, TAPS]);
  devoxelizeMap(from, to, index, weight, stride);
  return { index: index.download(), weight: weight.download() };
}

function gatherProblem({ cpu, scene }: Bench, level: number, c: number): Problem {
  const { positions, pointCount: n } = scene;
  const m = scene.rows(level);
  const { index, weight } = hostMap(cpu, positions, scene.level(level), 2 ** level);
  const feats = randomFloats(m * c, 1);
  const taps = index.reduce((sum, row) => sum + (row >= 0 ? 1 : 0), 0);
  return {
    params: { n, m },
    flops: 2 * taps * c,
    // Each voxel once, index and weight, each point once. Reads of a row by several points may hit cache.
    bytes: 4 * m * c + 8 * TAPS * n + 4 * n * c,
    tolerance: () => F32_SUM,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const featsOn = stack.use(ctx.tensorFrom("f32", [m, c], feats));
      const indexOn = stack.use(ctx.tensorFrom("i32", [n, TAPS], index));
      const weightOn = stack.use(ctx.tensorFrom("f32", [n, TAPS], weight));
      const out = stack.use(ctx.tensor("f32", [n, c]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("devoxelize", name);
          return () => devoxelize(featsOn, indexOn, weightOn, out, variant);
        },
        output: () => [{ name: "out", values: out.download() }],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

const map = (level: number, tier: Case["tier"]): Case => ({
  op: "devoxelize_map",
  tier,
  params: { level },
  prepare: (bench) => mapProblem(bench, level),
});

const gather = (level: number, c: number, tier: Case["tier"]): Case => ({
  op: "devoxelize",
  tier,
  params: { level, c },
  prepare: (bench) => gatherProblem(bench, level, c),
});

/** Levels and channels where SPVCNN adds voxel features to points. */
export const devoxelizeCases: readonly Case[] = [
  map(0, "quick"),
  map(4, "full"),
  gather(0, 32, "full"),
  gather(0, 96, "quick"),
  gather(2, 128, "full"),
  gather(4, 256, "tour"),
];
