/**
 * Camera features to a bird's-eye-view grid, at BEVFusion's shape. The features of six cameras are
 * 638 MB and `prefix_sum` needs twice that again, so one camera stands for them in short runs.
 */
import {
  bevIntervals,
  type BevIntervalsOut,
  BevPlan,
  bevPool,
  type Context,
} from "../../ffi/mod.ts";
import type { Bench, Case, Instance, Problem } from "../case.ts";
import { EXACT, F32_SUM, type Part, type Tolerance } from "../harness/check.ts";
import { randomFloats } from "../harness/random.ts";
import { frustumCells, GRID, pointsOf } from "./bev_rig.ts";

/** Channels of BEVFusion's camera features. */
export const CHANNELS = 80;
/** Cells of the grid. */
export const CELLS = GRID.cells ** 2;

/**
 * `prefix_sum` takes differences of a running f32 sum over all rows. Features are uniform in
 * [-1, 1), so the sum of p rows walks about sqrt(p / 3) away from 0, over 80 channels hardly ever
 * beyond 6 times that, and each of its roundings is half a unit of 2^-23 of it. Four units: two
 * prefixes and the partial sums of a parallel scan.
 */
function prefixTolerance(points: number): Tolerance {
  return { ...F32_SUM, abs: 4 * 2 ** -23 * 6 * Math.sqrt(points / 3) };
}

/** Kept points and their intervals, on the host. */
export function hostPlan(cpu: Context, cells: Int32Array) {
  using on = cpu.tensorFrom("i32", [cells.length], cells);
  using plan = BevPlan.build(on, CELLS);
  const { order, starts, intervals } = plan;
  return { order: order.download(), starts: starts.download(), intervals: intervals.download() };
}

function poolProblem({ cpu }: Bench, cameras: number): Problem {
  const points = pointsOf(cameras);
  const { order, starts, intervals } = hostPlan(cpu, frustumCells(cameras));
  const feats = randomFloats(points * CHANNELS, 1);
  const [kept, found] = [order.length, intervals.length];
  return {
    params: { points, kept, intervals: found },
    flops: kept * CHANNELS,
    bytes: 4 * (kept * CHANNELS + kept + 2 * found + CELLS * CHANNELS),
    tolerance: (variant) => variant === "prefix_sum" ? prefixTolerance(points) : F32_SUM,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const on = (values: Int32Array) => stack.use(ctx.tensorFrom("i32", [values.length], values));
      const [orderOn, startsOn, intervalsOn] = [on(order), on(starts), on(intervals)];
      const featsOn = stack.use(ctx.tensorFrom("f32", [points, CHANNELS], feats));
      const out = stack.use(ctx.tensor("f32", [CELLS, CHANNELS]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("bev_pool", name);
          return () => bevPool(featsOn, orderOn, startsOn, intervalsOn, out, variant);
        },
        output: () => [{ name: "out", values: out.download() }],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

/** Rows behind the last point and interval are not set. */
function intervalParts({ order, starts, intervals, counts }: BevIntervalsOut): Part[] {
  const values = counts.download();
  const [kept = 0, found = 0] = [...values].map(Number);
  return [
    { name: "counts", values },
    { name: "order", values: order.download().subarray(0, kept) },
    { name: "starts", values: starts.download().subarray(0, found + 1) },
    { name: "intervals", values: intervals.download().subarray(0, found) },
  ];
}

function intervalsProblem({ cpu }: Bench, cameras: number): Problem {
  const cells = frustumCells(cameras);
  const points = cells.length;
  const plan = hostPlan(cpu, cells);
  const [kept, found] = [plan.order.length, plan.intervals.length];
  return {
    params: { points, kept, intervals: found },
    flops: null,
    bytes: 4 * (points + kept + 2 * found),
    tolerance: () => EXACT,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const on = stack.use(ctx.tensorFrom("i32", [points], cells));
      const most = Math.min(points, CELLS);
      const out: BevIntervalsOut = {
        order: stack.use(ctx.tensor("i32", [points])),
        starts: stack.use(ctx.tensor("i32", [most + 1])),
        intervals: stack.use(ctx.tensor("i32", [most])),
        counts: stack.use(ctx.tensor("i64", [2])),
      };
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("bev_intervals", name);
          return () => bevIntervals(on, out, CELLS, variant);
        },
        output: () => intervalParts(out),
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

const pool = (cameras: number, tier: Case["tier"]): Case => ({
  op: "bev_pool",
  tier,
  params: { cameras, c: CHANNELS },
  // Features on host and device, and twice more for the copy and the prefixes of `prefix_sum`.
  memoryBytes: 4 * (4 * pointsOf(cameras) * CHANNELS),
  prepare: (bench) => poolProblem(bench, cameras),
});

const intervals = (cameras: number, tier: Case["tier"]): Case => ({
  op: "bev_intervals",
  tier,
  params: { cameras },
  prepare: (bench) => intervalsProblem(bench, cameras),
});

/** Grouping the points of one and of all cameras, then summing their features. */
export const bevPoolCases: readonly Case[] = [
  intervals(1, "tour"),
  intervals(6, "full"),
  pool(1, "tour"),
  pool(6, "full"),
];
