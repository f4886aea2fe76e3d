import { assertEquals, assertThrows } from "@std/assert";
import {
  affine,
  concat,
  Context,
  type DenseEpilogue,
  KernelError,
  layerNorm,
  linear,
  mapReduce,
  softmax,
  variants,
} from "./mod.ts";
import { assertClose, randomFloats, seeded, testEach } from "./testing.ts";

/** erf in double, by the series whose terms all have one sign. */
function erf(x: number): number {
  let [sum, term] = [x, x];
  for (let n = 1; n < 300; n++) {
    term *= 2 * x * x / (2 * n + 1);
    sum += term;
  }
  return Math.abs(x) > 6 ? Math.sign(x) : 2 / Math.sqrt(Math.PI) * Math.exp(-x * x) * sum;
}

const ACTIVATE: Record<NonNullable<DenseEpilogue["activation"]>, (x: number) => number> = {
  none: (x) => x,
  relu: (x) => x < 0 ? 0 : x,
  "leaky_relu": (x) => x < 0 ? 0.1 * x : x,
  gelu: (x) => x * (1 + erf(x / Math.SQRT2)) / 2,
};
const NAMES = Object.keys(ACTIVATE) as (keyof typeof ACTIVATE)[];

/** Rows and columns: nothing, less than a register, whole ones, primes, more than a strip. */
const SHAPES = [[0, 8], [3, 1], [5, 7], [130, 16], [33, 37], [7, 80], [2, 300]] as const;

testEach("linear() equals the product in double with every epilogue, every variant", (ctx) => {
  const shapes = [[0, 3, 4], [1, 1, 1], [1, 0, 5], [7, 16, 16], [130, 37, 83], [250, 600, 208]];
  for (const [n, k, m] of shapes as [number, number, number][]) {
    const [x, w] = [randomFloats(n * k, 1), randomFloats(k * m, 2)];
    const [scale, shift] = [randomFloats(m, 3), randomFloats(m, 4)];
    const residual = randomFloats(n * m, 5);
    const sums = new Float64Array(n * m);
    for (let i = 0; i < n; i++) {
      for (let p = 0; p < k; p++) {
        for (let o = 0; o < m; o++) sums[i * m + o]! += x[i * k + p]! * w[p * m + o]!;
      }
    }
    using xOn = ctx.tensorFrom("f32", [n, k], x);
    using wOn = ctx.tensorFrom("f32", [k, m], w);
    using scaleOn = ctx.tensorFrom("f32", [m], scale);
    using shiftOn = ctx.tensorFrom("f32", [m], shift);
    using residualOn = ctx.tensorFrom("f32", [n, m], residual);
    using out = ctx.tensor("f32", [n, m]);
    const whole = { scale: scaleOn, shift: shiftOn, residual: residualOn, slope: 0.1 };
    variants(ctx.backend, "linear").forEach((variant, v) => {
      linear(xOn, wOn, out, {}, v);
      assertClose(out.download(), sums, 2e-5, 2e-5, `${variant}, ${n} x ${k} x ${m}`);
      for (const activation of NAMES) {
        linear(xOn, wOn, out, { ...whole, activation }, v);
        const expected = sums.map((sum, i) =>
          ACTIVATE[activation](sum * scale[i % m]! + shift[i % m]! + residual[i]!)
        );
        assertClose(out.download(), expected, 2e-5, 2e-5, `${variant}, ${activation}, m=${m}`);
      }
    });
  }
});

testEach("affine() scales, shifts, adds and activates, in place too, every variant", (ctx) => {
  for (const [n, c] of SHAPES) {
    const x = randomFloats(n * c, 1).map((value) => 8 * value);
    const [scale, shift] = [randomFloats(c, 2), randomFloats(c, 3)];
    const residual = randomFloats(n * c, 4);
    using xOn = ctx.tensorFrom("f32", [n, c], x);
    using out = ctx.tensor("f32", [n, c]);
    using scaleOn = ctx.tensorFrom("f32", [c], scale);
    using shiftOn = ctx.tensorFrom("f32", [c], shift);
    using residualOn = ctx.tensorFrom("f32", [n, c], residual);
    variants(ctx.backend, "affine").forEach((variant, v) => {
      for (const activation of NAMES) {
        const name = `${variant}, ${activation}, ${n} x ${c}`;
        affine(xOn, out, { activation, slope: 0.1 }, v);
        const alone = Float64Array.from(x, ACTIVATE[activation]);
        assertClose(out.download(), alone, 1e-6, 1e-6, `${name}, alone`);
        out.upload(x);
        const whole = { scale: scaleOn, shift: shiftOn, residual: residualOn };
        affine(out, out, { ...whole, activation, slope: 0.1 }, v);
        const expected = Float64Array.from(
          x,
          (value, i) => ACTIVATE[activation](value * scale[i % c]! + shift[i % c]! + residual[i]!),
        );
        assertClose(out.download(), expected, 2e-6, 2e-6, name);
      }
    });
  }
});

testEach("the activations keep NaN and infinities, every variant", (ctx) => {
  using x = ctx.tensorFrom("f32", [1, 3], Float32Array.of(NaN, Infinity, -Infinity));
  using out = ctx.tensor("f32", [1, 3]);
  variants(ctx.backend, "affine").forEach((variant, v) => {
    affine(x, out, { activation: "relu" }, v);
    assertEquals([...out.download()], [NaN, Infinity, 0], variant);
    affine(x, out, { activation: "leaky_relu", slope: 0.5 }, v);
    assertEquals([...out.download()], [NaN, Infinity, -Infinity], variant);
  });
});

testEach("layerNorm() equals its definition in double, every variant", (ctx) => {
  for (const [n, c] of SHAPES) {
    // Far from 0, where E[x^2] - mean^2 would have no digit left.
    const x = randomFloats(n * c, 1).map((value) => value + 100);
    const [gamma, beta] = [randomFloats(c, 2), randomFloats(c, 3)];
    const expected = Float64Array.from(x, (value, i) => {
      const row = x.subarray(Math.floor(i / c) * c, Math.floor(i / c) * c + c);
      const mean = row.reduce((a, b) => a + b, 0) / c;
      const variance = row.reduce((sum, y) => sum + (y - mean) ** 2, 0) / c;
      return (value - mean) / Math.sqrt(variance + 1e-3) * gamma[i % c]! + beta[i % c]!;
    });
    using xOn = ctx.tensorFrom("f32", [n, c], x);
    using gammaOn = ctx.tensorFrom("f32", [c], gamma);
    using betaOn = ctx.tensorFrom("f32", [c], beta);
    using out = ctx.tensor("f32", [n, c]);
    variants(ctx.backend, "layer_norm").forEach((variant, v) => {
      layerNorm(xOn, gammaOn, betaOn, out, 1e-3, v);
      // The mean of values near 100 is known to half a unit of 2^-17.
      assertClose(out.download(), expected, 5e-4, 1e-5, `${variant}, ${n} x ${c}`);
    });
  }
});

testEach("softmax() equals exp over its sum, for large and masked values, every variant", (ctx) => {
  for (const [n, c] of SHAPES) {
    const next = seeded(9);
    const x = Float32Array.from(
      { length: n * c },
      (_, i) => i % c > 0 && next() < 0.2 ? -Infinity : (next() - 0.5) * 200,
    );
    const expected = Float64Array.from(x, (value, i) => {
      const row = [...x.subarray(Math.floor(i / c) * c, Math.floor(i / c) * c + c)];
      const most = Math.max(...row);
      return Math.exp(value - most) / row.reduce((sum, y) => sum + Math.exp(y - most), 0);
    });
    using xOn = ctx.tensorFrom("f32", [n, c], x);
    using out = ctx.tensor("f32", [n, c]);
    variants(ctx.backend, "softmax").forEach((variant, v) => {
      softmax(xOn, out, v);
      assertClose(out.download(), expected, 1e-7, 1e-5, `${variant}, ${n} x ${c}`);
      x.forEach((value, i) => {
        if (value === -Infinity) assertEquals(out.download()[i], 0, `${variant}, masked`);
      });
    });
  }
});

testEach("softmax() of a row with NaN, or of nothing but -infinity, is NaN", (ctx) => {
  const rows = [[1, NaN, 2], [-Infinity, -Infinity, -Infinity]];
  using x = ctx.tensorFrom("f32", [2, 3], Float32Array.from(rows.flat()));
  using out = ctx.tensor("f32", [2, 3]);
  variants(ctx.backend, "softmax").forEach((variant, v) => {
    softmax(x, out, v);
    assertEquals([...out.download()], new Array(6).fill(NaN), variant);
  });
});

testEach("concat() puts columns side by side, every variant", (ctx) => {
  for (const [a, b] of [[0, 3], [3, 0], [5, 16], [37, 80]] as const) {
    const n = 50;
    const [left, right] = [randomFloats(n * a, 1), randomFloats(n * b, 2)];
    using leftOn = ctx.tensorFrom("f32", [n, a], left);
    using rightOn = ctx.tensorFrom("f32", [n, b], right);
    using out = ctx.tensor("f32", [n, a + b]);
    const expected = Array.from({ length: n }, (_, i) => [
      ...left.subarray(i * a, i * a + a),
      ...right.subarray(i * b, i * b + b),
    ]);
    variants(ctx.backend, "concat").forEach((variant, v) => {
      concat(leftOn, rightOn, out, v);
      assertEquals([...out.download()], expected.flat(), `${variant}, ${a} + ${b}`);
    });
  }
});

testEach("mapReduce() pools what is there, 0 where nothing is, NaN kept, every variant", (ctx) => {
  const [n, m, kv] = [40, 30, 5];
  const next = seeded(4);
  const map = Int32Array.from(
    { length: kv * m },
    (_, i) => i % m === 3 || next() < 0.4 ? -1 : Math.floor(next() * n),
  );
  using mapOn = ctx.tensorFrom("i32", [kv, m], map);
  for (const c of [1, 7, 16, 80]) {
    const x = randomFloats(n * c, 1).map((value, i) => i === 11 * c ? NaN : value - 2);
    using feats = ctx.tensorFrom("f32", [n, c], x);
    using out = ctx.tensor("f32", [m, c]);
    for (const reduction of ["mean", "sum", "max"] as const) {
      const expected = Float64Array.from({ length: m * c }, (_, i) => {
        const rows = Array.from({ length: kv }, (_, k) => map[k * m + Math.floor(i / c)]!);
        const values = rows.filter((row) => row >= 0).map((row) => x[row * c + i % c]!);
        if (values.length === 0) return 0;
        const sum = values.reduce((total, value) => total + value);
        if (reduction === "max") return Math.max(...values); // NaN if one is
        return reduction === "sum" ? sum : sum / values.length;
      });
      variants(ctx.backend, "map_reduce").forEach((variant, v) => {
        mapReduce(feats, mapOn, out, reduction, v);
        const found = out.download();
        const name = `${variant}, ${reduction}, c=${c}`;
        expected.forEach((value, i) => assertEquals(isNaN(found[i]!), isNaN(value), name));
        const numbers = (value: number) => isNaN(value) ? 0 : value;
        assertClose(found.map(numbers), expected.map(numbers), 1e-6, 1e-6, name);
      });
    }
  }
});

Deno.test("the dense helpers name what does not fit", () => {
  using ctx = new Context("cpu");
  using x = ctx.tensor("f32", [4, 8]);
  using weight = ctx.tensor("f32", [7, 3]);
  using out = ctx.tensor("f32", [4, 3]);
  const refuses = (run: () => void, text: string) => assertThrows(run, KernelError, text);
  refuses(() => linear(x, weight, out), "weight: dimension 0 is 7, not 8");
  refuses(() => affine(x, out, {}), "out: dimension 1 is 3, not 8");
  refuses(() => concat(x, x, out), "out: dimension 1 is 3, not 16");
  using map = ctx.tensorFrom("i32", [2, 4], Int32Array.of(0, 1, 2, 3, -1, 2, 4, 0));
  using pooled = ctx.tensor("f32", [4, 8]);
  refuses(() => mapReduce(x, map, pooled, "max"), "map[1][2] = 4, feats has 4 rows");
});
