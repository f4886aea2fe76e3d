import { assert, assertEquals, assertThrows } from "@std/assert";
import { denseConv } from "./dense.ts";
import {
  assertClose,
  coordsTensor,
  f32Variants,
  randomCoords,
  randomFloats,
  roundingOf,
  someOf,
  sortedUnique,
  testEach,
} from "./testing.ts";
import {
  Context,
  convNeedsPairs,
  geometry,
  KernelError,
  KernelMap,
  kernelVolume,
  outputCoords,
  sparseConv,
  type Tensor,
} from "./mod.ts";

/** Runs every variant of sparse_conv and hands its output over. */
function eachVariant(
  ctx: Context,
  feats: Tensor<"f32">,
  weight: Tensor<"f32">,
  map: KernelMap,
  check: (variant: string, out: Float32Array) => void,
) {
  using out = ctx.tensor("f32", [map.outputs, weight.shape[2]!]);
  for (const [v, variant] of f32Variants(ctx.backend)) {
    sparseConv(feats, weight, map.map, convNeedsPairs(ctx, v) ? map.pairs : null, out, v);
    check(variant, out.download());
  }
}

const CHANNELS: readonly (readonly [number, number])[] = [
  [1, 1],
  [3, 5],
  [4, 32],
  [7, 13],
  [16, 16],
  [23, 33],
  [32, 48],
  [64, 80],
  [20, 96],
  [33, 112],
];

testEach(
  "sparseConv() equals brute force for odd and even channel counts, every variant",
  (ctx, setting) => {
    const coords = sortedUnique(
      randomCoords(setting.startsWith("emulated") ? 120 : 900, 9, 1, -4, 2),
    );
    using inputs = coordsTensor(ctx, coords);
    for (const layer of [geometry(3), geometry(2, 2), geometry(1)]) {
      using outputs = outputCoords(inputs, layer);
      using map = KernelMap.build(inputs, outputs, layer);
      const rows = map.map.download();
      for (const [cin, cout] of someOf(setting, 4, CHANNELS)) {
        const kv = kernelVolume(layer);
        const [x, w] = [randomFloats(inputs.rows * cin, 2), randomFloats(kv * cin * cout, 3)];
        using feats = ctx.tensorFrom("f32", [inputs.rows, cin], x);
        using weight = ctx.tensorFrom("f32", [kv, cin, cout], w);
        const expected = denseConv(x, w, rows, cin, cout);
        // f32 sums of at most 27 * 64 products of magnitude 1, in any order.
        eachVariant(
          ctx,
          feats,
          weight,
          map,
          (variant, out) =>
            assertClose(
              out,
              expected,
              2e-5 + roundingOf(variant, kv * cin),
              1e-5,
              `${variant} ${cin} to ${cout}, kernel ${kv}`,
            ),
        );
      }
    }
  },
);

const MANY_CHANNELS = [[127, 131], [1024, 3], [2, 1024], [509, 17]] as const;

testEach("sparseConv() takes up to 1024 channels, every variant", (ctx, setting) => {
  using coords = coordsTensor(ctx, sortedUnique(randomCoords(40, 3, 5)));
  using map = KernelMap.build(coords, coords, geometry(3));
  for (const [cin, cout] of someOf(setting, 4, MANY_CHANNELS)) {
    const [x, w] = [randomFloats(map.inputs * cin, 6), randomFloats(27 * cin * cout, 7)];
    using feats = ctx.tensorFrom("f32", [map.inputs, cin], x);
    using weight = ctx.tensorFrom("f32", [27, cin, cout], w);
    const expected = denseConv(x, w, map.map.download(), cin, cout);
    // Sums of up to 27 * 1024 products of magnitude 1: a random walk of rounding errors.
    eachVariant(
      ctx,
      feats,
      weight,
      map,
      (variant, out) =>
        assertClose(
          out,
          expected,
          2e-4 + roundingOf(variant, 27 * cin),
          1e-5,
          `${variant} ${cin} to ${cout}`,
        ),
    );
  }
});

testEach("sparseConv() takes 343 offsets, every variant", (ctx) => {
  using coords = coordsTensor(ctx, sortedUnique(randomCoords(70, 8, 51)));
  using map = KernelMap.build(coords, coords, geometry(7));
  const [x, w] = [randomFloats(map.inputs * 3, 52), randomFloats(343 * 15, 53)];
  using feats = ctx.tensorFrom("f32", [map.inputs, 3], x);
  using weight = ctx.tensorFrom("f32", [343, 3, 5], w);
  const expected = denseConv(x, w, map.map.download(), 3, 5);
  eachVariant(
    ctx,
    feats,
    weight,
    map,
    (variant, out) => assertClose(out, expected, 1e-4 + roundingOf(variant, 1029), 1e-5, variant),
  );
});

testEach("sparseConv() takes maps that read an input twice at one offset", (ctx) => {
  const rows = Int32Array.of(1, 0, 1, -1, 1, -1, 2, 2, 0, -1);
  using map = new KernelMap(ctx.tensorFrom("i32", [2, 5], rows), 3, {
    ...geometry(1),
    kernel: [2, 1, 1],
  });
  const [x, w] = [randomFloats(3 * 4, 54), randomFloats(2 * 4 * 6, 55)];
  using feats = ctx.tensorFrom("f32", [3, 4], x);
  using weight = ctx.tensorFrom("f32", [2, 4, 6], w);
  const expected = denseConv(x, w, rows, 4, 6);
  eachVariant(
    ctx,
    feats,
    weight,
    map,
    (variant, out) => assertClose(out, expected, 1e-5 + roundingOf(variant, 8), 1e-5, variant),
  );
});

testEach("sparseConv() of nothing is nothing, and of no neighbours is zero", (ctx) => {
  using none = coordsTensor(ctx, new Int32Array(0));
  using some = coordsTensor(ctx, Int32Array.of(0, 50, 50, 50));
  using weight = ctx.tensorFrom("f32", [27, 4, 6], randomFloats(27 * 24, 1));
  using noFeats = ctx.tensor("f32", [0, 4]);
  using empty = KernelMap.build(none, none, geometry(3));
  eachVariant(ctx, noFeats, weight, empty, (variant, out) => assertEquals(out.length, 0, variant));
  using unseen = KernelMap.build(none, some, geometry(3));
  eachVariant(
    ctx,
    noFeats,
    weight,
    unseen,
    (variant, out) => assertEquals([...out], [0, 0, 0, 0, 0, 0], variant),
  );
});

testEach("sparseConv() of ones counts neighbours exactly", (ctx, setting) => {
  const count = setting.startsWith("emulated") ? 1000 : 4000;
  using coords = coordsTensor(ctx, sortedUnique(randomCoords(count, 18, 4)));
  using map = KernelMap.build(coords, coords, geometry(3));
  const rows = map.map.download();
  const m = coords.rows;
  using feats = ctx.tensorFrom("f32", [m, 1], new Float32Array(m).fill(1));
  using weight = ctx.tensorFrom("f32", [27, 1, 1], new Float32Array(27).fill(1));
  const degrees = Array.from({ length: m }, (_, q) => {
    let count = 0;
    for (let k = 0; k < 27; k++) if (rows[k * m + q]! >= 0) count++;
    return count;
  });
  eachVariant(ctx, feats, weight, map, (variant, out) => assertEquals([...out], degrees, variant));
});

testEach(
  "a transposed convolution is the adjoint of the convolution with swapped weights",
  (ctx) => {
    using fine = coordsTensor(ctx, sortedUnique(randomCoords(700, 10, 6, -5, 2)));
    const layer = geometry(2, 2);
    using coarse = outputCoords(fine, layer);
    using down = KernelMap.build(fine, coarse, layer);
    using up = down.transpose();
    const [cin, cout] = [5, 7];
    const w = randomFloats(8 * cin * cout, 7);
    const swapped = w.map((_, at) => {
      const k = Math.floor(at / (cin * cout));
      const [i, o] = [at % cin, Math.floor(at / cin) % cout];
      return w[(k * cin + i) * cout + o]!;
    });
    const [x, y] = [randomFloats(fine.rows * cin, 8), randomFloats(coarse.rows * cout, 9)];
    using a = ctx.tensorFrom("f32", [8, cin, cout], w);
    using b = ctx.tensorFrom("f32", [8, cout, cin], swapped);
    using input = ctx.tensorFrom("f32", [fine.rows, cin], x);
    using grad = ctx.tensorFrom("f32", [coarse.rows, cout], y);
    const dot = (p: ArrayLike<number>, q: ArrayLike<number>) =>
      Array.from(p).reduce((sum, v, i) => sum + v * q[i]!, 0);
    const forward: number[] = [];
    eachVariant(ctx, input, a, down, (variant, out) => {
      if (roundingOf(variant, 1) === 0) forward.push(dot(out, y));
    });
    eachVariant(ctx, grad, b, up, (variant, out) => {
      if (roundingOf(variant, 1) > 0) return;
      const other = dot(out, x);
      for (const one of forward) assert(Math.abs(one - other) <= 1e-4 * Math.abs(one), variant);
    });
  },
);

testEach("permuting input rows permutes nothing in the output", (ctx) => {
  const coords = sortedUnique(randomCoords(600, 9, 12));
  const m = coords.length / 4;
  const x = randomFloats(m * 8, 13);
  const reversed = (data: Float32Array | Int32Array, width: number) =>
    Array.from({ length: m }, (_, i) => [...data.subarray((m - 1 - i) * width, (m - i) * width)])
      .flat();
  using own = coordsTensor(ctx, coords);
  using turned = coordsTensor(ctx, Int32Array.from(reversed(coords, 4)));
  using weight = ctx.tensorFrom("f32", [27, 8, 16], randomFloats(27 * 128, 14));
  using feats = ctx.tensorFrom("f32", [m, 8], x);
  using turnedFeats = ctx.tensorFrom("f32", [m, 8], Float32Array.from(reversed(x, 8)));
  using map = KernelMap.build(own, own, geometry(3));
  using turnedMap = KernelMap.build(turned, own, geometry(3));
  const outputs = new Map<string, Float32Array>();
  eachVariant(ctx, feats, weight, map, (variant, out) => outputs.set(variant, out));
  eachVariant(
    ctx,
    turnedFeats,
    weight,
    turnedMap,
    (variant, out) => assertEquals(out, outputs.get(variant), variant),
  );
});

Deno.test("sparseConv() gives the same bits for 1 to 16 threads and on every run", () => {
  const coords = sortedUnique(randomCoords(5000, 20, 15));
  const results = [1, 2, 3, 7, 16, 16].map((threads) => {
    using ctx = new Context("cpu", { threads });
    using own = coordsTensor(ctx, coords);
    using map = KernelMap.build(own, own, geometry(3));
    using feats = ctx.tensorFrom("f32", [own.rows, 24], randomFloats(own.rows * 24, 16));
    using weight = ctx.tensorFrom("f32", [27, 24, 40], randomFloats(27 * 960, 17));
    const outputs: Float32Array[] = [];
    eachVariant(ctx, feats, weight, map, (_, out) => outputs.push(out));
    return outputs;
  });
  for (const other of results.slice(1)) assertEquals(other, results[0]);
});

Deno.test("sparseConv() names what does not fit", () => {
  using ctx = new Context("cpu");
  using feats = ctx.tensor("f32", [2, 3]);
  using weight = ctx.tensor("f32", [1, 3, 4]);
  using map = ctx.tensorFrom("i32", [1, 2], Int32Array.of(1, 2));
  using out = ctx.tensor("f32", [2, 4]);
  using wide = ctx.tensor("f32", [2, 5]);
  assertThrows(
    () => sparseConv(feats, weight, map, null, wide),
    KernelError,
    "out: dimension 1 is 5, not 4",
  );
  assertThrows(() => sparseConv(feats, weight, map, null, out, 99), KernelError, "variant 99");
  for (const name of ["implicit", "ref"]) {
    const v = ctx.variant("sparse_conv", name);
    assertThrows(
      () => sparseConv(feats, weight, map, null, out, v),
      KernelError,
      "map[0][1] = 2, feats has 2 rows",
    );
  }
  const gather = ctx.variant("sparse_conv", "gather");
  assertThrows(() => sparseConv(feats, weight, map, null, out, gather), KernelError, "needs pairs");
});

Deno.test("NaN and infinity in features pass through and nothing hangs", () => {
  using ctx = new Context("cpu");
  using coords = coordsTensor(ctx, Int32Array.of(0, 0, 0, 0, 0, 0, 0, 1, 0, 9, 9, 9));
  using map = KernelMap.build(coords, coords, geometry(3));
  using feats = ctx.tensorFrom("f32", [3, 1], Float32Array.of(NaN, 1, Infinity));
  using weight = ctx.tensorFrom("f32", [27, 1, 1], new Float32Array(27).fill(1));
  eachVariant(
    ctx,
    feats,
    weight,
    map,
    (variant, out) => assertEquals([...out], [NaN, NaN, Infinity], variant),
  );
});
