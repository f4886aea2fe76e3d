/** Row ops on bf16 and f16 against brute force in double on the rounded inputs, every variant. */
import { assertEquals, assertThrows } from "@std/assert";
import {
  affine,
  concat,
  Context,
  devoxelize,
  KernelError,
  linear,
  type Tensor,
  variants,
  voxelReduce,
} from "./mod.ts";
import { randomFloats, seeded, testEach } from "./testing.ts";
import { assertSums, bitsOf, floats, HALVES, made } from "./testing_half.ts";

const relu = (x: number) => x < 0 ? 0 : x;

/** x (1 + erf(x / sqrt 2)) / 2, as the integral of the normal density by Simpson's rule. */
function gelu(x: number): number {
  const most = Math.min(Math.abs(x), 9);
  const steps = 400;
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const times = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    sum += times * Math.exp(-((most * i / steps) ** 2) / 2);
  }
  const half = most / steps / 3 * sum / Math.sqrt(2 * Math.PI);
  return x * (0.5 + Math.sign(x) * half);
}

testEach("linear() in 16 bits is the product in double of its inputs, every variant", (ctx) => {
  const shapes = [[0, 3, 4], [1, 1, 1], [3, 0, 5], [7, 16, 16], [130, 37, 83], [125, 530, 72]];
  for (const dtype of HALVES) {
    for (const [n, k, m] of shapes as [number, number, number][]) {
      const x = made(ctx, dtype, [n, k], 1);
      const w = made(ctx, dtype, [k, m], 2);
      const residual = made(ctx, dtype, [n, m], 3);
      const [scale, shift] = [randomFloats(m, 4), randomFloats(m, 5)];
      using xOn = x.tensor;
      using wOn = w.tensor;
      using residualOn = residual.tensor;
      using scaleOn = ctx.tensorFrom("f32", [m], scale);
      using shiftOn = ctx.tensorFrom("f32", [m], shift);
      using out = ctx.tensor(dtype, [n, m]);
      const sums = new Float64Array(n * m);
      for (let i = 0; i < n; i++) {
        for (let p = 0; p < k; p++) {
          for (let o = 0; o < m; o++) {
            sums[i * m + o]! += x.values[i * k + p]! * w.values[p * m + o]!;
          }
        }
      }
      const finished = sums.map((sum, i) =>
        relu(sum * scale[i % m]! + shift[i % m]! + residual.values[i]!)
      );
      const smooth = sums.map((sum, i) => gelu(sum + shift[i % m]!));
      variants(ctx.backend, "linear").forEach((variant, v) => {
        const what = `${variant}, ${dtype}, ${n} x ${k} x ${m}`;
        linear(xOn, wOn, out, {}, v);
        assertSums(out, sums, k, what);
        const epilogue = { scale: scaleOn, shift: shiftOn, residual: residualOn };
        linear(xOn, wOn, out, { ...epilogue, activation: "relu" }, v);
        assertSums(out, finished, k, `${what}, whole epilogue`);
        linear(xOn, wOn, out, { shift: shiftOn, activation: "gelu" }, v);
        assertSums(out, smooth, k, `${what}, GELU`);
      });
    }
  }
});

testEach("affine() in 16 bits computes in f32, in place too, every variant", (ctx) => {
  for (const dtype of HALVES) {
    for (const [n, c] of [[0, 8], [3, 1], [5, 7], [130, 16], [33, 37], [2, 9000]] as const) {
      const x = made(ctx, dtype, [n, c], 1);
      const residual = made(ctx, dtype, [n, c], 2);
      const [scale, shift] = [randomFloats(c, 3), randomFloats(c, 4)];
      using xOn = x.tensor;
      using residualOn = residual.tensor;
      using out = ctx.tensor(dtype, [n, c]);
      using scaleOn = ctx.tensorFrom("f32", [c], scale);
      using shiftOn = ctx.tensorFrom("f32", [c], shift);
      const expected = Float64Array.from(
        x.values,
        (value, i) => relu(value * scale[i % c]! + shift[i % c]! + residual.values[i]!),
      );
      const sums = Float64Array.from(x.values, (value, i) => value + residual.values[i]!);
      variants(ctx.backend, "affine").forEach((variant, v) => {
        const what = `${variant}, ${dtype}, ${n} x ${c}`;
        affine(xOn, out, { residual: residualOn }, v);
        assertSums(out, sums, 2, `${what}, sum`);
        out.upload(bitsOf(dtype, x.values));
        const whole = { scale: scaleOn, shift: shiftOn, residual: residualOn };
        affine(out, out, { ...whole, activation: "relu" }, v);
        assertSums(out, expected, 3, what);
      });
    }
  }
});

testEach("concat() in 16 bits copies the bits, every variant", (ctx) => {
  for (const dtype of HALVES) {
    for (const [a, b] of [[0, 3], [3, 0], [5, 16], [8, 24], [37, 80]] as const) {
      const left = made(ctx, dtype, [50, a], 1);
      const right = made(ctx, dtype, [50, b], 2);
      using leftOn = left.tensor;
      using rightOn = right.tensor;
      using out = ctx.tensor(dtype, [50, a + b]);
      const expected = Array.from({ length: 50 }, (_, i) => [
        ...left.values.subarray(i * a, i * a + a),
        ...right.values.subarray(i * b, i * b + b),
      ]);
      variants(ctx.backend, "concat").forEach((variant, v) => {
        concat(leftOn, rightOn, out, v);
        assertEquals([...floats(out)], expected.flat(), `${variant}, ${dtype}, ${a} + ${b}`);
      });
    }
  }
});

testEach("voxelReduce() in 16 bits sums in f32, every variant and reduction", (ctx) => {
  // Voxels of 0, 1, 2 and many points, the points of each apart.
  const counts = [3, 0, 1, 2, 300, 1, 0, 5];
  const n = counts.reduce((sum, count) => sum + count);
  const starts = Int32Array.from(
    [0, ...counts],
    (_, i) => counts.slice(0, i).reduce((sum, count) => sum + count, 0),
  );
  const order = Int32Array.from({ length: n }, (_, i) => (i * 7) % n);
  assertEquals(new Set(order).size, n);
  using orderOn = ctx.tensorFrom("i32", [n], order);
  using startsOn = ctx.tensorFrom("i32", [starts.length], starts);
  for (const dtype of HALVES) {
    for (const c of [1, 7, 16, 40]) {
      const feats = made(ctx, dtype, [n, c], 1);
      using featsOn = feats.tensor;
      using out = ctx.tensor(dtype, [counts.length, c]);
      for (const reduction of ["first", "mean", "sum", "max"] as const) {
        const expected = Float64Array.from({ length: counts.length * c }, (_, i) => {
          const m = Math.floor(i / c);
          const rows = [...order.subarray(starts[m]!, starts[m + 1]!)];
          const values = rows.map((row) => feats.values[row * c + i % c]!);
          if (values.length === 0) return 0;
          if (reduction === "first") return values[0]!;
          if (reduction === "max") return Math.max(...values);
          const sum = values.reduce((total, value) => total + value);
          return reduction === "sum" ? sum : sum / values.length;
        });
        variants(ctx.backend, "voxel_reduce").forEach((variant, v) => {
          const what = `${variant}, ${dtype}, ${reduction}, c=${c}`;
          voxelReduce(featsOn, orderOn, startsOn, out, reduction, v);
          assertSums(out, expected, 300, what);
        });
      }
    }
  }
});

testEach("devoxelize() in 16 bits sums in f32, with and without weights, every variant", (ctx) => {
  const [n, m, t] = [90, 40, 8];
  const next = seeded(3);
  const index = Int32Array.from(
    { length: n * t },
    () => next() < 0.2 ? -1 : Math.floor(next() * m),
  );
  const weight = randomFloats(n * t, 4);
  using indexOn = ctx.tensorFrom("i32", [n, t], index);
  using weightOn = ctx.tensorFrom("f32", [n, t], weight);
  for (const dtype of HALVES) {
    for (const c of [1, 7, 16, 40, 130]) {
      const feats = made(ctx, dtype, [m, c], 5);
      using featsOn = feats.tensor;
      using out = ctx.tensor(dtype, [n, c]);
      for (const weights of [weightOn, null]) {
        const expected = Float64Array.from({ length: n * c }, (_, at) => {
          const i = Math.floor(at / c);
          let sum = 0;
          for (let j = i * t; j < i * t + t; j++) {
            const share = weights === null ? 1 : weight[j]!;
            if (index[j]! >= 0) sum += share * feats.values[index[j]! * c + at % c]!;
          }
          return sum;
        });
        variants(ctx.backend, "devoxelize").forEach((variant, v) => {
          const what = `${variant}, ${dtype}, c=${c}`;
          devoxelize(featsOn, indexOn, weights, out, v);
          assertSums(out, expected, t, what);
        });
      }
    }
  }
});

testEach("16-bit results keep NaN and infinities and overflow to infinity", (ctx) => {
  for (const dtype of HALVES) {
    const most = dtype === "f16" ? 65504 : 3e38;
    const x = bitsOf(dtype, Float32Array.of(NaN, Infinity, -Infinity, most, -most, 2 ** -24));
    using xOn = ctx.tensorFrom(dtype, [1, 6], x);
    using out = ctx.tensor(dtype, [1, 6]);
    variants(ctx.backend, "affine").forEach((variant, v) => {
      affine(xOn, out, { residual: xOn }, v);
      const expected = [NaN, Infinity, -Infinity, Infinity, -Infinity, 2 ** -23];
      assertEquals([...floats(out)], expected, `${variant}, ${dtype}`);
    });
  }
});

Deno.test("16-bit ops name what does not fit", () => {
  using ctx = new Context("cpu");
  using x = ctx.tensor("bf16", [4, 8]);
  using wrong = ctx.tensor("f16", [8, 3]);
  using out = ctx.tensor("bf16", [4, 3]);
  using ints = ctx.tensor("i32", [4, 8]);
  const untyped = (tensor: unknown) => tensor as Tensor<"bf16">;
  const refuses = (run: () => void, text: string) => assertThrows(run, KernelError, text);
  refuses(() => linear(x, untyped(wrong), out), "weight: it is f16 with 2 dimensions, not bf16");
  refuses(() => affine(untyped(ints), x, {}), "x: it is i32, f32, bf16 or f16 is needed");
  refuses(() => concat(x, untyped(ints), out), "b: it is i32");
});
