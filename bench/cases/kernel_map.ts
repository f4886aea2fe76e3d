/**
 * Kernel maps: each layer's alone, all nine of a MinkUNet with the downsampling between them, and
 * the steps from a map to what some convolutions read. Integers: every entry must be equal.
 */
import {
  type Context,
  downsample,
  type Geometry,
  kernelMap,
  kernelMapCount,
  kernelMapOrder,
  kernelMapPairs,
  kernelMapTranspose,
  kernelVolume,
  networkMaps,
  stridedMap,
  type Tensor,
  variants,
} from "../../ffi/mod.ts";
import type { Bench, BenchBackend, Case, Instance, Problem } from "../case.ts";
import { EXACT, type Part } from "../harness/check.ts";
import { LAYERS, LEVELS, type Scene } from "../harness/scene.ts";

type I32 = Tensor<"i32">;
type Kind = "subm3" | "subm5" | "down2" | "down3";

/** The map of `layer` between two sets of coordinates, which may be the same array. */
export function mapProblem(
  inputs: Int32Array,
  outputs: Int32Array,
  layer: Geometry,
  pairs: number,
): Problem {
  const [n, m] = [inputs.length / 4, outputs.length / 4];
  const kv = kernelVolume(layer);
  const same = inputs === outputs;
  return {
    params: { n, m, pairs },
    flops: null,
    bytes: 16 * n + (same ? 0 : 16 * m) + 4 * kv * m,
    tolerance: () => EXACT,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const from = stack.use(ctx.tensorFrom("i32", [n, 4], inputs));
      const to = same ? from : stack.use(ctx.tensorFrom("i32", [m, 4], outputs));
      const map = stack.use(ctx.tensor("i32", [kv, m]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("kernel_map", name);
          return () => kernelMap(from, to, map, layer, variant);
        },
        output: () => [{ name: "map", values: map.download() }],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

/** Five submanifold maps, four strided ones and the coordinates between them. */
function allMapsProblem({ scene }: Bench): Problem {
  const levels = Array.from({ length: LEVELS }, (_, level) => level);
  const sizes = levels.map((level) => scene.rows(level));
  const pairs = levels.reduce(
    (sum, level) =>
      sum + scene.map("subm3", level).pairs + (level > 0 ? scene.map("down2", level - 1).pairs : 0),
    0,
  );
  const bytes = sizes.reduce(
    (sum, m, level) => sum + (16 + 4 * 27 + (level > 0 ? 4 * 8 : 0)) * m,
    0,
  );
  return {
    params: { n: sizes[0]!, pairs },
    flops: null,
    bytes,
    tolerance: () => EXACT,
    create: (ctx) => allMapsInstance(ctx, scene),
  };
}

/** Ends the name of a variant that vmk_network_maps runs, which does not know the sizes before. */
const ONE_CALL = "_one_call";

/** All ways to search, and the default one for vmk_network_maps. */
function allMapsVariants(backend: BenchBackend): string[] {
  const known = variants(backend, "kernel_map");
  return [...known, ...known.slice(0, 1).map((name) => name + ONE_CALL)];
}

function allMapsInstance(ctx: Context, scene: Scene): Instance {
  using stack = new DisposableStack();
  const count = stack.use(ctx.tensor("i64", [1]));
  // Sized by the scene: a timed run must not allocate, and a network knows its bounds as well.
  const levels = scene.levels.map((coords, level) => {
    const m = coords.length / 4;
    return {
      coords: stack.use(ctx.tensor("i32", [m, 4])),
      subm: stack.use(ctx.tensor("i32", [27, m])),
      down: level === 0 ? null : stack.use(ctx.tensor("i32", [8, m])),
    };
  });
  levels[0]!.coords.upload(scene.level(0));
  const counts = stack.use(ctx.tensor("i64", [levels.length - 1]));
  const lower = levels.slice(1).map(({ coords, subm, down }) => ({
    coords,
    stride: LAYERS.down2,
    strided: down!,
    layer: LAYERS.subm3,
    map: subm,
  }));
  const owned = stack.move();
  return {
    bind(name) {
      if (name.endsWith(ONE_CALL)) {
        const variant = ctx.variant("kernel_map", name.slice(0, -ONE_CALL.length));
        const { coords, subm } = levels[0]!;
        const first = { layer: LAYERS.subm3, map: subm };
        return () => networkMaps(coords, first, lower, counts, { variant });
      }
      const map = ctx.variant("kernel_map", name);
      const strided = stridedBy(ctx, name);
      return () => {
        levels.forEach(({ coords, subm, down }, level) => {
          const finer = levels[level - 1];
          if (finer !== undefined && down !== null) {
            strided(finer.coords, coords, down, count);
          }
          // Beside the chain of levels, which goes on: only its own coordinates are waited for.
          ctx.onQueue(1 + level % 3, () => kernelMap(coords, coords, subm, LAYERS.subm3, map));
        });
        ctx.join();
      };
    },
    output: () =>
      levels.flatMap(({ coords, subm, down }, level): Part[] => [
        { name: `coords ${level}`, values: coords.download() },
        { name: `subm3 ${level}`, values: subm.download() },
        ...(down === null ? [] : [{ name: `down2 ${level}`, values: down.download() }]),
      ]),
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Coarser coordinates and map: in one step with the default, in two with any other variant. */
function stridedBy(ctx: Context, variant: string) {
  const map = ctx.variant("kernel_map", variant);
  const coarser = variant === "ref" ? ctx.variant("downsample", "ref") : 0;
  const fused = map === 0 && variants(ctx.backend, "strided_map").length > 0;
  return (finer: I32, coords: I32, down: I32, count: Tensor<"i64">): void => {
    if (fused) return stridedMap(finer, coords, down, count, LAYERS.down2);
    downsample(finer, coords, count, LAYERS.down2, "reached", null, coarser);
    kernelMap(finer, coords, down, LAYERS.down2, map);
  };
}

type Step = "kernel_map_count" | "kernel_map_pairs" | "kernel_map_transpose" | "kernel_map_order";

/** A step from the map of a layer to a list of its pairs, or to the map of the transposed layer. */
function stepProblem({ scene }: Bench, op: Step, kind: Kind): Problem {
  const { map, inputs: n, outputs: m, pairs, layer } = scene.map(kind, 0);
  const kv = kernelVolume(layer);
  const written = {
    "kernel_map_count": 0,
    "kernel_map_pairs": 8 * pairs,
    "kernel_map_transpose": 4 * kv * n,
    "kernel_map_order": 4 * (kv + 1) * m,
  };
  return {
    params: { m, pairs },
    flops: null,
    bytes: 4 * kv * m + written[op],
    tolerance: () => EXACT,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const from = stack.use(ctx.tensorFrom("i32", [kv, m], map));
      const starts = stack.use(ctx.tensor("i64", [kv + 1]));
      const shapes = {
        "kernel_map_count": [0],
        "kernel_map_pairs": [2, pairs],
        "kernel_map_transpose": [kv, n],
        "kernel_map_order": [kv, m],
      };
      const out = stack.use(ctx.tensor("i32", shapes[op]));
      const order = stack.use(ctx.tensor("i32", [1, op === "kernel_map_order" ? m : 0]));
      kernelMapCount(from, starts);
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant(op, name);
          const runs = {
            "kernel_map_count": () => kernelMapCount(from, starts, variant),
            "kernel_map_pairs": () => kernelMapPairs(from, starts, out, variant),
            "kernel_map_transpose": () => kernelMapTranspose(from, out, variant),
            "kernel_map_order": () => kernelMapOrder(from, { order, ordered: out }, variant),
          };
          return runs[op];
        },
        output: () => {
          const parts: Record<string, Tensor<"i32" | "i64">> = op === "kernel_map_count"
            ? { starts }
            : op === "kernel_map_order"
            ? { order, out }
            : { out };
          return Object.entries(parts).map(([name, tensor]) => ({
            name,
            values: tensor.download(),
          }));
        },
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

const layer = (kind: Kind, level: number, tier: Case["tier"]): Case => ({
  op: "kernel_map",
  tier,
  params: { layer: `${kind}-L${level}` },
  prepare: ({ scene }) =>
    mapProblem(
      scene.level(level),
      scene.outputs(kind, level),
      LAYERS[kind],
      scene.map(kind, level).pairs,
    ),
});

const step = (op: Step, kind: Kind): Case => ({
  op,
  tier: "full",
  params: { layer: `${kind}-L0` },
  prepare: (bench) => stepProblem(bench, op, kind),
});

/** MinkUNet's maps one by one and together, then larger and strided kernels, then the steps. */
export const kernelMapCases: readonly Case[] = [
  layer("subm3", 0, "quick"),
  layer("subm3", 1, "full"),
  layer("subm3", 2, "tour"),
  layer("subm3", 3, "full"),
  layer("subm3", 4, "full"),
  layer("down2", 0, "tour"),
  layer("down2", 1, "full"),
  layer("down2", 2, "full"),
  layer("down2", 3, "full"),
  layer("down3", 0, "full"),
  layer("subm5", 0, "full"),
  {
    op: "minkunet_maps",
    tier: "tour",
    params: { maps: 9 },
    variants: allMapsVariants,
    prepare: allMapsProblem,
  },
  step("kernel_map_count", "subm3"),
  step("kernel_map_pairs", "subm3"),
  step("kernel_map_order", "subm3"),
  step("kernel_map_transpose", "down2"),
];
