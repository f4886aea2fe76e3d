/** Every tile that a gradient of weights can be told to use: the same numbers, and errors else. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { denseWgrad } from "./dense.ts";
import { seeded, testEach } from "./testing.ts";
import { bitsOf, type Half } from "./testing_half.ts";
import {
  type ArrayOf,
  type Context,
  convSettings,
  convTiles,
  type Feature,
  KernelError,
  kernelMapCount,
  kernelMapPairs,
  type Pairs,
  sparseConv,
  sparseConvWgrad,
  type Tensor,
  variants,
  type WgradSettings,
  wgradSettings,
  wgradTiles,
} from "./mod.ts";

const FEATURES: readonly Feature[] = ["f32", "bf16", "f16"];
const KV = 3;

/** Eighths below 2 in magnitude: every type holds them, and sums of their products are exact. */
function eighths(length: number, seed: number): Float32Array<ArrayBuffer> {
  const next = seeded(seed);
  return Float32Array.from({ length }, () => Math.floor(next() * 31 - 15) / 8);
}

const stored = (dtype: Feature, values: Float32Array<ArrayBuffer>) =>
  (dtype === "f32" ? values : bitsOf(dtype as Half, values)) as ArrayOf<Feature>;

interface Size {
  readonly n: number;
  readonly m: number;
  readonly cin: number;
  readonly cout: number;
}

/** Few rows: widths that are no multiple of a tile or a vector, and more than one tile of some. */
const SMALL: Size = { n: 31, m: 70, cin: 37, cout: 101 };
/** More pairs than a block holds at a time. */
const LONG: Size = { n: 500, m: 3300, cin: 8, cout: 4 };

/** A map whose offsets have all outputs, few of them, and none; and a layer on it. */
class Layer implements Disposable {
  readonly map: Tensor<"i32">;
  readonly pairs: Pairs;
  readonly sums: Float64Array;
  readonly x: Float32Array<ArrayBuffer>;
  readonly g: Float32Array<ArrayBuffer>;
  readonly #own = new DisposableStack();

  constructor(readonly ctx: Context, readonly size: Size) {
    const { n, m, cin, cout } = size;
    const next = seeded(91);
    const rows = Int32Array.from({ length: KV * m }, (_, at) => {
      const row = Math.floor(next() * n);
      return at < m || (at < 2 * m && next() < 0.1) ? row : -1;
    });
    this.map = this.#own.use(ctx.tensorFrom("i32", [KV, m], rows));
    const starts = this.#own.use(ctx.tensor("i64", [KV + 1]));
    kernelMapCount(this.map, starts);
    const pairs = this.#own.use(ctx.tensor("i32", [2, Number(starts.download()[KV])]));
    kernelMapPairs(this.map, starts, pairs);
    this.pairs = { pairs, starts };
    this.x = eighths(n * cin, 92);
    this.g = eighths(m * cout, 93);
    this.sums = denseWgrad(this.x, this.g, rows, KV, cin, cout);
  }

  /** What a variant makes of it in a type under some settings. */
  gradient(dtype: Feature, variant: number, settings: WgradSettings, pairs: Pairs | null) {
    const { ctx, size: { n, m, cin, cout } } = this;
    using feats = ctx.tensorFrom(dtype, [n, cin], stored(dtype, this.x));
    using gradOut = ctx.tensorFrom(dtype, [m, cout], stored(dtype, this.g));
    using out = ctx.tensor("f32", [KV, cin, cout]);
    wgradSettings(ctx, settings);
    try {
      sparseConvWgrad(feats, gradOut, this.map, pairs, out, variant);
      return out.download();
    } finally {
      wgradSettings(ctx, {});
    }
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }
}

/** Checks every tile of every variant in chunks of some sizes, with pairs and without. */
function checkTiles(ctx: Context, size: Size, chunks: readonly number[]): void {
  using layer = new Layer(ctx, size);
  const expected = Float32Array.from(layer.sums);
  for (const dtype of FEATURES) {
    variants(ctx.backend, "sparse_conv_wgrad").forEach((variant, v) => {
      if (dtype !== "f32" && variant.endsWith("_tf32")) return;
      const tiles = wgradTiles(ctx, v, dtype);
      const settings = tiles.flatMap((tile) => chunks.map((chunk) => ({ tile, chunk })));
      for (const each of settings.length > 0 ? settings : [{}]) {
        for (const pairs of [null, layer.pairs]) {
          const what = `${variant} ${dtype} ${JSON.stringify(each)} pairs ${pairs !== null}`;
          assertEquals(layer.gradient(dtype, v, each, pairs), expected, what);
        }
      }
    });
  }
}

testEach(
  "every tile of a gradient gives the reference's numbers, in one chunk or more",
  (ctx) => checkTiles(ctx, SMALL, [0, 1, 29, 70]),
);

testEach(
  "every tile of a gradient takes more pairs than it holds at a time",
  (ctx) => checkTiles(ctx, LONG, [0, 1700]),
);

testEach("wgradTiles() lists each tile once, by type and unit; the CPU has no choice", (ctx) => {
  const names = variants(ctx.backend, "sparse_conv_wgrad");
  for (const dtype of FEATURES) {
    names.forEach((variant, v) => {
      const tiles = wgradTiles(ctx, v, dtype);
      assertEquals(new Set(tiles).size, tiles.length);
      const none = ctx.backend === "cpu" || variant === "ref" ||
        (variant.endsWith("_tf32") && dtype !== "f32");
      assertEquals(tiles.length === 0, none, `${variant} ${dtype}: ${tiles}`);
      const element = dtype !== "f32" ? dtype : variant.endsWith("_tf32") ? "tf32" : "float";
      for (const tile of tiles) assert(tile.split("_")[2] === element, `${tile} for ${dtype}`);
    });
  }
  assertEquals(wgradTiles(ctx, -1, "f32"), []);
  assertEquals(wgradTiles(ctx, names.length, "f32"), []);
});

testEach("a gradient's tile that is not there, or for another type, is named", (ctx) => {
  assertThrows(() => wgradSettings(ctx, { tile: "wgrad_1x1" }), KernelError, '"wgrad_1x1"');
  assertThrows(() => wgradSettings(ctx, { chunk: -1 }), KernelError, "chunk is -1");
  const [forward] = convTiles(ctx, 0, "f16");
  const [tile] = wgradTiles(ctx, 0, "f16");
  if (forward === undefined || tile === undefined) return;
  assertThrows(() => wgradSettings(ctx, { tile: forward }), KernelError, forward);
  assertThrows(() => convSettings(ctx, { tile }), KernelError, tile);
  using layer = new Layer(ctx, SMALL);
  assertThrows(() => layer.gradient("f32", 0, { tile }, null), KernelError, tile);
});

testEach(
  "a forward tile leaves gradients alone, and theirs leaves the forward pass alone",
  (ctx) => {
    const [forward] = convTiles(ctx, 0, "f16");
    const [tile] = wgradTiles(ctx, 0, "f16");
    if (forward === undefined || tile === undefined) return;
    using layer = new Layer(ctx, SMALL);
    convSettings(ctx, { tile: forward });
    const [f32, f16] = [
      layer.gradient("f32", 0, {}, null),
      layer.gradient("f16", 0, { tile }, null),
    ];
    convSettings(ctx, {});
    assertEquals(f32, Float32Array.from(layer.sums));
    assertEquals(f16, Float32Array.from(layer.sums));
    wgradSettings(ctx, { tile });
    using feats = ctx.tensorFrom("f32", [SMALL.n, SMALL.cin], layer.x);
    using weight = ctx.tensorFrom("f32", [KV, SMALL.cin, 1], new Float32Array(KV * SMALL.cin));
    using out = ctx.tensor("f32", [SMALL.m, 1]);
    sparseConv(feats, weight, layer.map, null, out);
    assertEquals(out.download(), new Float32Array(SMALL.m));
    wgradSettings(ctx, {});
  },
);

testEach("pairs that name no row are an error where pairs are read, and never a crash", (ctx) => {
  if (wgradTiles(ctx, 0, "f32").length === 0) return;
  using layer = new Layer(ctx, SMALL);
  const good = layer.pairs.pairs.download();
  for (const [at, row] of [[2, SMALL.n], [good.length / 2 + 2, SMALL.m], [5, -7]] as const) {
    using pairs = ctx.tensorFrom("i32", [2, good.length / 2], good.with(at, row));
    const bad = { pairs, starts: layer.pairs.starts };
    assertThrows(() => layer.gradient("f32", 0, {}, bad), KernelError, `names row ${row}`);
  }
  const starts = layer.pairs.starts.download();
  using late = ctx.tensorFrom("i64", [KV + 1], starts.with(1, 2n ** 40n));
  const bad = { pairs: layer.pairs.pairs, starts: late };
  assertThrows(() => layer.gradient("f32", 0, {}, bad), KernelError, "does not fit the pairs");
});
