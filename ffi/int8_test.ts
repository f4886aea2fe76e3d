import { assert, assertEquals, assertThrows } from "@std/assert";
import { denseConv, denseKernelMap } from "./dense.ts";
import {
  assertClose,
  randomCoords,
  randomFloats,
  seeded,
  sortedUnique,
  testEach,
} from "./testing.ts";
import {
  type Activation,
  Context,
  geometry,
  KernelError,
  quantizeSymmetric,
  sparseConvInt8,
  variants,
} from "./mod.ts";

/** Bytes over their whole range, its ends more often than not. */
function randomBytes(length: number, seed: number): Int8Array<ArrayBuffer> {
  const next = seeded(seed);
  return Int8Array.from({ length }, () => {
    const at = next();
    return at < 0.3 ? -128 : at < 0.5 ? 127 : Math.floor(next() * 256) - 128;
  });
}

const floats = (bytes: Int8Array) => Float32Array.from(bytes);
const CHANNELS = [[1, 1], [4, 32], [7, 13], [32, 48], [20, 96], [64, 80], [1030, 17]] as const;

const coords = sortedUnique(randomCoords(500, 8, 1, -4, 2));
const n = coords.length / 4;
const map = denseKernelMap(coords, coords, geometry(3));

testEach("sparseConvInt8() sums exactly and finishes in f32, every variant to the bit", (ctx) => {
  using mapOn = ctx.tensorFrom("i32", [27, n], map);
  for (const [cin, cout] of CHANNELS) {
    const [x, w] = [randomBytes(n * cin, 2), randomBytes(27 * cin * cout, 3)];
    const [scale, shift] = [randomFloats(cout, 4), randomFloats(cout, 5)];
    const sums = denseConv(floats(x), floats(w), map, cin, cout);
    const { fround } = Math;
    const expected = Float32Array.from(
      sums,
      (sum, i) => fround(fround(fround(sum) * scale[i % cout]!) + shift[i % cout]!),
    );
    using feats = ctx.tensorFrom("i8", [n, cin], x);
    using weight = ctx.tensorFrom("i8", [27, cin, cout], w);
    using scaleOn = ctx.tensorFrom("f32", [cout], scale);
    using shiftOn = ctx.tensorFrom("f32", [cout], shift);
    using out = ctx.tensor("f32", [n, cout]);
    variants(ctx.backend, "sparse_conv_int8").forEach((variant, v) => {
      sparseConvInt8(feats, weight, mapOn, out, { scale: scaleOn, shift: shiftOn }, v);
      assertEquals(out.download(), expected, `${variant}, ${cin} to ${cout}`);
    });
  }
});

testEach("sparseConvInt8() writes bytes: half to even, cut to the range, after the rest", (ctx) => {
  const [cin, cout] = [8, 5];
  const [x, w] = [randomBytes(n * cin, 2), randomBytes(27 * cin * cout, 3)];
  const residual = randomBytes(n * cout, 6);
  // Halves are exact, so that ties occur; sums are some ten thousand.
  const scale = Float32Array.of(0.5, 0, 2 ** -9, -(2 ** -10), 2 ** -8);
  const sums = denseConv(floats(x), floats(w), map, cin, cout);
  const evenly = (value: number) => {
    const floor = Math.floor(value), rest = value - floor;
    return rest < 0.5 || (rest === 0.5 && floor % 2 === 0) ? floor : floor + 1;
  };
  const activations: readonly [Activation, number][] = [["none", 1], ["relu", 0], [
    "leaky_relu",
    0.25,
  ]];
  using mapOn = ctx.tensorFrom("i32", [27, n], map);
  using feats = ctx.tensorFrom("i8", [n, cin], x);
  using weight = ctx.tensorFrom("i8", [27, cin, cout], w);
  using scaleOn = ctx.tensorFrom("f32", [cout], scale);
  using residualOn = ctx.tensorFrom("i8", [n, cout], residual);
  using out = ctx.tensor("i8", [n, cout]);
  for (const [activation, slope] of activations) {
    const expected = Int8Array.from(sums, (sum, i) => {
      const value = sum * scale[i % cout]! + residual[i]!;
      return Math.max(-128, Math.min(127, evenly(value < 0 ? value * slope : value)));
    });
    variants(ctx.backend, "sparse_conv_int8").forEach((variant, v) => {
      const epilogue = { scale: scaleOn, residual: residualOn, activation, slope };
      sparseConvInt8(feats, weight, mapOn, out, epilogue, v);
      assertEquals(out.download(), expected, `${variant}, ${activation}`);
    });
  }
});

Deno.test("quantizeSymmetric() keeps an 8-bit convolution near the one in f32", () => {
  using ctx = new Context("cpu");
  const [cin, cout] = [32, 16];
  const [x, w] = [randomFloats(n * cin, 2), randomFloats(27 * cin * cout, 3)];
  const [features, weights] = [quantizeSymmetric(x, 1), quantizeSymmetric(w, cout)];
  assert(Math.max(...features.steps) <= 127 && Math.min(...features.steps) >= -127);
  using feats = ctx.tensorFrom("i8", [n, cin], features.steps);
  using weight = ctx.tensorFrom("i8", [27, cin, cout], weights.steps);
  using mapOn = ctx.tensorFrom("i32", [27, n], map);
  using scale = ctx.tensorFrom("f32", [cout], weights.size.map((s) => s * features.size[0]!));
  using out = ctx.tensor("f32", [n, cout]);
  sparseConvInt8(feats, weight, mapOn, out, { scale });
  // Each of at most 27 * 32 products of values below 1 is off by half a step of 1 / 127 twice.
  assertClose(out.download(), denseConv(x, w, map, cin, cout), 27 * 32 / 127, 0, "8 bits");
  assertEquals(quantizeSymmetric(Float32Array.of(0, -2, 0, 1), 2), {
    steps: Int8Array.of(0, -127, 0, 64),
    size: Float32Array.of(1, 2 / 127),
  });
});

Deno.test("sparseConvInt8() refuses sums that 32 bits cannot hold, and rows that are not there", () => {
  using ctx = new Context("cpu");
  using feats = ctx.tensor("i8", [1, 8192]);
  using weight = ctx.tensor("i8", [16, 8192, 1]);
  using far = ctx.tensorFrom("i32", [16, 1], new Int32Array(16).fill(1));
  using scale = ctx.tensorFrom("f32", [1], Float32Array.of(1));
  using out = ctx.tensor("f32", [1, 1]);
  const call = () => sparseConvInt8(feats, weight, far, out, { scale });
  assertThrows(call, KernelError, "16 offsets of 8192 channels are summed");
  using few = ctx.tensorFrom("i8", [1, 4], new Int8Array(4));
  using small = ctx.tensorFrom("i8", [16, 4, 1], new Int8Array(64));
  for (const [v] of variants("cpu", "sparse_conv_int8").entries()) {
    const missing = () => sparseConvInt8(few, small, far, out, { scale }, v);
    assertThrows(missing, KernelError, "map[0][0] = 1, feats has 1 rows");
  }
});
