/**
 * The distinct convolutions of MinkUNet (channel ratio 1) at their real sizes. Maps and pairs are
 * made before: this is the layer alone; `kernel_map` has the rest.
 */
import {
  type Context,
  convNeedsPairs,
  convTakesOrder,
  type Feature,
  KernelMap,
  kernelVolume,
  packedFor,
  sparseConv,
  variants,
} from "../../ffi/mod.ts";
import type { BenchBackend, Case, Expected, Instance, PeerProblem, Problem } from "../case.ts";
import {
  BYTES,
  FEATURE_TYPES,
  featureTensor,
  floatsOf,
  isTf32,
  rounded,
  sumTolerance,
} from "../harness/dtype.ts";
import { randomFloats, sampleRows } from "../harness/random.ts";
import type { LayerMap, Scene } from "../harness/scene.ts";
import type { PeerLayer } from "../peers/layer_files.ts";
import { mapOfRows } from "./layer_map.ts";

/** Kinds of MinkUNet's layers. */
export type Kind = "subm3" | "down2" | "up2";

/** Output rows that the reference computes: it sums in double, a row at a time, on one core. */
const CHECKED_ROWS = 2000;
/** ... or fewer, down to 256, so that it multiplies at most this often. */
const CHECKED_MACS = 1e8;

/** A layer with its inputs, which are rounded to `dtype` already. */
export interface Layer {
  readonly dtype: Feature;
  readonly map: LayerMap;
  readonly feats: Float32Array<ArrayBuffer>;
  readonly weight: Float32Array<ArrayBuffer>;
  readonly cin: number;
  readonly cout: number;
}

/** How many rows of the output are checked. */
export function checkedRows(outputs: number, pairs: number, cin: number, cout: number): number {
  const affordable = Math.floor(CHECKED_MACS / (Math.max(1, pairs / outputs) * cin * cout));
  return Math.min(outputs, CHECKED_ROWS, Math.max(256, affordable));
}

/** A layer with seeded features and weights. */
export function layerOf(map: LayerMap, cin: number, cout: number, dtype: Feature = "f32"): Layer {
  return {
    dtype,
    map,
    cin,
    cout,
    feats: rounded(randomFloats(map.inputs * cin, 1), dtype),
    weight: rounded(randomFloats(kernelVolume(map.layer) * cin * cout, 2), dtype),
  };
}

/** Kind, and the coordinates in and out, of a layer that other engines build maps for. */
export type PeerVoxels = Pick<PeerLayer, "kind" | "coords" | "outCoords">;

/** The case of a layer whose map is made; with `voxels` other engines can run it as well. */
export function convProblem(layer: Layer, voxels?: PeerVoxels): Problem {
  const { map: { inputs: n, outputs: m, pairs, layer: shape }, cin, cout, dtype } = layer;
  const kv = kernelVolume(shape);
  const rows = sampleRows(m, checkedRows(m, pairs, cin, cout), 3);
  return {
    params: { m, pairs },
    flops: 2 * pairs * cin * cout,
    bytes: BYTES[dtype] * (n * cin + m * cout + kv * cin * cout) + 4 * kv * m,
    tolerance: (variant) => sumTolerance(dtype, variant),
    create: (ctx) => convInstance(ctx, layer, rows),
    expected: (cpu) => expected(cpu, layer, rows),
    ...(voxels && { peer: peerProblem(layer, voxels, rows) }),
  };
}

function peerProblem(layer: Layer, voxels: PeerVoxels, checked: Int32Array): PeerProblem {
  const { map: { map, layer: shape }, feats, weight, cin, cout } = layer;
  return {
    layer: { ...voxels, shape, cin, cout, feats, weight, map },
    output: (all) => [{ name: "checked rows of out", values: rowsOf(all, checked, cout) }],
  };
}

/** Coordinates of a layer of the scan; undefined in the types that no peer is run in. */
function peerVoxels(scene: Scene, kind: Kind, level: number, dtype: Feature) {
  if (dtype !== "f32") return undefined;
  const outLevel = { subm3: level, down2: level + 1, up2: level - 1 }[kind];
  return { kind, coords: scene.level(level), outCoords: scene.level(outLevel) };
}

/** Some rows of `all` [M, channels]. */
export function rowsOf(all: Float32Array, rows: Int32Array, channels: number): Float32Array {
  const some = new Float32Array(rows.length * channels);
  rows.forEach((row, i) => {
    some.set(all.subarray(row * channels, (row + 1) * channels), i * channels);
  });
  return some;
}

/** One copy of a layer; what is compared are its checked rows. */
function convInstance(ctx: Context, layer: Layer, checked: Int32Array): Instance {
  const { map: { map, inputs: n, outputs: m, layer: shape }, cin, cout, dtype } = layer;
  const kv = kernelVolume(shape);
  using stack = new DisposableStack();
  const feats = stack.use(featureTensor(ctx, dtype, [n, cin], layer.feats));
  const mapOn = stack.use(new KernelMap(ctx.tensorFrom("i32", [kv, m], map), n, shape));
  const out = stack.use(ctx.tensor<Feature>(dtype, [m, cout]));
  const owned = stack.move();
  return {
    bind(name) {
      const variant = ctx.variant("sparse_conv", name);
      const made = convNeedsPairs(ctx, variant)
        ? mapOn.pairs
        : convTakesOrder(ctx, variant)
        ? mapOn.rowOrder
        : null;
      const given = featureTensor(ctx, dtype, [kv, cin, cout], layer.weight);
      const weight = owned.use(packedFor(variant, given));
      return () => sparseConv(feats, weight, mapOn.map, made, out, variant);
    },
    output() {
      return [{ name: "checked rows of out", values: rowsOf(floatsOf(out), checked, cout) }];
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** The reference on the columns of the map that belong to the checked rows. */
function expected(cpu: Context, layer: Layer, checked: Int32Array): Expected {
  const { map: { inputs: n, outputs: m, layer: shape }, cin, cout } = layer;
  const kv = kernelVolume(shape);
  const some = mapOfRows(layer.map, checked);
  using feats = cpu.tensorFrom("f32", [n, cin], layer.feats);
  using weight = cpu.tensorFrom("f32", [kv, cin, cout], layer.weight);
  using mapOn = cpu.tensorFrom("i32", [kv, checked.length], some);
  using out = cpu.tensor("f32", [checked.length, cout]);
  const ref = cpu.variant("sparse_conv", "ref");
  const ms = cpu.time(() => sparseConv(feats, weight, mapOn, null, out, ref));
  return {
    parts: [{ name: "checked rows of out", values: out.download() }],
    refMs: ms * m / checked.length,
  };
}

/** Kind, level, channels in and out, and the run that an f32 row is part of. */
type Row = readonly [Kind, number, number, number, Case["tier"]];

/** Encoder from the stem down, then the way up; `up2-L4` goes from level 4 to level 3. */
const ROWS: readonly Row[] = [
  ["subm3", 0, 4, 32, "tour"],
  ["subm3", 0, 32, 32, "quick"],
  ["subm3", 1, 32, 32, "full"],
  ["subm3", 2, 64, 64, "full"],
  ["subm3", 0, 96, 96, "tour"],
  ["subm3", 1, 96, 96, "full"],
  ["subm3", 2, 128, 128, "tour"],
  ["subm3", 3, 128, 128, "full"],
  ["subm3", 3, 256, 256, "full"],
  ["subm3", 4, 256, 256, "quick"],
  ["down2", 0, 32, 32, "tour"],
  ["down2", 1, 32, 32, "full"],
  ["down2", 2, 64, 64, "full"],
  ["down2", 3, 128, 128, "full"],
  ["up2", 4, 256, 256, "full"],
  ["up2", 3, 256, 128, "full"],
  ["up2", 2, 128, 96, "tour"],
  ["up2", 1, 96, 96, "full"],
];

/** The dataflows that take the type: tf32 is a way to run f32, Hopper's are ways to run 16 bits. */
const dataflowsFor = (dtype: Feature) => (backend: BenchBackend) =>
  variants(backend, "sparse_conv").filter((name) =>
    dtype === "f32" ? !name.endsWith("wgmma") : !isTf32(name)
  );

/** The layers in f32, then in the 16-bit types. */
export const sparseConvCases: readonly Case[] = FEATURE_TYPES.flatMap((dtype) =>
  ROWS.map(([kind, level, cin, cout, tier]): Case => ({
    op: "sparse_conv",
    tier,
    dtype,
    params: { layer: `${kind}-L${level}`, cin, cout },
    variants: dataflowsFor(dtype),
    prepare: ({ scene }) =>
      convProblem(
        layerOf(scene.map(kind, level), cin, cout, dtype),
        peerVoxels(scene, kind, level, dtype),
      ),
  }))
);
