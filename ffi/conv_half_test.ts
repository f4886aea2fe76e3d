/** Convolutions in 16 bits on shapes that fit no tile: exact sums from every variant. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { denseConv } from "./dense.ts";
import { coordsTensor, eighths, randomCoords, sortedUnique, testEach } from "./testing.ts";
import { bitsOf, floats, type Half, HALVES, valuesOf } from "./testing_half.ts";
import {
  type Context,
  convNeedsPairs,
  convPackedRows,
  type ConvSettings,
  convSettings,
  type Geometry,
  geometry,
  KernelError,
  KernelMap,
  outputCoords,
  packedFor,
  sparseConv,
  type Tensor,
  variants,
  weightPack,
} from "./mod.ts";

const UNSUPPORTED = 2;

/** Layers from few channels to more than any tile has columns. */
const LAYERS: readonly (readonly [Geometry, number, number])[] = [
  [geometry(1), 1, 1],
  [geometry(3), 65, 100],
  [geometry(2, 2), 130, 300],
  [geometry(3), 7, 70],
  [geometry(7), 3, 5],
];

/** The dataflows as they come, and those through a map cut into parts and their sums into pieces. */
const SETTINGS: readonly ConvSettings[] = [{}, { splits: 2, pieces: 3 }];

/** What a variant makes of a layer; undefined where it does not run in this type or on this GPU. */
function convolve(
  ctx: Context,
  dtype: Half,
  v: number,
  map: KernelMap,
  [cin, cout]: readonly [number, number],
  x: Float32Array<ArrayBuffer>,
  w: Float32Array<ArrayBuffer>,
  packed = false,
): Float32Array | undefined {
  using feats = ctx.tensorFrom(dtype, [map.inputs, cin], bitsOf(dtype, x));
  const given = ctx.tensorFrom(dtype, [map.map.rows, cin, cout], bitsOf(dtype, w));
  using weight = packed ? packedFor(v, given) as Tensor<Half> : given;
  using out = ctx.tensor(dtype, [map.outputs, cout]);
  try {
    sparseConv(feats, weight, map.map, convNeedsPairs(ctx, v) ? map.pairs : null, out, v);
    return floats(out);
  } catch (error) {
    if (error instanceof KernelError && error.status === UNSUPPORTED) return undefined;
    throw error;
  }
}

testEach("sparseConv() in 16 bits sums exactly in any shape, every variant", (ctx, setting) => {
  const rows = setting.startsWith("emulated") ? 140 : 700;
  using inputs = coordsTensor(ctx, sortedUnique(randomCoords(rows, 7, 61)));
  using halved = outputCoords(inputs, geometry(2, 2));
  const ran = new Set<string>();
  for (const [layer, cin, cout] of LAYERS) {
    using map = KernelMap.build(inputs, layer.stride[0] === 2 ? halved : inputs, layer);
    const x = eighths(map.inputs * cin, 62);
    const w = eighths(map.map.rows * cin * cout, 63);
    const sums = Float32Array.from(denseConv(x, w, map.map.download(), cin, cout));
    for (const dtype of HALVES) {
      const expected = valuesOf(dtype, bitsOf(dtype, sums));
      variants(ctx.backend, "sparse_conv").forEach((variant, v) => {
        for (const settings of convNeedsPairs(ctx, v) ? SETTINGS.slice(0, 1) : SETTINGS) {
          convSettings(ctx, settings);
          const out = convolve(ctx, dtype, v, map, [cin, cout], x, w);
          convSettings(ctx, {});
          if (!out) return;
          ran.add(variant);
          const what = `${variant} ${dtype} ${cin} to ${cout} ${JSON.stringify(settings)}`;
          assertEquals(out, expected, what);
        }
        if (convPackedRows(ctx, v, [map.map.rows, cin, cout]) === 0) return;
        const out = convolve(ctx, dtype, v, map, [cin, cout], x, w, true);
        assertEquals(out, expected, `${variant} ${dtype} ${cin} to ${cout}, packed`);
      });
    }
  }
  const missing = variants(ctx.backend, "sparse_conv").filter((name) => !ran.has(name));
  if (ctx.backend !== "cuda") assert(missing.every((name) => name.endsWith("_tf32")), `${missing}`);
});

testEach("packed weights go to the variants that read them, in the size that they need", (ctx) => {
  using coords = coordsTensor(ctx, Int32Array.of(0, 1, 2, 3, 0, 1, 2, 4));
  using map = KernelMap.build(coords, coords, geometry(3));
  const sizes = [27, 8, 16] as const;
  using feats = ctx.tensorFrom("f16", [2, 8], new Uint16Array(16));
  using out = ctx.tensor("f16", [2, 16]);
  using weight = ctx.tensorFrom("f16", sizes, new Uint16Array(27 * 8 * 16));
  using small = ctx.tensor("f16", [7, 64]);
  using wide = ctx.tensorFrom("f32", sizes, new Float32Array(27 * 8 * 16));
  variants(ctx.backend, "sparse_conv").forEach((variant, v) => {
    const run = (weight: Tensor<"f16">) => () =>
      sparseConv(feats, weight, map.map, convNeedsPairs(ctx, v) ? map.pairs : null, out, v);
    const rows = convPackedRows(ctx, v, sizes);
    assertThrows(run(small), KernelError, `packed weight: dimension 0 is 7, not`);
    if (rows > 0) {
      assertThrows(() => weightPack(weight, small), KernelError, `out: dimension 0 is 7, not`);
      using wideOut = ctx.tensor("f32", [rows, 64]);
      assertThrows(() => weightPack(wide, wideOut), KernelError, "Cannot pack weight: it is f32");
      return;
    }
    using packed = ctx.tensor("f16", [27 * 16 + 256, 64]);
    assertThrows(run(packed), KernelError, variant.endsWith("_tf32") ? "takes f32" : "not packed");
  });
});

testEach("sparseConv() in 16 bits of nothing is nothing, and of no neighbours is zero", (ctx) => {
  using none = coordsTensor(ctx, new Int32Array(0));
  using some = coordsTensor(ctx, Int32Array.of(0, 50, 50, 50));
  using empty = KernelMap.build(none, none, geometry(3));
  using unseen = KernelMap.build(none, some, geometry(3));
  const w = eighths(27 * 4 * 6, 64);
  for (const dtype of HALVES) {
    variants(ctx.backend, "sparse_conv").forEach((variant, v) => {
      for (const [map, expected] of [[empty, []], [unseen, [0, 0, 0, 0, 0, 0]]] as const) {
        const out = convolve(ctx, dtype, v, map, [4, 6], eighths(0, 0), w);
        if (out) assertEquals([...out], [...expected], `${variant} ${dtype}`);
      }
    });
  }
});
