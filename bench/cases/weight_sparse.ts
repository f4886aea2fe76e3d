/**
 * Convolutions of MinkUNet whose weights are mostly 0, as pruning leaves them. Weights are
 * compressed before: that is done once for a network. What it is worth is seen against `dense`: the
 * default dense kernel, which multiplies by the zeros.
 */
import {
  CompressedWeight,
  type Context,
  convNeedsPairs,
  KernelMap,
  kernelVolume,
  sparseConv,
  sparseConvWs,
  variants,
} from "../../ffi/mod.ts";
import type { BenchBackend, Case, Expected, Instance, Problem } from "../case.ts";
import { F32_SUM } from "../harness/check.ts";
import { Random, sampleRows } from "../harness/random.ts";
import type { LayerMap } from "../harness/scene.ts";
import { mapOfRows, pairsByOffset } from "./layer_map.ts";
import { checkedRows, type Layer, layerOf, rowsOf } from "./sparse_conv.ts";

/** The variant that is not one of `sparse_conv_ws`. */
const DENSE = "dense";
/** What is compared. */
const CHECKED_PART = "checked rows of out";

function weightSparseVariants(backend: BenchBackend): readonly string[] {
  const known = variants(backend, "sparse_conv_ws");
  // Without the op there is nothing to compare with.
  return known.length === 0 ? [] : [...known, DENSE];
}

/** `weight` with about `percent` % of its values, anywhere, set to 0. */
export function pruned(weight: Float32Array<ArrayBuffer>, percent: number) {
  const random = new Random(4);
  return weight.map((value) => random.below(100) < percent ? 0 : value);
}

/** The weights of each offset that are not 0. */
export function nonzerosByOffset(weight: Float32Array, size: number): number[] {
  return Array.from(
    { length: weight.length / size },
    (_, k) =>
      weight.subarray(k * size, (k + 1) * size).reduce((sum, w) => sum + (w !== 0 ? 1 : 0), 0),
  );
}

function weightSparseProblem(
  map: LayerMap,
  cin: number,
  cout: number,
  zeros: number,
): Problem {
  const { inputs: n, outputs: m, pairs } = map;
  const full = layerOf(map, cin, cout);
  const layer = { ...full, weight: pruned(full.weight, zeros) };
  const nonzeros = nonzerosByOffset(layer.weight, cin * cout);
  const stored = nonzeros.reduce((sum, count) => sum + count, 0);
  const macs = pairsByOffset(map).reduce((sum, count, k) => sum + count * nonzeros[k]!, 0);
  const columns = kernelVolume(map.layer) * cout;
  const rows = sampleRows(m, checkedRows(m, pairs, cin, cout), 3);
  return {
    params: { m, pairs, nonzeros: stored },
    flops: 2 * macs,
    bytes: 4 * (n * cin + m * cout + map.map.length) + 8 * (stored + columns + 1),
    tolerance: () => F32_SUM,
    create: (ctx) => weightSparseInstance(ctx, layer, rows),
    expected: (cpu) => expected(cpu, layer, rows),
  };
}

/** One copy of a layer, its weights both compressed and not. */
function weightSparseInstance(ctx: Context, layer: Layer, checked: Int32Array): Instance {
  const { map: { map, inputs: n, outputs: m, layer: shape }, cin, cout } = layer;
  const kv = kernelVolume(shape);
  using stack = new DisposableStack();
  const feats = stack.use(ctx.tensorFrom("f32", [n, cin], layer.feats));
  const weight = stack.use(ctx.tensorFrom("f32", [kv, cin, cout], layer.weight));
  const compressed = stack.use(CompressedWeight.from(weight));
  const mapOn = stack.use(new KernelMap(ctx.tensorFrom("i32", [kv, m], map), n, shape));
  const out = stack.use(ctx.tensor("f32", [m, cout]));
  const owned = stack.move();
  return {
    bind(name) {
      if (name === DENSE) {
        const pairs = convNeedsPairs(ctx, 0) ? mapOn.pairs : null;
        return () => sparseConv(feats, weight, mapOn.map, pairs, out);
      }
      const variant = ctx.variant("sparse_conv_ws", name);
      return () => sparseConvWs(feats, compressed, mapOn.map, out, variant);
    },
    output: () => [{ name: CHECKED_PART, values: rowsOf(out.download(), checked, cout) }],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** The reference on the columns of the map that belong to the checked rows. */
function expected(cpu: Context, layer: Layer, checked: Int32Array): Expected {
  const { map: { inputs: n, outputs: m, layer: shape }, cin, cout } = layer;
  const kv = kernelVolume(shape);
  using feats = cpu.tensorFrom("f32", [n, cin], layer.feats);
  using weight = cpu.tensorFrom("f32", [kv, cin, cout], layer.weight);
  using compressed = CompressedWeight.from(weight);
  using some = cpu.tensorFrom("i32", [kv, checked.length], mapOfRows(layer.map, checked));
  using out = cpu.tensor("f32", [checked.length, cout]);
  const ref = cpu.variant("sparse_conv_ws", "ref");
  const ms = cpu.time(() => sparseConvWs(feats, compressed, some, out, ref));
  return {
    parts: [{ name: CHECKED_PART, values: out.download() }],
    refMs: ms * m / checked.length,
  };
}

/** Level of a 3x3x3 layer, channels in and out. */
const ROWS: readonly (readonly [number, number, number])[] = [
  [0, 96, 96],
  [2, 128, 128],
  [3, 256, 256],
];
/** Per cent of the weights. */
const ZEROS = [50, 80, 90, 95, 99];

/** The layers from a weight in two down to one in a hundred. */
export const weightSparseCases: readonly Case[] = ROWS.flatMap(([level, cin, cout]) =>
  ZEROS.map((zeros): Case => ({
    op: "sparse_conv_ws",
    tier: "full",
    params: { layer: `subm3-L${level}`, cin, cout, zeros },
    variants: weightSparseVariants,
    prepare: ({ scene }) => weightSparseProblem(scene.map("subm3", level), cin, cout, zeros),
  }))
);
