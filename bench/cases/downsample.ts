/** Output coordinates of strided layers, alone and with the kernel map. */
import { downsample, kernelVolume, stridedMap } from "../../ffi/mod.ts";
import type { Bench, Case, Instance, Problem } from "../case.ts";
import { EXACT } from "../harness/check.ts";
import { LAYERS } from "../harness/scene.ts";

type Kind = "down2" | "down3";

function problem({ scene }: Bench, kind: Kind, level: number): Problem {
  const n = scene.rows(level);
  const m = scene.outputs(kind, level).length / 4;
  return {
    params: { n, m },
    flops: null,
    bytes: 16 * n + 16 * m,
    tolerance: () => EXACT,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const coords = stack.use(ctx.tensorFrom("i32", [n, 4], scene.level(level)));
      const out = stack.use(ctx.tensor("i32", [m, 4]));
      const count = stack.use(ctx.tensor("i64", [1]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("downsample", name);
          return () => downsample(coords, out, count, LAYERS[kind], "reached", null, variant);
        },
        output: () => [
          { name: "count", values: count.download() },
          { name: "out_coords", values: out.download() },
        ],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

function mappedProblem({ scene }: Bench, kind: Kind, level: number): Problem {
  const n = scene.rows(level);
  const m = scene.outputs(kind, level).length / 4;
  const kv = kernelVolume(LAYERS[kind]);
  return {
    params: { n, m },
    flops: null,
    bytes: 16 * n + 16 * m + 4 * kv * m,
    tolerance: () => EXACT,
    create(ctx): Instance {
      using stack = new DisposableStack();
      const coords = stack.use(ctx.tensorFrom("i32", [n, 4], scene.level(level)));
      const out = stack.use(ctx.tensor("i32", [m, 4]));
      const map = stack.use(ctx.tensor("i32", [kv, m]));
      const count = stack.use(ctx.tensor("i64", [1]));
      const owned = stack.move();
      return {
        bind(name) {
          const variant = ctx.variant("strided_map", name);
          return () => stridedMap(coords, out, map, count, LAYERS[kind], "reached", null, variant);
        },
        output: () => [
          { name: "count", values: count.download() },
          { name: "out_coords", values: out.download() },
          { name: "map", values: map.download() },
        ],
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

const PROBLEMS = { downsample: problem, strided_map: mappedProblem } as const;

const layer = (
  op: keyof typeof PROBLEMS,
  kind: Kind,
  level: number,
  tier: Case["tier"],
): Case => ({
  op,
  tier,
  params: { layer: `${kind}-L${level}` },
  prepare: (bench) => PROBLEMS[op](bench, kind, level),
});

/** The four halvings of MinkUNet, and the first with the 3x3x3 kernel of detectors. */
export const downsampleCases: readonly Case[] = [
  layer("downsample", "down2", 0, "quick"),
  layer("downsample", "down2", 1, "full"),
  layer("downsample", "down2", 2, "full"),
  layer("downsample", "down2", 3, "full"),
  layer("downsample", "down3", 0, "full"),
  layer("strided_map", "down2", 0, "tour"),
  layer("strided_map", "down2", 3, "full"),
  layer("strided_map", "down3", 0, "full"),
];
