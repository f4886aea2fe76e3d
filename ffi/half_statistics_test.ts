/** Row statistics, pooling and the gradients of BEV pooling on bf16 and f16, every variant. */
import { assertEquals } from "@std/assert";
import {
  type BevGroups,
  bevPoolBackward,
  bevPoolFusedBackward,
  layerNorm,
  mapReduce,
  softmax,
  variants,
} from "./mod.ts";
import { randomFloats, seeded, testEach } from "./testing.ts";
import { assertSums, bitsOf, floats, HALVES, made, valuesOf } from "./testing_half.ts";

const SHAPES = [[0, 8], [1, 1], [5, 3], [33, 16], [70, 96], [9, 300]] as const;

/** The rows of a matrix [n, c]. */
const rowsOf = (values: Float32Array, c: number) =>
  Array.from({ length: values.length / c }, (_, i) => values.subarray(i * c, (i + 1) * c));

testEach("layerNorm() in 16 bits is its definition on the rounded rows", (ctx) => {
  for (const dtype of HALVES) {
    for (const [n, c] of SHAPES) {
      const x = made(ctx, dtype, [n, c], 1);
      const [gamma, beta] = [randomFloats(c, 2), randomFloats(c, 3)];
      using xOn = x.tensor;
      using gammaOn = ctx.tensorFrom("f32", [c], gamma);
      using betaOn = ctx.tensorFrom("f32", [c], beta);
      using out = ctx.tensor(dtype, [n, c]);
      const expected = rowsOf(x.values, c).flatMap((row) => {
        const mean = row.reduce((a, b) => a + b, 0) / c;
        const variance = row.reduce((sum, y) => sum + (y - mean) ** 2, 0) / c;
        return Array.from(
          row,
          (y, k) => (y - mean) / Math.sqrt(variance + 1e-3) * gamma[k]! + beta[k]!,
        );
      });
      variants(ctx.backend, "layer_norm").forEach((variant, v) => {
        layerNorm(xOn, gammaOn, betaOn, out, 1e-3, v);
        // Deviations are divided by as little as sqrt(1e-3).
        assertSums(out, expected, 32 * 10, `${variant}, ${dtype}, ${n} x ${c}`);
      });
    }
  }
});

testEach("softmax() in 16 bits keeps its exponentials in f32, in place as well", (ctx) => {
  for (const dtype of HALVES) {
    for (const [n, c] of SHAPES) {
      const next = seeded(4);
      const bits = bitsOf(
        dtype,
        Float32Array.from({ length: n * c }, () => next() < 0.1 ? -Infinity : 20 * next() - 10),
      );
      // A row of nothing but -infinity is NaN: see the test in f32.
      for (let i = 0; i < n; i++) bits[i * c] = 0;
      const x = valuesOf(dtype, bits);
      using out = ctx.tensor(dtype, [n, c]);
      const expected = rowsOf(x, c).flatMap((row) => {
        const most = Math.max(...row);
        const powers = Array.from(row, (y) => Math.exp(y - most));
        const sum = powers.reduce((a, b) => a + b, 0);
        return powers.map((power) => power / sum);
      });
      variants(ctx.backend, "softmax").forEach((variant, v) => {
        using xOn = ctx.tensorFrom(dtype, [n, c], bits);
        softmax(xOn, out, v);
        assertSums(out, expected, 1, `${variant}, ${dtype}, ${n} x ${c}`);
        const apart = out.download();
        softmax(xOn, xOn, v);
        assertEquals(xOn.download(), apart, `${variant} in place`);
      });
    }
  }
});

testEach("mapReduce() in 16 bits sums in f32", (ctx) => {
  const [n, m, kv] = [40, 30, 9];
  const next = seeded(5);
  const map = Int32Array.from(
    { length: kv * m },
    (_, i) => i % m === 3 || next() < 0.4 ? -1 : Math.floor(next() * n),
  );
  using mapOn = ctx.tensorFrom("i32", [kv, m], map);
  for (const dtype of HALVES) {
    for (const c of [1, 7, 16, 80]) {
      const x = made(ctx, dtype, [n, c], 6);
      using feats = x.tensor;
      using out = ctx.tensor(dtype, [m, c]);
      for (const reduction of ["mean", "sum", "max"] as const) {
        const expected = Float64Array.from({ length: m * c }, (_, i) => {
          const rows = Array.from({ length: kv }, (_, k) => map[k * m + Math.floor(i / c)]!);
          const values = rows.filter((row) => row >= 0).map((row) => x.values[row * c + i % c]!);
          if (values.length === 0) return 0;
          if (reduction === "max") return Math.max(...values);
          const sum = values.reduce((total, value) => total + value);
          return reduction === "sum" ? sum : sum / values.length;
        });
        variants(ctx.backend, "map_reduce").forEach((variant, v) => {
          mapReduce(feats, mapOn, out, reduction, v);
          assertSums(out, expected, kv, `${variant}, ${reduction}, ${dtype}, c=${c}`);
        });
      }
    }
  }
});

testEach("the gradients of bevPool() and bevPoolFused() in 16 bits, every variant", (ctx) => {
  // Cells of no, one and many points; cameras of 2 x 3 pixels and 10 depths.
  const [cameras, depths, pixels, grid] = [4, 10, 6, 9];
  const p = cameras * depths * pixels;
  const cell = Array.from({ length: p }, (_, i) => [0, 2, 2, 2, 5, 8, -1][(i * 5) % 7]!);
  const cells = [0, 2, 5, 8];
  const members = cells.map((c) => [...cell.keys()].filter((i) => cell[i] === c));
  using order = ctx.tensorFrom("i32", [members.flat().length], Int32Array.from(members.flat()));
  const ends = Int32Array.from([0, 1, 2, 3, 4], (i) => members.slice(0, i).flat().length);
  using starts = ctx.tensorFrom("i32", [ends.length], ends);
  using intervals = ctx.tensorFrom("i32", [cells.length], Int32Array.from(cells));
  const groups: BevGroups = { order, starts, intervals };
  for (const dtype of HALVES) {
    // 300 channels: a warp goes over the depths three times.
    for (const c of [1, 3, 16, 37, 80, 300]) {
      const rows = cameras * pixels;
      const grad = made(ctx, dtype, [grid, c], 1);
      const depth = made(ctx, dtype, [p], 2);
      const feats = made(ctx, dtype, [rows, c], 3);
      using gradOn = grad.tensor;
      using depthOn = depth.tensor;
      using featsOn = feats.tensor;
      using gradPoints = ctx.tensor(dtype, [p, c]);
      using gradDepth = ctx.tensor(dtype, [p]);
      using gradFeats = ctx.tensor(dtype, [rows, c]);
      const points = cell.flatMap((to) =>
        Array.from({ length: c }, (_, k) => to < 0 ? 0 : grad.values[to * c + k]!)
      );
      const dots = new Float64Array(p);
      const sums = new Float64Array(rows * c);
      cell.forEach((to, i) => {
        const row = Math.floor(i / (depths * pixels)) * pixels + i % pixels;
        for (let k = 0; k < c && to >= 0; k++) {
          dots[i]! += grad.values[to * c + k]! * feats.values[row * c + k]!;
          sums[row * c + k]! += grad.values[to * c + k]! * depth.values[i]!;
        }
      });
      variants(ctx.backend, "bev_pool_backward").forEach((variant, v) => {
        bevPoolBackward(gradOn, groups, gradPoints, v);
        assertEquals([...floats(gradPoints)], points, `${variant}, ${dtype}, c=${c}`);
      });
      variants(ctx.backend, "bev_pool_fused_backward").forEach((variant, v) => {
        const gradients = { depth: gradDepth, feats: gradFeats };
        bevPoolFusedBackward(gradOn, depthOn, featsOn, groups, gradients, pixels, v);
        assertSums(gradDepth, dots, c, `${variant}, depth, ${dtype}, c=${c}`);
        assertSums(gradFeats, sums, depths, `${variant}, feats, ${dtype}, c=${c}`);
      });
    }
  }
});
