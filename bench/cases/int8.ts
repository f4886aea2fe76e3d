/**
 * Convolutions of MinkUNet in 8 bits, maps made before. What they are worth is seen against `f32`:
 * the default dense kernel on the same whole numbers.
 */
import {
  type Context,
  convNeedsPairs,
  KernelMap,
  kernelVolume,
  quantizeSymmetric,
  sparseConv,
  sparseConvInt8,
  variants,
} from "../../ffi/mod.ts";
import type { BenchBackend, Case, Expected, Instance, Problem } from "../case.ts";
import { EXACT, F32_SUM } from "../harness/check.ts";
import { sampleRows } from "../harness/random.ts";
import type { LayerMap } from "../harness/scene.ts";
import { mapOfRows } from "./layer_map.ts";
import { checkedRows, type Kind, layerOf, rowsOf } from "./sparse_conv.ts";

/** The variant that is not one of `sparse_conv_int8`. */
const F32 = "f32";
/** What is compared. */
const CHECKED_PART = "checked rows of out";

/** A layer in steps. */
interface Layer {
  readonly map: LayerMap;
  readonly cin: number;
  readonly cout: number;
  readonly feats: Int8Array<ArrayBuffer>;
  readonly weight: Int8Array<ArrayBuffer>;
  readonly scale: Float32Array<ArrayBuffer>;
}

function int8Variants(backend: BenchBackend): readonly string[] {
  const known = variants(backend, "sparse_conv_int8");
  // Without the op there is nothing to compare with.
  return known.length === 0 ? [] : [...known, F32];
}

function quantized(map: LayerMap, cin: number, cout: number): Layer {
  const { feats, weight } = layerOf(map, cin, cout);
  const [x, w] = [quantizeSymmetric(feats, 1), quantizeSymmetric(weight, cout)];
  const scale = w.size.map((size) => size * x.size[0]!);
  return { map, cin, cout, feats: x.steps, weight: w.steps, scale };
}

function int8Problem(map: LayerMap, cin: number, cout: number): Problem {
  const { inputs: n, outputs: m, pairs, layer: shape } = map;
  const layer = quantized(map, cin, cout);
  const kv = kernelVolume(shape);
  const rows = sampleRows(m, checkedRows(m, pairs, cin, cout), 3);
  return {
    params: { m, pairs },
    flops: 2 * pairs * cin * cout,
    bytes: n * cin + 4 * m * cout + kv * cin * cout + 4 * kv * m,
    tolerance: (variant) => variant === F32 ? F32_SUM : EXACT,
    create: (ctx) => int8Instance(ctx, layer, rows),
    expected: (cpu) => expected(cpu, layer, rows),
  };
}

function int8Instance(ctx: Context, layer: Layer, checked: Int32Array): Instance {
  const { map: { map, inputs: n, outputs: m, layer: shape }, cin, cout } = layer;
  const kv = kernelVolume(shape);
  using stack = new DisposableStack();
  const feats = stack.use(ctx.tensorFrom("i8", [n, cin], layer.feats));
  const weight = stack.use(ctx.tensorFrom("i8", [kv, cin, cout], layer.weight));
  const wideFeats = stack.use(ctx.tensorFrom("f32", [n, cin], Float32Array.from(layer.feats)));
  const wideWeight = stack.use(
    ctx.tensorFrom("f32", [kv, cin, cout], Float32Array.from(layer.weight)),
  );
  const scale = stack.use(ctx.tensorFrom("f32", [cout], layer.scale));
  const mapOn = stack.use(new KernelMap(ctx.tensorFrom("i32", [kv, m], map), n, shape));
  const out = stack.use(ctx.tensor("f32", [m, cout]));
  const owned = stack.move();
  return {
    bind(name) {
      if (name === F32) {
        const pairs = convNeedsPairs(ctx, 0) ? mapOn.pairs : null;
        return () => sparseConv(wideFeats, wideWeight, mapOn.map, pairs, out, 0, { scale });
      }
      const variant = ctx.variant("sparse_conv_int8", name);
      return () => sparseConvInt8(feats, weight, mapOn.map, out, { scale }, variant);
    },
    output: () => [{ name: CHECKED_PART, values: rowsOf(out.download(), checked, cout) }],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** The reference on the columns of the map that belong to the checked rows. */
function expected(cpu: Context, layer: Layer, checked: Int32Array): Expected {
  const { map: { inputs: n, outputs: m, layer: shape }, cin, cout } = layer;
  const kv = kernelVolume(shape);
  using feats = cpu.tensorFrom("i8", [n, cin], layer.feats);
  using weight = cpu.tensorFrom("i8", [kv, cin, cout], layer.weight);
  using scale = cpu.tensorFrom("f32", [cout], layer.scale);
  using some = cpu.tensorFrom("i32", [kv, checked.length], mapOfRows(layer.map, checked));
  using out = cpu.tensor("f32", [checked.length, cout]);
  const ref = cpu.variant("sparse_conv_int8", "ref");
  const ms = cpu.time(() => sparseConvInt8(feats, weight, some, out, { scale }, ref));
  return {
    parts: [{ name: CHECKED_PART, values: out.download() }],
    refMs: ms * m / checked.length,
  };
}

/** Kind, level, channels in and out, and the run that a row is part of. */
const ROWS: readonly (readonly [Kind, number, number, number, Case["tier"]])[] = [
  ["subm3", 0, 4, 32, "full"],
  ["subm3", 0, 96, 96, "full"],
  ["subm3", 2, 128, 128, "full"],
  ["subm3", 4, 256, 256, "tour"],
  ["down2", 2, 64, 64, "full"],
];

/** The layers. */
export const int8Cases: readonly Case[] = ROWS.map(([kind, level, cin, cout, tier]): Case => ({
  op: "sparse_conv_int8",
  tier,
  params: { layer: `${kind}-L${level}`, cin, cout },
  variants: int8Variants,
  prepare: ({ scene }) => int8Problem(scene.map(kind, level), cin, cout),
}));
