/** Types, epilogues and settings of sparse_conv: the same numbers in every form. */
import { assert, assertEquals, assertThrows } from "@std/assert";
import { denseConv } from "./dense.ts";
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
  type Activation,
  Context,
  convNeedsPairs,
  convSettings,
  type Epilogue,
  type Feature,
  fromBf16,
  fromF16,
  geometry,
  KernelError,
  KernelMap,
  sparseConv,
  toBf16,
  toF16,
  variants,
} from "./mod.ts";

const CODECS = {
  f32: {
    pack: (v: Float32Array) => v,
    unpack: (v: Float32Array | Uint16Array) => v as Float32Array,
  },
  bf16: { pack: toBf16, unpack: (v: Float32Array | Uint16Array) => fromBf16(v as Uint16Array) },
  f16: { pack: toF16, unpack: (v: Float32Array | Uint16Array) => fromF16(v as Uint16Array) },
} as const;

/** Largest relative error of rounding to the type: 8, 11 and 24 significant bits. */
const STORED: Readonly<Record<Feature, number>> = { f32: 2 ** -24, bf16: 2 ** -8, f16: 2 ** -11 };

/** Runs one variant in one type; undefined when the backend says that it has not got it. */
function run<T extends Feature>(
  ctx: Context,
  dtype: T,
  variant: number,
  map: KernelMap,
  x: Float32Array,
  w: Float32Array,
  epilogue: {
    scale?: Float32Array;
    shift?: Float32Array;
    residual?: Float32Array;
    activation?: Activation;
  },
): Float32Array | undefined {
  const { pack, unpack } = CODECS[dtype];
  const kv = map.map.rows;
  const cin = x.length / map.inputs;
  const cout = w.length / kv / cin;
  using stack = new DisposableStack();
  const tensor = (shape: number[], v: Float32Array) =>
    stack.use(ctx.tensorFrom(dtype, shape, pack(v) as never));
  const vector = (v?: Float32Array) => v && stack.use(ctx.tensorFrom("f32", [v.length], v));
  const feats = tensor([map.inputs, cin], x);
  const weight = tensor([kv, cin, cout], w);
  const out = stack.use(ctx.tensor(dtype, [map.outputs, cout]));
  const { scale, shift, residual, activation } = epilogue;
  const options: Record<string, unknown> = { activation, slope: 0.125 };
  if (scale) options.scale = vector(scale);
  if (shift) options.shift = vector(shift);
  if (residual) options.residual = tensor([map.outputs, cout], residual);
  try {
    const pairs = convNeedsPairs(ctx, variant) ? map.pairs : null;
    sparseConv(feats, weight, map.map, pairs, out, variant, options as Epilogue<T>);
  } catch (error) {
    if (error instanceof KernelError && error.status === 2) return undefined;
    throw error;
  }
  return unpack(out.download() as Float32Array | Uint16Array);
}

const act = (v: number, activation: Activation) =>
  activation === "none" || v >= 0 ? v : activation === "relu" ? 0 : 0.125 * v;

const CHANNELS = [[16, 32], [7, 13], [34, 50], [64, 64]] as const;

testEach("sparseConv() stores bf16 and f16 and sums in f32, every variant", (ctx, setting) => {
  const rows = setting.startsWith("emulated") ? 150 : 500;
  using coords = coordsTensor(ctx, sortedUnique(randomCoords(rows, 8, 21, -4, 2)));
  using map = KernelMap.build(coords, coords, geometry(3));
  let ran = 0;
  for (const dtype of ["f32", "bf16", "f16"] as const) {
    const { pack, unpack } = CODECS[dtype];
    for (const [cin, cout] of someOf(setting, 2, CHANNELS)) {
      // Values that the type can hold: what is left is the rounding of the stored sum.
      const x = unpack(pack(randomFloats(map.inputs * cin, 22)));
      const w = unpack(pack(randomFloats(27 * cin * cout, 23)));
      const expected = denseConv(x, w, map.map.download(), cin, cout);
      variants(ctx.backend, "sparse_conv").forEach((variant, v) => {
        const out = run(ctx, dtype, v, map, x, w, {});
        if (!out) return;
        ran++;
        assertClose(
          out,
          expected,
          5e-5 + roundingOf(variant, 27 * cin),
          STORED[dtype] * 1.01 + 1e-5,
          `${variant} ${dtype} ${cin} to ${cout}`,
        );
      });
    }
  }
  assert(ran >= (setting.startsWith("cpu") ? 84 : 40), `${ran} ran`);
});

testEach(
  "sparseConv() applies scale, shift, residual and activation, every variant",
  (ctx, setting) => {
    const rows = setting.startsWith("emulated") ? 100 : 400;
    using coords = coordsTensor(ctx, sortedUnique(randomCoords(rows, 8, 31)));
    using map = KernelMap.build(coords, coords, geometry(3));
    const [cin, cout] = [8, 21];
    const [x, w] = [randomFloats(map.inputs * cin, 32), randomFloats(27 * cin * cout, 33)];
    const sums = denseConv(x, w, map.map.download(), cin, cout);
    const [scale, shift] = [randomFloats(cout, 34), randomFloats(cout, 35)];
    const residual = randomFloats(map.outputs * cout, 36);
    const cases: Parameters<typeof run>[6][] = [
      { scale, shift, activation: "relu" },
      { shift },
      { scale },
      { residual, activation: "leaky_relu" },
      { scale, shift, residual, activation: "relu" },
    ];
    for (const epilogue of cases) {
      const expected = sums.map((sum, at) =>
        act(
          sum * (epilogue.scale?.[at % cout] ?? 1) + (epilogue.shift?.[at % cout] ?? 0) +
            (epilogue.residual?.[at] ?? 0),
          epilogue.activation ?? "none",
        )
      );
      for (const dtype of ["f32", "bf16", "f16"] as const) {
        variants(ctx.backend, "sparse_conv").forEach((variant, v) => {
          const out = run(ctx, dtype, v, map, x, w, epilogue);
          // Inputs round to the type too: 27 * 8 products of magnitude 1, each off by 2^-8 at most.
          const abs = roundingOf(variant, 27 * cin) +
            (dtype === "f32" ? 1e-5 : dtype === "bf16" ? 0.15 : 0.02);
          if (out) assertClose(out, expected, abs, STORED[dtype] * 2 + 1e-5, `${variant} ${dtype}`);
        });
      }
    }
  },
);

/** The variants that read the settings; the others are tested once. */
const SETTABLE = new Set(["grouped", "masked", "masked_tf32"]);

testEach("settings change how a dataflow works, never what it computes", (ctx, setting) => {
  const rows = setting.startsWith("emulated") ? 150 : 900;
  using coords = coordsTensor(ctx, sortedUnique(randomCoords(rows, 9, 41)));
  for (const layer of [geometry(3), geometry(5)]) {
    using map = KernelMap.build(coords, coords, layer);
    const [x, w] = [randomFloats(map.inputs * 6, 42), randomFloats(map.map.rows * 6 * 16, 43)];
    const expected = denseConv(x, w, map.map.download(), 6, 16);
    const bound = (variant: string) => 3e-5 + roundingOf(variant, map.map.rows * 6);
    const every = [
      ...[0, 0.1, 0.5, 1].flatMap((epsilon) =>
        [0, 100, 1e9].map((threshold) => ({ epsilon, threshold, splits: 1 }))
      ),
      ...[2, 3, 4, 27, 1000].map((splits) => ({ splits })),
    ];
    for (const settings of someOf(setting, 3, every)) {
      convSettings(ctx, settings);
      variants(ctx.backend, "sparse_conv").forEach((variant, v) => {
        if (!SETTABLE.has(variant)) return;
        const out = run(ctx, "f32", v, map, x, w, {})!;
        assertClose(out, expected, bound(variant), 1e-5, `${variant} ${JSON.stringify(settings)}`);
      });
    }
  }
});

Deno.test("convSettings() refuses what no dataflow can do", () => {
  using ctx = new Context("cpu");
  assertThrows(() => convSettings(ctx, { epsilon: 2 }), KernelError, "epsilon is 2");
  assertThrows(() => convSettings(ctx, { splits: 0 }), KernelError, "splits 0");
});

Deno.test("toBf16() and toF16() round to nearest even and come back", () => {
  const values = Float32Array.of(
    0,
    -0,
    1,
    -2.5,
    1 + 2 ** -8,
    1 + 3 * 2 ** -8,
    65504,
    1e9,
    2 ** -24,
    NaN,
    -Infinity,
  );
  assertEquals([...fromBf16(toBf16(values))].slice(0, 6), [0, -0, 1, -2.5, 1, 1 + 2 ** -6]);
  assertEquals([...fromF16(toF16(values))].slice(5), [
    1 + 3 * 2 ** -8,
    65504,
    Infinity,
    2 ** -24,
    NaN,
    -Infinity,
  ]);
});
