/**
 * The BEV cell of every frustum point: what a rig that never moves needs once, and a naive camera
 * branch does every frame.
 */
import { bevCells, type BevGrid } from "../../ffi/mod.ts";
import type { Case, Instance, Problem } from "../case.ts";
import { EXACT } from "../harness/check.ts";
import { frustumPoints, GRID } from "./bev_rig.ts";

const CELLS: BevGrid = {
  low: [GRID.low, GRID.low, GRID.lowZ],
  size: [GRID.meters, GRID.meters, GRID.highZ - GRID.lowZ],
  cells: [GRID.cells, GRID.cells, 1],
};

function problem(cameras: number): Problem {
  const points = frustumPoints(cameras);
  const count = points.length / 3;
  return {
    params: { points: count },
    flops: null,
    bytes: 4 * 4 * count,
    tolerance: () => EXACT,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const on = stack.use(ctx.tensorFrom("f32", [count, 3], points));
      const cells = stack.use(ctx.tensor("i32", [count]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("bev_cells", name);
          return () => bevCells(on, cells, CELLS, "floor", variant);
        },
        output: () => [{ name: "cells", values: cells.download() }],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

const cells = (cameras: number, tier: Case["tier"]): Case => ({
  op: "bev_cells",
  tier,
  params: { cameras },
  prepare: () => problem(cameras),
});

/** One and all cameras. */
export const bevCellsCases: readonly Case[] = [cells(1, "tour"), cells(6, "full")];
