/**
 * Camera features to a bird's-eye-view grid without the tensor of all points: depths and features
 * are multiplied where they are summed (BEVPoolv2). Intervals are made before, as a fixed rig allows.
 */
import { bevPoolFused, type Context, type Feature } from "../../ffi/mod.ts";
import type { Bench, Case, Instance, Problem } from "../case.ts";
import {
  BYTES,
  FEATURE_TYPES,
  featureTensor,
  floatsOf,
  rounded,
  sumTolerance,
} from "../harness/dtype.ts";
import { randomFloats } from "../harness/random.ts";
import { CELLS, CHANNELS, hostPlan } from "./bev_pool.ts";
import { FRUSTUM, frustumCells, pointsOf } from "./bev_rig.ts";

const PIXELS = FRUSTUM.height * FRUSTUM.width;

function fusedProblem({ cpu }: Bench, cameras: number, dtype: Feature): Problem {
  const points = pointsOf(cameras);
  const { order, starts, intervals } = hostPlan(cpu, frustumCells(cameras));
  // A share of each depth, as a softmax gives it: never negative.
  const depth = rounded(randomFloats(points, 1).map((value) => (value + 1) / 2), dtype);
  const feats = rounded(randomFloats(cameras * PIXELS * CHANNELS, 2), dtype);
  const [kept, found] = [order.length, intervals.length];
  const create = (ctx: Context, sums: Feature): Instance => {
    using stack = new DisposableStack();
    const on = (values: Int32Array) => stack.use(ctx.tensorFrom("i32", [values.length], values));
    const groups = { order: on(order), starts: on(starts), intervals: on(intervals) };
    const depthOn = stack.use(featureTensor(ctx, dtype, [points], depth));
    const featsOn = stack.use(featureTensor(ctx, dtype, [cameras * PIXELS, CHANNELS], feats));
    const out = stack.use(ctx.tensor<Feature>(sums, [CELLS, CHANNELS]));
    const owned = stack.move();
    return {
      bind(name) {
        const variant = ctx.variant("bev_pool_fused", name);
        return () => bevPoolFused(depthOn, featsOn, groups, out, PIXELS, variant);
      },
      output: () => [{ name: "out", values: floatsOf(out) }],
      [Symbol.dispose]: () => owned.dispose(),
    };
  };
  return {
    params: { points, kept, intervals: found },
    flops: 2 * kept * CHANNELS,
    // Depth and place of each kept point, each pixel once, each cell once.
    bytes: BYTES[dtype] * (kept + feats.length + CELLS * CHANNELS) + 4 * (kept + 2 * found),
    tolerance: () => sumTolerance(dtype),
    create: (ctx) => create(ctx, dtype),
    // Its sums are not rounded.
    expected(cpu) {
      using instance = create(cpu, "f32");
      const refMs = cpu.time(instance.bind("ref"));
      return { parts: instance.output(), refMs };
    },
  };
}

const fused = (cameras: number, tier: Case["tier"], dtype: Feature = "f32"): Case => ({
  op: "bev_pool_fused",
  tier,
  dtype,
  params: { cameras, c: CHANNELS },
  prepare: (bench) => fusedProblem(bench, cameras, dtype),
});

/** One and all cameras, in all types. */
export const bevPoolFusedCases: readonly Case[] = FEATURE_TYPES.flatMap((dtype) => [
  fused(1, "tour", dtype),
  fused(6, "full", dtype),
]);
