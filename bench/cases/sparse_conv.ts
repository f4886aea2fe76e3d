/**
 * The distinct convolutions of MinkUNet (channel ratio 1) at their real sizes. Maps and pairs are
 * made before: this is the layer alone; `kernel_map` has the rest.
 */
import {
  type Context,
  convNeedsPairs,
  KernelMap,
  kernelVolume,
  sparseConv,
} from "../../ffi/mod.ts";
import type { Bench, Case, Expected, Instance, Problem } from "../case.ts";
import { F32_SUM } from "../harness/check.ts";
import { randomFloats, sampleRows } from "../harness/random.ts";
import type { LayerMap } from "../harness/scene.ts";

type Kind = "subm3" | "down2" | "up2";

/** Output rows that the reference computes: it sums in double, a row at a time, on one core. */
const CHECKED_ROWS = 2000;
/** ... or fewer, down to 256, so that it multiplies at most this often. */
const CHECKED_MACS = 1e8;

interface Layer {
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

function problem({ scene }: Bench, kind: Kind, level: number, cin: number, cout: number): Problem {
  const map = scene.map(kind, level);
  const { inputs: n, outputs: m, pairs } = map;
  const kv = kernelVolume(map.layer);
  const layer: Layer = {
    map,
    cin,
    cout,
    feats: randomFloats(n * cin, 1),
    weight: randomFloats(kv * cin * cout, 2),
  };
  const rows = sampleRows(m, checkedRows(m, pairs, cin, cout), 3);
  return {
    params: { m, pairs },
    flops: 2 * pairs * cin * cout,
    bytes: 4 * (n * cin + m * cout + kv * cin * cout + kv * m),
    tolerance: () => F32_SUM,
    create: (ctx) => instance(ctx, layer, rows),
    expected: (cpu) => expected(cpu, layer, rows),
  };
}

function instance(ctx: Context, layer: Layer, checked: Int32Array): Instance {
  const { map: { map, inputs: n, outputs: m, layer: shape }, cin, cout } = layer;
  const kv = kernelVolume(shape);
  using stack = new DisposableStack();
  const feats = stack.use(ctx.tensorFrom("f32", [n, cin], layer.feats));
  const weight = stack.use(ctx.tensorFrom("f32", [kv, cin, cout], layer.weight));
  const mapOn = stack.use(new KernelMap(ctx.tensorFrom("i32", [kv, m], map), n, shape));
  const out = stack.use(ctx.tensor("f32", [m, cout]));
  const owned = stack.move();
  return {
    bind(name) {
      const variant = ctx.variant("sparse_conv", name);
      const pairs = convNeedsPairs(ctx, variant) ? mapOn.pairs : null;
      return () => sparseConv(feats, weight, mapOn.map, pairs, out, variant);
    },
    output() {
      const all = out.download();
      const some = new Float32Array(checked.length * cout);
      checked.forEach((row, i) => some.set(all.subarray(row * cout, (row + 1) * cout), i * cout));
      return [{ name: "checked rows of out", values: some }];
    },
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** The reference on the columns of the map that belong to the checked rows. */
function expected(cpu: Context, layer: Layer, checked: Int32Array): Expected {
  const { map: { map, inputs: n, outputs: m, layer: shape }, cin, cout } = layer;
  const kv = kernelVolume(shape);
  const some = new Int32Array(kv * checked.length);
  for (let k = 0; k < kv; k++) {
    checked.forEach((row, i) => some[k * checked.length + i] = map[k * m + row]!);
  }
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

const conv = (
  kind: Kind,
  level: number,
  cin: number,
  cout: number,
  tier: Case["tier"],
): Case => ({
  op: "sparse_conv",
  tier,
  params: { layer: `${kind}-L${level}`, cin, cout },
  prepare: (bench) => problem(bench, kind, level, cin, cout),
});

/** Encoder from the stem down, then the way up; `up2-L4` goes from level 4 to level 3. */
export const sparseConvCases: readonly Case[] = [
  conv("subm3", 0, 4, 32, "tour"),
  conv("subm3", 0, 32, 32, "quick"),
  conv("subm3", 1, 32, 32, "full"),
  conv("subm3", 2, 64, 64, "full"),
  conv("subm3", 0, 96, 96, "tour"),
  conv("subm3", 1, 96, 96, "full"),
  conv("subm3", 2, 128, 128, "tour"),
  conv("subm3", 3, 128, 128, "full"),
  conv("subm3", 3, 256, 256, "full"),
  conv("subm3", 4, 256, 256, "quick"),
  conv("down2", 0, 32, 32, "tour"),
  conv("down2", 1, 32, 32, "full"),
  conv("down2", 2, 64, 64, "full"),
  conv("down2", 3, 128, 128, "full"),
  conv("up2", 4, 256, 256, "full"),
  conv("up2", 3, 256, 128, "full"),
  conv("up2", 2, 128, 96, "tour"),
  conv("up2", 1, 96, 96, "full"),
];
