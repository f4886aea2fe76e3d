import { assertEquals, assertThrows } from "@std/assert";
import { assertClose, randomFloats, seeded, testEach } from "./testing.ts";
import { BevPlan, bevPool, Context, KernelError, variants } from "./mod.ts";

/** Cells of n points, a third of them dropped. */
function randomCells(n: number, grid: number, seed: number): Int32Array {
  const next = seeded(seed);
  return Int32Array.from({ length: n }, () => next() < 1 / 3 ? -1 : Math.floor(next() * grid));
}

const SCENES: Readonly<Record<string, readonly [Int32Array, number]>> = {
  "no point": [new Int32Array(0), 7],
  "no kept point": [new Int32Array(50).fill(-1), 7],
  "one crowded cell": [new Int32Array(3000).fill(4), 9],
  "first and last cell": [Int32Array.of(8, 0, 8, -1, 0), 9],
  "a frustum": [randomCells(6000, 500, 1), 500],
  "more cells than points": [randomCells(200, 5000, 2), 5000],
};

testEach("bevPool() equals sums in double, every variant", (ctx) => {
  for (const [name, [cells, grid]] of Object.entries(SCENES)) {
    const p = cells.length;
    using points = ctx.tensorFrom("i32", [p], cells);
    for (const c of [1, 5, 16, 80]) {
      const x = randomFloats(p * c, 3);
      const expected = new Float64Array(grid * c);
      cells.forEach((cell, i) => {
        for (let k = 0; cell >= 0 && k < c; k++) expected[cell * c + k]! += x[i * c + k]!;
      });
      using feats = ctx.tensorFrom("f32", [p, c], x);
      using out = ctx.tensor("f32", [grid, c]);
      variants(ctx.backend, "bev_intervals").forEach((_, planner) => {
        using plan = BevPlan.build(points, grid, planner);
        variants(ctx.backend, "bev_pool").forEach((variant, v) => {
          bevPool(feats, plan.order, plan.starts, plan.intervals, out, v);
          // prefix_sum rounds prefixes of up to 6000 values to f32: the sums keep that error.
          const abs = variant === "prefix_sum" ? 3e-5 : 1e-5;
          assertClose(out.download(), expected, abs, 2e-5, `${variant}, ${name}, c=${c}`);
        });
      });
    }
  }
});

testEach("bevIntervals() keeps the order of points within a cell, every variant", (ctx) => {
  const [cells, grid] = SCENES["a frustum"]!;
  using points = ctx.tensorFrom("i32", [cells.length], cells);
  const kept = [...cells.keys()].filter((i) => cells[i]! >= 0);
  const expected = kept.toSorted((a, b) => cells[a]! - cells[b]! || a - b);
  variants(ctx.backend, "bev_intervals").forEach((variant, v) => {
    using plan = BevPlan.build(points, grid, v);
    assertEquals([...plan.order.download()], expected, variant);
    const found = [...new Set(expected.map((i) => cells[i]!))];
    assertEquals([...plan.intervals.download()], found, variant);
    assertEquals(plan.starts.download().at(-1), kept.length, variant);
  });
});

Deno.test("BEV pooling refuses cells outside of the grid", () => {
  using ctx = new Context("cpu");
  using cells = ctx.tensorFrom("i32", [3], Int32Array.of(0, 1, 9));
  assertThrows(() => BevPlan.build(cells, 9), KernelError, "cells[2] = 9, the grid has 9 cells");
});
