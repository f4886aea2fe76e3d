/** Output coordinates of strided layers. */
import { downsample } from "../../ffi/mod.ts";
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

const layer = (kind: Kind, level: number, tier: Case["tier"]): Case => ({
  op: "downsample",
  tier,
  params: { layer: `${kind}-L${level}` },
  prepare: (bench) => problem(bench, kind, level),
});

/** The four halvings of MinkUNet, and the first with the 3x3x3 kernel of detectors. */
export const downsampleCases: readonly Case[] = [
  layer("down2", 0, "quick"),
  layer("down2", 1, "full"),
  layer("down2", 2, "full"),
  layer("down2", 3, "full"),
  layer("down3", 0, "full"),
];
