/** Gradients of the weights of MinkUNet's convolutions. Maps are made before, as in a training. */
import {
  type Context,
  type Feature,
  kernelVolume,
  sparseConvWgrad,
  variants,
} from "../../ffi/mod.ts";
import type { Case, Instance, Problem } from "../case.ts";
import {
  BYTES,
  FEATURE_TYPES,
  featureTensor,
  isTf32,
  rounded,
  sumTolerance,
} from "../harness/dtype.ts";
import { randomFloats } from "../harness/random.ts";
import type { LayerMap } from "../harness/scene.ts";
import type { Kind } from "./sparse_conv.ts";

/** A layer with its input and the gradient of its output, both rounded to `dtype` already. */
interface Layer {
  readonly dtype: Feature;
  readonly map: LayerMap;
  readonly feats: Float32Array;
  readonly gradOut: Float32Array;
  readonly cin: number;
  readonly cout: number;
}

function gradientProblem(map: LayerMap, cin: number, cout: number, dtype: Feature): Problem {
  const { inputs: n, outputs: m, pairs } = map;
  const kv = kernelVolume(map.layer);
  const layer: Layer = {
    dtype,
    map,
    cin,
    cout,
    feats: rounded(randomFloats(n * cin, 1), dtype),
    gradOut: rounded(randomFloats(m * cout, 2), dtype),
  };
  return {
    params: { m, pairs },
    flops: 2 * pairs * cin * cout,
    bytes: BYTES[dtype] * (n * cin + m * cout) + 4 * (kv * cin * cout + kv * m),
    tolerance: (variant) => sumTolerance("f32", variant),
    create: (ctx) => gradientInstance(ctx, layer),
  };
}

/** One copy of a layer, with the gradient in f32; the pairs are listed in the run. */
function gradientInstance(ctx: Context, layer: Layer): Instance {
  const { map: { map, inputs: n, outputs: m, layer: shape }, cin, cout, dtype } = layer;
  const kv = kernelVolume(shape);
  using stack = new DisposableStack();
  const feats = stack.use(featureTensor(ctx, dtype, [n, cin], layer.feats));
  const gradOut = stack.use(featureTensor(ctx, dtype, [m, cout], layer.gradOut));
  const mapOn = stack.use(ctx.tensorFrom("i32", [kv, m], map));
  const out = stack.use(ctx.tensor("f32", [kv, cin, cout]));
  const owned = stack.move();
  return {
    bind(name) {
      const variant = ctx.variant("sparse_conv_wgrad", name);
      return () => sparseConvWgrad(feats, gradOut, mapOn, null, out, variant);
    },
    output: () => [{ name: "grad_weight", values: out.download() }],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** Kind, level, channels in and out. */
const ROWS: readonly (readonly [Kind, number, number, number])[] = [
  ["subm3", 0, 4, 32],
  ["subm3", 0, 96, 96],
  ["subm3", 2, 128, 128],
  ["subm3", 3, 256, 256],
  ["down2", 1, 32, 32],
];

/** The stem, the widest layers of three levels, and a strided one, in all types. */
export const gradientCases: readonly Case[] = FEATURE_TYPES.flatMap((dtype) =>
  ROWS.map(([kind, level, cin, cout]): Case => ({
    op: "sparse_conv_wgrad",
    tier: "full",
    dtype,
    params: { layer: `${kind}-L${level}`, cin, cout },
    variants: (backend) =>
      variants(backend, "sparse_conv_wgrad").filter((name) => dtype === "f32" || !isTf32(name)),
    prepare: ({ scene }) => gradientProblem(scene.map(kind, level), cin, cout, dtype),
  }))
);
