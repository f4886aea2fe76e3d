import { assertEquals, assertThrows } from "@std/assert";
import {
  bevCells,
  type BevGrid,
  BevPlan,
  bevPool,
  bevPoolBackward,
  bevPoolFused,
  bevPoolFusedBackward,
  Context,
  KernelError,
  type Tensor,
  variants,
} from "./mod.ts";
import { assertClose, randomFloats, seeded, testEach } from "./testing.ts";

/** A frustum of `cameras` x `depths` x `pixels` points over `grid` cells, a third dropped. */
interface Frustum {
  readonly cameras: number;
  readonly depths: number;
  readonly pixels: number;
  readonly grid: number;
  readonly cellOf: (point: number, random: number) => number;
}
const scattered = (grid: number) => (_: number, random: number) =>
  random < 1 / 3 ? -1 : Math.floor((random * 1.5 - 0.5) * grid);

const FRUSTUMS: Readonly<Record<string, Frustum>> = {
  "no point": { cameras: 0, depths: 0, pixels: 3, grid: 5, cellOf: () => 0 },
  "no depth": { cameras: 2, depths: 0, pixels: 3, grid: 5, cellOf: () => 0 },
  "no kept point": { cameras: 2, depths: 3, pixels: 4, grid: 5, cellOf: () => -1 },
  "scattered": { cameras: 3, depths: 7, pixels: 50, grid: 200, cellOf: scattered(200) },
  "one pixel": { cameras: 40, depths: 9, pixels: 1, grid: 30, cellOf: scattered(30) },
  "far more cells than points": {
    cameras: 1,
    depths: 5,
    pixels: 20,
    grid: 30000,
    cellOf: scattered(30000),
  },
  "crowded cells side by side": {
    cameras: 1,
    depths: 20,
    pixels: 150,
    grid: 700,
    cellOf: (_, random) => random < 0.6 ? 5 + Math.floor(random * 5) : Math.floor(random * 700),
  },
  "one cell with 100k points": { cameras: 1, depths: 50, pixels: 2000, grid: 3, cellOf: () => 1 },
};

interface Scene {
  readonly cells: Int32Array<ArrayBuffer>;
  readonly depth: Float32Array;
  readonly feats: Float32Array;
  readonly rowOf: (point: number) => number;
}

function sceneOf({ cameras, depths, pixels, cellOf }: Frustum, c: number): Scene {
  const points = cameras * depths * pixels;
  const next = seeded(5);
  return {
    cells: Int32Array.from({ length: points }, (_, p) => cellOf(p, next())),
    depth: randomFloats(points, 6),
    feats: randomFloats(cameras * pixels * c, 7),
    rowOf: (p) => Math.floor(p / (depths * pixels)) * pixels + p % pixels,
  };
}

function fusedExpected({ cells, depth, feats, rowOf }: Scene, grid: number, c: number) {
  const out = new Float64Array(grid * c);
  cells.forEach((cell, p) => {
    for (let k = 0; cell >= 0 && k < c; k++) {
      out[cell * c + k]! += depth[p]! * feats[rowOf(p) * c + k]!;
    }
  });
  return out;
}

const CHANNELS = [1, 5, 16, 37, 80, 300];

function forEachFrustum(
  ctx: Context,
  run: (
    frustum: Frustum,
    c: number,
    scene: Scene,
    on: { plan: BevPlan; depth: Tensor<"f32">; feats: Tensor<"f32"> },
    name: string,
  ) => void,
): void {
  for (const [name, frustum] of Object.entries(FRUSTUMS)) {
    for (const c of frustum.cellOf(0, 0.5) === 1 ? [80] : CHANNELS) {
      const scene = sceneOf(frustum, c);
      using cells = ctx.tensorFrom("i32", [scene.cells.length], scene.cells);
      using plan = BevPlan.build(cells, frustum.grid);
      using depth = ctx.tensorFrom("f32", [scene.depth.length], scene.depth);
      using feats = ctx.tensorFrom("f32", [scene.feats.length / c, c], scene.feats);
      run(frustum, c, scene, { plan, depth, feats }, `${name}, c=${c}`);
    }
  }
}

testEach("bevPoolFused() equals depth x feature summed in double, every variant", (ctx) => {
  forEachFrustum(ctx, ({ grid, pixels }, c, scene, { plan, depth, feats }, name) => {
    const expected = fusedExpected(scene, grid, c);
    using out = ctx.tensor("f32", [grid, c]);
    variants(ctx.backend, "bev_pool_fused").forEach((variant, v) => {
      bevPoolFused(depth, feats, plan, out, pixels, v);
      // 100,000 terms in one sum wander further from 0 than the few of a usual cell.
      const abs = scene.cells.length < 100_000 ? 1e-5 : 1e-3;
      assertClose(out.download(), expected, abs, 2e-5, `${variant}, ${name}`);
    });
  });
});

testEach("bevPoolFusedBackward() is the adjoint of bevPoolFused(), every variant", (ctx) => {
  forEachFrustum(ctx, ({ grid, pixels }, c, scene, { plan, depth, feats }, name) => {
    const gradOut = randomFloats(grid * c, 8);
    const [gradDepth, gradFeats] = [scene.depth, scene.feats].map((v) =>
      new Float64Array(v.length)
    );
    scene.cells.forEach((cell, p) => {
      for (let k = 0; cell >= 0 && k < c; k++) {
        const at = scene.rowOf(p) * c + k;
        gradDepth![p]! += gradOut[cell * c + k]! * scene.feats[at]!;
        gradFeats![at]! += gradOut[cell * c + k]! * scene.depth[p]!;
      }
    });
    using grad = ctx.tensorFrom("f32", [grid, c], gradOut);
    using toDepth = ctx.tensor("f32", depth.shape);
    using toFeats = ctx.tensor("f32", feats.shape);
    variants(ctx.backend, "bev_pool_fused_backward").forEach((variant, v) => {
      bevPoolFusedBackward(grad, depth, feats, plan, { depth: toDepth, feats: toFeats }, pixels, v);
      assertClose(toDepth.download(), gradDepth!, 1e-5, 2e-5, `${variant}, ${name}, depth`);
      assertClose(toFeats.download(), gradFeats!, 1e-5, 2e-5, `${variant}, ${name}, feats`);
    });
  });
});

testEach("bevPoolBackward() gives every point the gradient of its cell, every variant", (ctx) => {
  forEachFrustum(ctx, ({ grid }, c, { cells }, { plan }, name) => {
    const gradOut = randomFloats(grid * c, 8);
    const expected = Float32Array.from(
      { length: cells.length * c },
      (_, i) => cells[Math.floor(i / c)]! < 0 ? 0 : gradOut[cells[Math.floor(i / c)]! * c + i % c]!,
    );
    using grad = ctx.tensorFrom("f32", [grid, c], gradOut);
    using out = ctx.tensor("f32", [cells.length, c]);
    variants(ctx.backend, "bev_pool_backward").forEach((variant, v) => {
      bevPoolBackward(grad, plan, out, v);
      assertEquals(out.download(), expected, `${variant}, ${name}`);
    });
  });
});

testEach("bevPoolFused() and its gradient give BEVPoolv2's own unit vector", (ctx) => {
  // Ranks of the original: depth [0, 4, 1, 6], feature rows [0, 0, 1, 2], cells [0, 0, 1, 1].
  const cells = Int32Array.of(0, 1, -1, -1, 0, -1, 1, -1);
  using points = ctx.tensorFrom("i32", [8], cells);
  using plan = BevPlan.build(points, 2);
  using depth = ctx.tensorFrom(
    "f32",
    [1, 2, 2, 2],
    Float32Array.of(.3, .4, .2, .1, .7, .6, .8, .9),
  );
  using feats = ctx.tensorFrom("f32", [4, 2], new Float32Array(8).fill(1));
  using out = ctx.tensor("f32", [2, 2]);
  using ones = ctx.tensorFrom("f32", [2, 2], new Float32Array(4).fill(1));
  using gradDepth = ctx.tensor("f32", [1, 2, 2, 2]);
  using gradFeats = ctx.tensor("f32", [4, 2]);
  variants(ctx.backend, "bev_pool_fused").forEach((variant, v) => {
    bevPoolFused(depth, feats, plan, out, 4, v);
    assertClose(out.download(), [1, 1, 1.2, 1.2], 1e-6, 0, variant);
    const total = out.download().reduce((a, b) => a + b);
    assertClose(Float32Array.of(total), [4.4], 1e-6, 0, `${variant}, sum`);
  });
  variants(ctx.backend, "bev_pool_fused_backward").forEach((variant, v) => {
    bevPoolFusedBackward(ones, depth, feats, plan, { depth: gradDepth, feats: gradFeats }, 4, v);
    assertEquals(gradDepth.download(), Float32Array.of(2, 2, 0, 0, 2, 0, 2, 0), variant);
    assertClose(gradFeats.download(), [1, 1, .4, .4, .8, .8, 0, 0], 1e-6, 0, variant);
  });
});

const GRID: BevGrid = { low: [-54, -54, -10], size: [0.5, 0.5, 20], cells: [216, 216, 1] };

testEach("bevCells() truncates or floors, keeps lower borders and drops upper ones", (ctx) => {
  const points: [number, number, number][] = [
    [-54, -54, -10], // the lower corner: cell 0 in both
    [-54.25, -54, 0], // half a cell below: truncation takes it for cell 0
    [-54.5, -54, 0], // a whole cell below
    [53.99, 53.99, 9], // the last cell
    [54, 0, 0], // the upper border is outside
    [0, 0, 10],
    [-54, -53.5, 0], // a border between two cells belongs to the upper one
    [NaN, 0, 0],
    [Infinity, 0, 0],
    [-Infinity, 0, 0],
  ];
  const expected = {
    truncate: [0, 0, -1, 215 * 216 + 215, -1, -1, 1, -1, -1, -1],
    floor: [0, -1, -1, 215 * 216 + 215, -1, -1, 1, -1, -1, -1],
  };
  using on = ctx.tensorFrom("f32", [points.length, 3], Float32Array.from(points.flat()));
  using cells = ctx.tensor("i32", [points.length]);
  for (const rounding of ["truncate", "floor"] as const) {
    variants(ctx.backend, "bev_cells").forEach((variant, v) => {
      bevCells(on, cells, GRID, rounding, v);
      assertEquals([...cells.download()], expected[rounding], `${variant}, ${rounding}`);
    });
  }
});

testEach("bevCells() numbers cells by batch, z, x, y", (ctx) => {
  const grid: BevGrid = { low: [0, 0, 0], size: [1, 1, 1], cells: [4, 5, 2], batches: 2 };
  using points = ctx.tensorFrom("f32", [4, 3], Float32Array.of(3, 4, 1, 0, 0, 0, 3, 4, 1, 1, 2, 0));
  using cells = ctx.tensor("i32", [4]);
  bevCells(points, cells, grid, "floor");
  assertEquals([...cells.download()], [39, 0, 79, 40 + 7]);
});

testEach("bevPool() keeps the last point of the last interval", (ctx) => {
  const cells = Int32Array.from({ length: 33 }, (_, i) => i < 20 ? 0 : 6);
  using points = ctx.tensorFrom("i32", [33], cells);
  using plan = BevPlan.build(points, 7);
  using feats = ctx.tensorFrom("f32", [33, 1], new Float32Array(33).fill(1));
  using out = ctx.tensor("f32", [7, 1]);
  variants(ctx.backend, "bev_pool").forEach((variant, v) => {
    bevPool(feats, plan.order, plan.starts, plan.intervals, out, v);
    assertEquals([...out.download()], [20, 0, 0, 0, 0, 0, 13], variant);
  });
});

Deno.test("bevPoolFused() and its gradient repeat to the bit on any number of threads", () => {
  const frustum = FRUSTUMS["scattered"]!;
  const scene = sceneOf(frustum, 80);
  const runs = [1, 2, 5, 5, 16].map((threads) => {
    using ctx = new Context("cpu", { threads });
    using cells = ctx.tensorFrom("i32", [scene.cells.length], scene.cells);
    using plan = BevPlan.build(cells, frustum.grid);
    using depth = ctx.tensorFrom("f32", [scene.depth.length], scene.depth);
    using feats = ctx.tensorFrom("f32", [150, 80], scene.feats);
    using out = ctx.tensor("f32", [frustum.grid, 80]);
    using gradDepth = ctx.tensor("f32", depth.shape);
    using gradFeats = ctx.tensor("f32", feats.shape);
    bevPoolFused(depth, feats, plan, out, frustum.pixels);
    const gradients = { depth: gradDepth, feats: gradFeats };
    bevPoolFusedBackward(out, depth, feats, plan, gradients, frustum.pixels);
    return [out, gradDepth, gradFeats].map((tensor) => tensor.download());
  });
  for (const run of runs) assertEquals(run, runs[0]);
});

Deno.test("the fused pooling refuses shapes that do not divide, points that are not there", () => {
  using ctx = new Context("cpu");
  using cells = ctx.tensorFrom("i32", [12], new Int32Array(12));
  using plan = BevPlan.build(cells, 2);
  using feats = ctx.tensor("f32", [4, 8]);
  using out = ctx.tensor("f32", [2, 8]);
  using depth = ctx.tensor("f32", [10]);
  assertThrows(
    () => bevPoolFused(depth, feats, plan, out, 4),
    KernelError,
    "depth has 10 elements, not a multiple of the 4 rows of feats",
  );
  assertThrows(
    () => bevPoolFused(depth, feats, plan, out, 3),
    KernelError,
    "feats has 4 rows, not a multiple of pixels = 3",
  );
  using short = ctx.tensor("f32", [8]);
  assertThrows(
    () => bevPoolFused(short, feats, plan, out, 4),
    KernelError,
    "order[8] = 8, there are 8 points",
  );
  using points = ctx.tensor("f32", [12, 3]);
  const flat = { ...GRID, size: [0.5, 0, 20] as const };
  assertThrows(() => bevCells(points, cells, flat, "floor"), KernelError, "grid[4] = 0");
});
