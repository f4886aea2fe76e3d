/**
 * Camera features to a bird's-eye-view grid without the tensor of all points: depths and features
 * are multiplied where they are summed (BEVPoolv2). Intervals are made before, as a fixed rig allows.
 */
import { bevPoolFused } from "../../ffi/mod.ts";
import type { Bench, Case, Instance, Problem } from "../case.ts";
import { F32_SUM } from "../harness/check.ts";
import { randomFloats } from "../harness/random.ts";
import { CELLS, CHANNELS, hostPlan } from "./bev_pool.ts";
import { FRUSTUM, frustumCells, pointsOf } from "./bev_rig.ts";

const PIXELS = FRUSTUM.height * FRUSTUM.width;

function fusedProblem({ cpu }: Bench, cameras: number): Problem {
  const points = pointsOf(cameras);
  const { order, starts, intervals } = hostPlan(cpu, frustumCells(cameras));
  // A share of each depth, as a softmax gives it: never negative.
  const depth = randomFloats(points, 1).map((value) => (value + 1) / 2);
  const feats = randomFloats(cameras * PIXELS * CHANNELS, 2);
  const [kept, found] = [order.length, intervals.length];
  return {
    params: { points, kept, intervals: found },
    flops: 2 * kept * CHANNELS,
    // Depth and place of each kept point, each pixel once, each cell once.
    bytes: 4 * (2 * kept + feats.length + 2 * found + CELLS * CHANNELS),
    tolerance: () => F32_SUM,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const on = (values: Int32Array) => stack.use(ctx.tensorFrom("i32", [values.length], values));
      const groups = { order: on(order), starts: on(starts), intervals: on(intervals) };
      const depthOn = stack.use(ctx.tensorFrom("f32", [points], depth));
      const featsOn = stack.use(ctx.tensorFrom("f32", [cameras * PIXELS, CHANNELS], feats));
      const out = stack.use(ctx.tensor("f32", [CELLS, CHANNELS]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("bev_pool_fused", name);
          return () => bevPoolFused(depthOn, featsOn, groups, out, PIXELS, variant);
        },
        output: () => [{ name: "out", values: out.download() }],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

const fused = (cameras: number, tier: Case["tier"]): Case => ({
  op: "bev_pool_fused",
  tier,
  params: { cameras, c: CHANNELS },
  prepare: (bench) => fusedProblem(bench, cameras),
});

/** One and all cameras. */
export const bevPoolFusedCases: readonly Case[] = [fused(1, "tour"), fused(6, "full")];
