import { assert, assertEquals, assertThrows } from "@std/assert";
import { denseConv } from "./dense.ts";
import {
  assertClose,
  coordsTensor,
  randomCoords,
  randomFloats,
  seeded,
  sortedUnique,
  testEach,
} from "./testing.ts";
import {
  CompressedWeight,
  Context,
  geometry,
  KernelError,
  KernelMap,
  kernelVolume,
  outputCoords,
  sparseConvWs,
  type Tensor,
  variants,
  weightCompress,
  weightCount,
} from "./mod.ts";

/** Values in [-1, 1), each 0 with probability `zeros`. */
function pruned(length: number, zeros: number, seed: number): Float32Array<ArrayBuffer> {
  const next = seeded(seed + 1000);
  return randomFloats(length, seed).map((value) => next() < zeros ? 0 : value);
}

/** Runs every variant of sparse_conv_ws and hands its output over. */
function eachVariant(
  ctx: Context,
  feats: Tensor<"f32">,
  weight: CompressedWeight,
  map: KernelMap,
  cout: number,
  check: (variant: string, out: Float32Array<ArrayBuffer>) => void,
) {
  using out = ctx.tensorFrom(
    "f32",
    [map.outputs, cout],
    new Float32Array(map.outputs * cout).fill(NaN),
  );
  variants(ctx.backend, "sparse_conv_ws").forEach((variant, v) => {
    sparseConvWs(feats, weight, map.map, out, v);
    check(variant, out.download());
  });
}

const CHANNELS: readonly (readonly [number, number])[] = [
  [1, 1],
  [3, 5],
  [4, 32],
  [7, 13],
  [16, 16],
  [23, 33],
  [67, 48],
  [32, 130],
  [300, 17],
];

testEach("sparseConvWs() equals the dense convolution with the same zeros", (ctx) => {
  // The emulator takes a minute for all of it; 40 rows are several tiles too.
  const emulated = ctx.backend === "emulated";
  const n = emulated ? 40 : 500;
  using inputs = coordsTensor(ctx, sortedUnique(randomCoords(n, 8, 1, -4, 2)));
  for (const layer of [geometry(3), geometry(2, 2), geometry(1)]) {
    using outputs = outputCoords(inputs, layer);
    using map = KernelMap.build(inputs, outputs, layer);
    const rows = map.map.download();
    for (const [cin, cout] of CHANNELS) {
      const kv = kernelVolume(layer);
      const x = randomFloats(inputs.rows * cin, 2);
      using feats = ctx.tensorFrom("f32", [inputs.rows, cin], x);
      for (const zeros of emulated ? [0.5, 0.99, 1] : [0, 0.5, 0.9, 0.99, 1]) {
        const w = pruned(kv * cin * cout, zeros, 3);
        using dense = ctx.tensorFrom("f32", [kv, cin, cout], w);
        using weight = CompressedWeight.from(dense);
        const expected = denseConv(x, w, rows, cin, cout);
        eachVariant(ctx, feats, weight, map, cout, (variant, out) => {
          const what = `${variant} ${cin} to ${cout}, kernel ${kv}, zeros ${zeros}`;
          assertClose(out, expected, 4e-5, 1e-5, what);
        });
      }
    }
  }
});

testEach(
  "CompressedWeight.from() lists the weights that are not zero, by output channel",
  (ctx) => {
    // Two offsets of 3 to 2 channels.
    const w = Float32Array.of(1, 0, 0, NaN, 3, -0, 0, 0, 0, 5, 0, 6);
    using dense = ctx.tensorFrom("f32", [2, 3, 2], w);
    variants(ctx.backend, "weight_count").forEach((variant, v) => {
      using starts = ctx.tensor("i64", [5]);
      weightCount(dense, starts, v);
      assertEquals([...starts.download()].map(Number), [0, 2, 3, 3, 5], variant);
      using index = ctx.tensor("i32", [5]);
      using value = ctx.tensor("f32", [5]);
      weightCompress(dense, starts, index, value, v);
      assertEquals([...index.download()], [0, 2, 1, 1, 2], variant);
      assertEquals([...value.download()], [1, 3, NaN, 5, 6], variant);
    });
  },
);

testEach("an offset without weights does not read its map: kernels along z only", (ctx) => {
  const [cin, cout, m] = [6, 4, 40];
  // x runs fastest: offsets 4, 13 and 22 are the column through the centre.
  const column = [4, 13, 22];
  const rows = new Int32Array(27 * m).fill(1 << 30);
  for (const k of column) for (let q = 0; q < m; q++) rows[k * m + q] = (q + k) % m;
  const w = randomFloats(27 * cin * cout, 5)
    .map((value, at) => column.includes(Math.floor(at / (cin * cout))) ? value : 0);
  const x = randomFloats(m * cin, 6);
  using feats = ctx.tensorFrom("f32", [m, cin], x);
  using dense = ctx.tensorFrom("f32", [27, cin, cout], w);
  using weight = CompressedWeight.from(dense);
  using map = new KernelMap(ctx.tensorFrom("i32", [27, m], rows), m, geometry(3));
  const read = rows.map((row) => row === 1 << 30 ? -1 : row);
  const expected = denseConv(x, w, read, cin, cout);
  eachVariant(ctx, feats, weight, map, cout, (variant, out) => {
    assertClose(out, expected, 1e-5, 1e-5, variant);
  });
});

testEach("sparseConvWs() of nothing is nothing, and of no neighbours is zero", (ctx) => {
  using none = coordsTensor(ctx, new Int32Array(0));
  using some = coordsTensor(ctx, Int32Array.of(0, 50, 50, 50));
  using dense = ctx.tensorFrom("f32", [27, 4, 6], randomFloats(27 * 24, 1));
  using weight = CompressedWeight.from(dense);
  using noFeats = ctx.tensor("f32", [0, 4]);
  using empty = KernelMap.build(none, none, geometry(3));
  using unseen = KernelMap.build(none, some, geometry(3));
  eachVariant(
    ctx,
    noFeats,
    weight,
    empty,
    6,
    (variant, out) => assertEquals(out.length, 0, variant),
  );
  eachVariant(
    ctx,
    noFeats,
    weight,
    unseen,
    6,
    (variant, out) => assertEquals(out, new Float32Array(6), variant),
  );
});

testEach(
  "sparseConvWs() lets NaN through the weights that there are, and through no other",
  (ctx) => {
    using feats = ctx.tensorFrom("f32", [1, 2], Float32Array.of(NaN, 2));
    using dense = ctx.tensorFrom("f32", [1, 2, 2], Float32Array.of(1, 0, 3, 4));
    using weight = CompressedWeight.from(dense);
    using map = new KernelMap(ctx.tensorFrom("i32", [1, 1], Int32Array.of(0)), 1, geometry(1));
    eachVariant(
      ctx,
      feats,
      weight,
      map,
      2,
      (variant, out) => assertEquals([...out], [NaN, 8], variant),
    );
  },
);

Deno.test("sparseConvWs() gives the same bits for 1 to 5 threads and on every run", () => {
  const coords = sortedUnique(randomCoords(5000, 20, 15));
  const w = pruned(27 * 40 * 70, 0.9, 17);
  const results = [1, 2, 3, 4, 5, 5].map((threads) => {
    using ctx = new Context("cpu", { threads });
    using own = coordsTensor(ctx, coords);
    using map = KernelMap.build(own, own, geometry(3));
    using feats = ctx.tensorFrom("f32", [own.rows, 40], randomFloats(own.rows * 40, 16));
    using dense = ctx.tensorFrom("f32", [27, 40, 70], w);
    using weight = CompressedWeight.from(dense);
    const outputs: Float32Array[] = [];
    eachVariant(ctx, feats, weight, map, 70, (_, out) => outputs.push(out));
    return outputs;
  });
  for (const other of results.slice(1)) assertEquals(other, results[0]);
});

Deno.test("sparseConvWs() names what is wrong with compressed weights", () => {
  using ctx = new Context("cpu");
  using feats = ctx.tensorFrom("f32", [2, 3], new Float32Array(6));
  using map = ctx.tensorFrom("i32", [1, 2], Int32Array.of(0, 1));
  using out = ctx.tensor("f32", [2, 2]);
  const run = (starts: number[], index: number[], variant: number) => {
    using weight = new CompressedWeight(
      ctx.tensorFrom("i64", [starts.length], BigInt64Array.from(starts, BigInt)),
      ctx.tensorFrom("i32", [index.length], Int32Array.from(index)),
      ctx.tensorFrom("f32", [index.length], new Float32Array(index.length)),
    );
    sparseConvWs(feats, weight, map, out, variant);
  };
  const cases = [
    [[0, 1, 2], [0, 3], "index[1] = 3, feats has 3 channels"],
    [[0, 1, 2], [-1, 2], "index[0] = -1, feats has 3 channels"],
    [[0, 3, 2], [0, 2], "starts[2] = 2 is less than starts[1] = 3"],
    [[0, 1, 3], [0, 2], "index and value have 2 entries, starts goes from 0 to 3"],
    [[1, 1, 2], [0, 2], "index and value have 2 entries, starts goes from 1 to 2"],
    [[0, 2], [0, 2], "starts: dimension 0 is 2, not 3"],
  ] as const;
  variants("cpu", "sparse_conv_ws").forEach((_, v) => {
    run([0, 1, 2], [0, 2], v);
    for (const [starts, index, text] of cases) {
      assertThrows(() => run([...starts], [...index], v), KernelError, text);
    }
  });
  assert(ctx.liveTensors === 3);
});

Deno.test("weightCompress() refuses starts of other weights", () => {
  using ctx = new Context("cpu");
  using dense = ctx.tensorFrom("f32", [1, 2, 2], Float32Array.of(1, 0, 2, 3));
  using starts = ctx.tensorFrom("i64", [3], BigInt64Array.of(0n, 1n, 3n));
  using index = ctx.tensor("i32", [3]);
  using value = ctx.tensor("f32", [3]);
  variants("cpu", "weight_compress").forEach((variant, v) =>
    assertThrows(
      () => weightCompress(dense, starts, index, value, v),
      KernelError,
      "starts gives offset 0, output channel 0 1 weights, there are 2",
      variant,
    )
  );
});
