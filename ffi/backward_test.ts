import { assert, assertEquals, assertThrows } from "@std/assert";
import { denseConv, denseWgrad } from "./dense.ts";
import {
  assertClose,
  coordsTensor,
  randomCoords,
  randomFloats,
  roundingOf,
  someOf,
  sortedUnique,
  testEach,
} from "./testing.ts";
import {
  Context,
  convDgrad,
  convWgrad,
  geometry,
  KernelError,
  KernelMap,
  kernelVolume,
  outputCoords,
  sparseConv,
  sparseConvWgrad,
  variants,
  weightTranspose,
} from "./mod.ts";

const dot = (p: ArrayLike<number>, q: ArrayLike<number>) =>
  Array.from(p).reduce((sum, v, i) => sum + v * q[i]!, 0);

const CHANNELS: readonly (readonly [number, number])[] = [
  [1, 1],
  [2, 130],
  [3, 5],
  [4, 32],
  [7, 13],
  [16, 16],
  [23, 33],
  [31, 64],
  [61, 97],
  [127, 3],
  [130, 17],
];

testEach(
  "sparseConvWgrad() equals its definition for odd and even channel counts",
  (ctx, setting) => {
    const rows = setting.startsWith("emulated") ? 150 : 1300;
    using inputs = coordsTensor(ctx, sortedUnique(randomCoords(rows, 12, 1, -4, 2)));
    for (const layer of [geometry(3), geometry(2, 2)]) {
      using outputs = outputCoords(inputs, layer);
      using map = KernelMap.build(inputs, outputs, layer);
      const rows = map.map.download();
      for (const [cin, cout] of someOf(setting, 4, CHANNELS)) {
        const kv = kernelVolume(layer);
        const x = randomFloats(inputs.rows * cin, 2);
        const g = randomFloats(outputs.rows * cout, 3);
        using feats = ctx.tensorFrom("f32", [inputs.rows, cin], x);
        using gradOut = ctx.tensorFrom("f32", [outputs.rows, cout], g);
        const expected = denseWgrad(x, g, rows, kv, cin, cout);
        variants(ctx.backend, "sparse_conv_wgrad").forEach((variant, v) => {
          using grad = convWgrad(feats, gradOut, map, v);
          // f32 sums of at most 1300 products of magnitude 1, in any order.
          const abs = 5e-5 + roundingOf(variant, outputs.rows);
          assertClose(grad.download(), expected, abs, 1e-5, `${variant} ${cin} to ${cout}, ${kv}`);
        });
      }
    }
  },
);

testEach("convDgrad() and convWgrad() are the finite differences of the convolution", (ctx) => {
  const [cin, cout] = [3, 2];
  using inputs = coordsTensor(ctx, sortedUnique(randomCoords(20, 4, 5)));
  const layer = geometry(3, 2);
  using outputs = outputCoords(inputs, layer);
  using map = KernelMap.build(inputs, outputs, layer);
  using transposed = map.transpose();
  const rows = map.map.download();
  // Eighths and a step of 1/4 are exact in f32, so that the differences are exact in double.
  const eighths = (length: number, seed: number) =>
    randomFloats(length, seed).map((v) => Math.round(v * 8) / 8);
  const x = eighths(inputs.rows * cin, 6);
  const w = eighths(27 * cin * cout, 7);
  const g = eighths(outputs.rows * cout, 8);
  const loss = () => dot(denseConv(x, w, rows, cin, cout), g);
  const differences = (values: Float32Array) =>
    Float32Array.from(values, (value, i) => {
      values[i] = value + 0.25;
      const above = loss();
      values[i] = value - 0.25;
      const below = loss();
      values[i] = value;
      return (above - below) / 0.5;
    });
  using feats = ctx.tensorFrom("f32", [inputs.rows, cin], x);
  using weight = ctx.tensorFrom("f32", [27, cin, cout], w);
  using gradOut = ctx.tensorFrom("f32", [outputs.rows, cout], g);
  using gradIn = convDgrad(gradOut, weight, transposed);
  using gradWeight = convWgrad(feats, gradOut, map);
  assertEquals(gradIn.download(), differences(x));
  assertEquals(gradWeight.download(), differences(w));
});

testEach("the gradients are the adjoints of the convolution", (ctx) => {
  const [cin, cout] = [13, 22];
  using fine = coordsTensor(ctx, sortedUnique(randomCoords(700, 10, 6, -5, 2)));
  const layer = geometry(3, 2);
  using coarse = outputCoords(fine, layer);
  using map = KernelMap.build(fine, coarse, layer);
  using transposed = map.transpose();
  const x = randomFloats(fine.rows * cin, 8);
  const w = randomFloats(27 * cin * cout, 9);
  const g = randomFloats(coarse.rows * cout, 10);
  using feats = ctx.tensorFrom("f32", [fine.rows, cin], x);
  using weight = ctx.tensorFrom("f32", [27, cin, cout], w);
  using gradOut = ctx.tensorFrom("f32", [coarse.rows, cout], g);
  using out = ctx.tensor("f32", [coarse.rows, cout]);
  sparseConv(feats, weight, map.map, null, out);
  const forward = dot(out.download(), g);
  using gradIn = convDgrad(gradOut, weight, transposed);
  using gradWeight = convWgrad(feats, gradOut, map);
  const bound = 1e-4 * Math.abs(forward);
  assert(Math.abs(dot(gradIn.download(), x) - forward) <= bound, "<dx, x> = <y, g>");
  assert(Math.abs(dot(gradWeight.download(), w) - forward) <= bound, "<dw, w> = <y, g>");
});

testEach("weightTranspose() swaps the channels of every offset", (ctx) => {
  for (const [kv, cin, cout] of [[1, 1, 1], [27, 5, 33], [8, 64, 31], [3, 0, 4]] as const) {
    const w = randomFloats(kv * cin * cout, 11);
    const expected = Float32Array.from(w, (_, at) => {
      const [k, i, o] = [Math.floor(at / (cin * cout)), at % cin, Math.floor(at / cin) % cout];
      return w[(k * cin + i) * cout + o]!;
    });
    using weight = ctx.tensorFrom("f32", [kv, cin, cout], w);
    variants(ctx.backend, "weight_transpose").forEach((variant, v) => {
      using out = ctx.tensor("f32", [kv, cout, cin]);
      weightTranspose(weight, out, v);
      assertEquals(out.download(), expected, variant);
    });
  }
});

testEach("sparseConvWgrad() of nothing, and of no neighbours, is zero", (ctx) => {
  using none = coordsTensor(ctx, new Int32Array(0));
  using some = coordsTensor(ctx, Int32Array.of(0, 50, 50, 50));
  using noFeats = ctx.tensor("f32", [0, 2]);
  const zeros = new Float32Array(27 * 2 * 3);
  for (const outputs of [none, some]) {
    using map = KernelMap.build(none, outputs, geometry(3));
    using gradOut = ctx.tensorFrom("f32", [outputs.rows, 3], new Float32Array(outputs.rows * 3));
    variants(ctx.backend, "sparse_conv_wgrad").forEach((variant, v) => {
      using grad = convWgrad(noFeats, gradOut, map, v);
      assertEquals(grad.download(), zeros, variant);
    });
  }
});

Deno.test("sparseConvWgrad() gives the same bits for 1 to 5 threads and on every run", () => {
  const coords = sortedUnique(randomCoords(6000, 20, 15));
  for (const [cin, cout] of [[24, 40], [96, 112], [5, 7]] as const) {
    const results = [1, 2, 3, 4, 5, 5].map((threads) => {
      using ctx = new Context("cpu", { threads });
      using own = coordsTensor(ctx, coords);
      using map = KernelMap.build(own, own, geometry(3));
      using feats = ctx.tensorFrom("f32", [own.rows, cin], randomFloats(own.rows * cin, 16));
      using gradOut = ctx.tensorFrom("f32", [own.rows, cout], randomFloats(own.rows * cout, 17));
      using grad = convWgrad(feats, gradOut, map);
      return grad.download();
    });
    for (const other of results.slice(1)) assertEquals(other, results[0]);
  }
});

Deno.test("sparseConvWgrad() names what does not fit", () => {
  using ctx = new Context("cpu");
  using feats = ctx.tensor("f32", [2, 3]);
  using gradOut = ctx.tensor("f32", [2, 4]);
  using map = ctx.tensorFrom("i32", [1, 2], Int32Array.of(1, 2));
  using grad = ctx.tensor("f32", [1, 3, 4]);
  using wide = ctx.tensor("f32", [1, 3, 5]);
  assertThrows(
    () => sparseConvWgrad(feats, gradOut, map, null, wide),
    KernelError,
    "grad_out: dimension 1 is 4, not 5",
  );
  variants("cpu", "sparse_conv_wgrad").forEach((variant, v) =>
    assertThrows(
      () => sparseConvWgrad(feats, gradOut, map, null, grad, v),
      KernelError,
      "map[0][1] = 2, feats has 2 rows",
      variant,
    )
  );
});
