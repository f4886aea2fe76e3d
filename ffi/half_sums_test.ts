/** Gradients and BEV pooling on bf16 and f16 against brute force in double, every variant. */
import { assertEquals } from "@std/assert";
import { denseConv } from "./dense.ts";
import {
  type BevGroups,
  bevPool,
  bevPoolFused,
  Context,
  convDgrad,
  geometry,
  KernelMap,
  sparseConvWgrad,
  variants,
  weightTranspose,
} from "./mod.ts";
import { coordsTensor, randomCoords, seeded, sortedUnique, testEach } from "./testing.ts";
import { assertSums, bitsOf, floats, HALVES, made, takes, valuesOf } from "./testing_half.ts";

testEach("the gradients of a convolution in 16 bits, every variant", (ctx, setting) => {
  const rows = setting.startsWith("emulated") ? 120 : 1300;
  using inputs = coordsTensor(ctx, sortedUnique(randomCoords(rows, 12, 1, -4, 2)));
  using map = KernelMap.build(inputs, inputs, geometry(3));
  using transposed = map.transpose();
  const [own, back] = [map.map.download(), transposed.map.download()];
  const n = inputs.rows;
  for (const dtype of HALVES) {
    for (const [cin, cout] of [[3, 5], [16, 32], [33, 70]] as const) {
      const x = made(ctx, dtype, [n, cin], 2);
      const g = made(ctx, dtype, [n, cout], 3);
      const w = made(ctx, dtype, [27, cin, cout], 4);
      using xOn = x.tensor;
      using gOn = g.tensor;
      using wOn = w.tensor;
      const expected = new Float64Array(27 * cin * cout);
      own.forEach((row, at) => {
        if (row < 0) return;
        const [k, m] = [Math.floor(at / n), at % n];
        for (let i = 0; i < cin; i++) {
          for (let o = 0; o < cout; o++) {
            expected[(k * cin + i) * cout + o]! += x.values[row * cin + i]! *
              g.values[m * cout + o]!;
          }
        }
      });
      variants(ctx.backend, "sparse_conv_wgrad").forEach((variant, v) => {
        for (const type of ["f32", dtype] as const) {
          using out = ctx.tensor(type, [27, cin, cout]);
          const what = `${variant}, ${dtype} to ${type}, ${cin} to ${cout}`;
          if (!takes(ctx, () => sparseConvWgrad(xOn, gOn, map.map, null, out, v), variant)) return;
          assertSums(out, expected, n, what);
        }
      });
      const swapped = w.values.map((_, at) => {
        const [k, i, o] = [Math.floor(at / (cin * cout)), at % cin, Math.floor(at / cin) % cout];
        return w.values[(k * cin + i) * cout + o]!;
      });
      using out = ctx.tensor(dtype, [27, cout, cin]);
      variants(ctx.backend, "weight_transpose").forEach((variant, v) => {
        weightTranspose(wOn, out, v);
        assertEquals(floats(out), swapped, variant);
      });
      using gradIn = convDgrad(gOn, wOn, transposed);
      assertSums(
        gradIn,
        denseConv(g.values, swapped, back, cout, cin),
        27 * cout,
        `dgrad ${dtype}`,
      );
    }
  }
});

testEach("bevPool() and bevPoolFused() in 16 bits sum in f32, every variant", (ctx) => {
  // Cells of no, one and many points; cameras of 2 x 3 pixels and 10 depths.
  const [cameras, depths, pixels, grid] = [4, 10, 6, 9];
  const p = cameras * depths * pixels;
  const cell = Array.from({ length: p }, (_, i) => [0, 2, 2, 2, 5, 8, -1][(i * 5) % 7]!);
  const cells = [0, 2, 5, 8];
  const members = cells.map((c) => [...cell.keys()].filter((i) => cell[i] === c));
  const order = Int32Array.from(members.flat());
  const starts = Int32Array.from([0, 1, 2, 3, 4], (i) => members.slice(0, i).flat().length);
  using orderOn = ctx.tensorFrom("i32", [order.length], order);
  using startsOn = ctx.tensorFrom("i32", [starts.length], starts);
  using intervalsOn = ctx.tensorFrom("i32", [cells.length], Int32Array.from(cells));
  const groups: BevGroups = { order: orderOn, starts: startsOn, intervals: intervalsOn };
  for (const dtype of HALVES) {
    for (const c of [1, 3, 16, 37, 80]) {
      const points = made(ctx, dtype, [p, c], 1);
      const depth = made(ctx, dtype, [p], 2);
      const feats = made(ctx, dtype, [cameras * pixels, c], 3);
      using pointsOn = points.tensor;
      using depthOn = depth.tensor;
      using featsOn = feats.tensor;
      const plain = new Float64Array(grid * c);
      const fused = new Float64Array(grid * c);
      cell.forEach((to, i) => {
        const row = Math.floor(i / (depths * pixels)) * pixels + i % pixels;
        for (let k = 0; k < c && to >= 0; k++) {
          plain[to * c + k]! += points.values[i * c + k]!;
          fused[to * c + k]! += depth.values[i]! * feats.values[row * c + k]!;
        }
      });
      for (const type of ["f32", dtype] as const) {
        using out = ctx.tensor(type, [grid, c]);
        variants(ctx.backend, "bev_pool").forEach((variant, v) => {
          const run = () => bevPool(pointsOn, orderOn, startsOn, intervalsOn, out, v);
          // Prefix sums lose what the points before a cell add up to.
          if (takes(ctx, run, variant)) assertSums(out, plain, p, `${variant}, ${dtype}, c=${c}`);
        });
        variants(ctx.backend, "bev_pool_fused").forEach((variant, v) => {
          bevPoolFused(depthOn, featsOn, groups, out, pixels, v);
          assertSums(out, fused, p, `${variant}, ${dtype}, c=${c}`);
        });
      }
    }
  }
});

testEach("bevPool() rounds to 16 bits as the conversions do, for every kind of value", (ctx) => {
  // One point a cell: normal numbers, subnormal ones, ties, overflow, NaN.
  const c = 33;
  const n = 60;
  const next = seeded(8);
  const values = Float32Array.from({ length: n * c }, (_, i) => {
    const special = [NaN, Infinity, -Infinity, 0, -0, 65504, 2 ** -24, 3 * 2 ** -25, 1e-30];
    return i < special.length ? special[i]! : (next() - 0.5) * 2 ** (40 * next() - 28);
  });
  const rows = Int32Array.from({ length: n }, (_, i) => i);
  using order = ctx.tensorFrom("i32", [n], rows);
  using intervals = ctx.tensorFrom("i32", [n], rows);
  using starts = ctx.tensorFrom("i32", [n + 1], Int32Array.of(...rows, n));
  for (const dtype of HALVES) {
    const bits = bitsOf(dtype, values);
    using feats = ctx.tensorFrom(dtype, [n, c], bits);
    using out = ctx.tensor(dtype, [n, c]);
    using depth = ctx.tensorFrom(dtype, [n], bitsOf(dtype, new Float32Array(n).fill(1)));
    variants(ctx.backend, "bev_pool_fused").forEach((variant, v) => {
      bevPoolFused(depth, feats, { order, starts, intervals }, out, 1, v);
      // A sum starts at 0, so that -0 becomes 0.
      const expected = valuesOf(dtype, bits).map((value) => value + 0);
      assertEquals(floats(out), expected, `${variant}, ${dtype}`);
    });
  }
});

Deno.test("16-bit gradients have the same bits for 1 to 5 threads and on every run", () => {
  const coords = sortedUnique(randomCoords(4000, 18, 15));
  for (const dtype of HALVES) {
    const results = [1, 2, 3, 5, 5].map((threads) => {
      using ctx = new Context("cpu", { threads });
      using at = coordsTensor(ctx, coords);
      using map = KernelMap.build(at, at, geometry(3));
      const x = made(ctx, dtype, [at.rows, 24], 16);
      const g = made(ctx, dtype, [at.rows, 40], 17);
      using feats = x.tensor;
      using gradOut = g.tensor;
      using out = ctx.tensor("f32", [27, 24, 40]);
      sparseConvWgrad(feats, gradOut, map.map, null, out);
      return out.download();
    });
    for (const other of results.slice(1)) assertEquals(other, results[0]);
  }
});
