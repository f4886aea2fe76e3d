/** Every tile that a convolution can be told to use: the same numbers, and errors for the rest. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { denseConv } from "./dense.ts";
import { coordsTensor, eighths, randomCoords, sortedUnique, testEach } from "./testing.ts";
import { bitsOf, floats, type Half, valuesOf } from "./testing_half.ts";
import {
  type ArrayOf,
  type Context,
  convNeedsPairs,
  type ConvSettings,
  convSettings,
  convTiles,
  type Feature,
  geometry,
  KernelError,
  KernelMap,
  sparseConv,
  variants,
} from "./mod.ts";

const FEATURES: readonly Feature[] = ["f32", "bf16", "f16"];
const CIN = 24;
const COUT = 40;

const stored = (dtype: Feature, values: Float32Array<ArrayBuffer>) =>
  (dtype === "f32" ? values : bitsOf(dtype as Half, values)) as ArrayOf<Feature>;

/** A layer of some rows, and its sums. */
function layerOf(map: KernelMap) {
  const x = eighths(map.inputs * CIN, 81);
  const w = eighths(27 * CIN * COUT, 82);
  const sums = Float32Array.from(denseConv(x, w, map.map.download(), CIN, COUT));
  return { map, x, w, sums };
}

type Layer = ReturnType<typeof layerOf>;

/** What a variant makes of it in a type under some settings. */
function convolve(
  ctx: Context,
  { map, x, w }: Layer,
  dtype: Feature,
  variant: number,
  settings: ConvSettings,
): Float32Array {
  using feats = ctx.tensorFrom(dtype, [map.inputs, CIN], stored(dtype, x));
  using weight = ctx.tensorFrom(dtype, [27, CIN, COUT], stored(dtype, w));
  using out = ctx.tensor(dtype, [map.outputs, COUT]);
  convSettings(ctx, settings);
  try {
    const pairs = convNeedsPairs(ctx, variant) ? map.pairs : null;
    sparseConv(feats, weight, map.map, pairs, out, variant);
    return floats(out);
  } finally {
    convSettings(ctx, {});
  }
}

const smallMap = (ctx: Context, stack: DisposableStack) => {
  const coords = stack.use(coordsTensor(ctx, sortedUnique(randomCoords(90, 6, 83))));
  return stack.use(KernelMap.build(coords, coords, geometry(3)));
};

testEach(
  "every tile of every variant gives the reference's numbers, in one piece or more",
  (ctx) => {
    using stack = new DisposableStack();
    const layer = layerOf(smallMap(ctx, stack));
    for (const dtype of FEATURES) {
      const expected = dtype === "f32"
        ? layer.sums
        : valuesOf(dtype as Half, bitsOf(dtype as Half, layer.sums));
      variants(ctx.backend, "sparse_conv").forEach((variant, v) => {
        for (const tile of convTiles(ctx, v, dtype)) {
          const pieces = convNeedsPairs(ctx, v) ? [0] : [0, 1, 3, 16];
          for (const settings of pieces.map((pieces) => ({ tile, pieces, splits: 2 }))) {
            const out = convolve(ctx, layer, dtype, v, settings);
            assertEquals(out, expected, `${variant} ${dtype} ${JSON.stringify(settings)}`);
          }
        }
      });
    }
  },
);

testEach("convTiles() lists each tile once, by type and unit; the CPU has no choice", (ctx) => {
  const names = variants(ctx.backend, "sparse_conv");
  for (const dtype of FEATURES) {
    names.forEach((variant, v) => {
      const tiles = convTiles(ctx, v, dtype);
      assertEquals(new Set(tiles).size, tiles.length);
      const hopper = variant.endsWith("wgmma");
      for (const tile of tiles) assertEquals(tile.startsWith("wgmma_"), hopper, variant);
      // A library for several GPUs has these variants on all of them, and their tiles on Hopper.
      if (hopper && dtype !== "f32" && ctx.backend === "cuda") return;
      const none = ctx.backend === "cpu" || variant === "ref" || (hopper && dtype === "f32") ||
        (variant.endsWith("_tf32") && dtype !== "f32");
      assertEquals(tiles.length === 0, none, `${variant} ${dtype}: ${tiles}`);
      const element = dtype !== "f32" ? dtype : variant.endsWith("_tf32") ? "tf32" : "float";
      for (const tile of tiles) assert(tile.split("_")[1] === element, `${tile} for ${dtype}`);
    });
  }
  assertEquals(convTiles(ctx, -1, "f32"), []);
  assertEquals(convTiles(ctx, names.length, "f32"), []);
});

testEach("a tile that is not there, or for another type, is an error that names it", (ctx) => {
  assertThrows(() => convSettings(ctx, { tile: "mma_f16_1x1" }), KernelError, '"mma_f16_1x1"');
  assertThrows(() => convSettings(ctx, { pieces: 17 }), KernelError, "pieces is 17");
  assertThrows(() => convSettings(ctx, { pieces: -1 }), KernelError, "pieces is -1");
  const tile = convTiles(ctx, 0, "f16")[0];
  if (tile === undefined) return;
  using stack = new DisposableStack();
  const layer = layerOf(smallMap(ctx, stack));
  assertThrows(() => convolve(ctx, layer, "f32", 0, { tile }), KernelError, tile);
});
