/** Runs a network plan on a context, with seeded weights. */
import {
  affine,
  concat,
  type Context,
  convNeedsPairs,
  devoxelize,
  type Feature,
  linear,
  sparseConv,
  type Tensor,
  voxelReduce,
} from "../../ffi/mod.ts";
import type { Instance } from "../case.ts";
import { BYTES, featureTensor, floatsOf, rounded } from "../harness/dtype.ts";
import { randomFloats } from "../harness/random.ts";
import type { Scene } from "../harness/scene.ts";
import { mapName, mapSize, NetworkMaps, rowsOf } from "./network_maps.ts";
import {
  assignBuffers,
  type ConvStep,
  type JoinStep,
  type Plan,
  type PointStep,
  type Value,
} from "./network_plan.ts";

/** Weights of a convolution: [KV, Cin, Cout], and its folded batch norm. */
interface Weights {
  readonly weight: Float32Array<ArrayBuffer>;
  readonly scale: Float32Array;
  readonly shift: Float32Array;
}

/** A plan with everything that it needs on the host, rounded to `dtype`. */
export interface Network {
  readonly plan: Plan;
  readonly scene: Scene;
  readonly dtype: Feature;
  /** Whether maps are made in every run, or once before. */
  readonly buildsMaps: boolean;
  readonly input: Float32Array<ArrayBuffer>;
  /** By step; null where a step has none. */
  readonly weights: readonly (Weights | null)[];
}

/** Seeded inputs and weights for a plan. */
export function networkOf(
  plan: Plan,
  scene: Scene,
  dtype: Feature,
  buildsMaps: boolean,
): Network {
  const { level, channels } = plan.input;
  return {
    plan,
    scene,
    dtype,
    buildsMaps,
    input: rounded(randomFloats(rowsOf(scene, level) * channels, 1), dtype),
    weights: plan.steps.map((step, i) =>
      step.op === "conv" ? seededWeights(step, scene, dtype, 2 * i + 2) : null
    ),
  };
}

/** Sums keep the size of their inputs, so that no layer of the network drowns the others. */
function seededWeights(
  { map, from, to }: ConvStep,
  scene: Scene,
  dtype: Feature,
  seed: number,
): Weights {
  const { kv, outputs, pairs } = mapSize(scene, map);
  const terms = pairs / Math.max(1, outputs) * from.channels;
  // Uniform values have a variance of 1/3, and a ReLU takes half of the rest.
  const gain = Math.sqrt(6 / Math.max(1, terms));
  const values = randomFloats(kv * from.channels * to.channels, seed);
  const norm = randomFloats(2 * to.channels, seed + 1);
  return {
    weight: rounded(values.map((value) => value * gain), dtype),
    scale: norm.subarray(0, to.channels).map((value) => 1 + value / 4),
    shift: norm.subarray(to.channels).map((value) => value / 4),
  };
}

/** Multiply-adds as papers count them: pairs x channels in x channels out. */
export function macsOf({ steps }: Plan, scene: Scene): number {
  return steps.reduce((sum, step) => {
    if (step.op !== "conv") return sum;
    return sum + mapSize(scene, step.map).pairs * step.from.channels * step.to.channels;
  }, 0);
}

/** Coordinates or maps, input and weights read once, output written once. */
export function bytesOf({ plan, scene, dtype, buildsMaps, weights }: Network): number {
  const values = (value: Value) => rowsOf(scene, value.level) * value.channels;
  const numbers = weights.reduce((sum, each) => sum + (each?.weight.length ?? 0), 0);
  const maps = new Map(
    plan.steps.flatMap((step) =>
      step.op === "conv" ? [[mapName(step.map), mapSize(scene, step.map)] as const] : []
    ),
  );
  const entries = [...maps.values()].reduce((sum, { kv, outputs }) => sum + kv * outputs, 0);
  return BYTES[dtype] * (values(plan.input) + numbers + values(plan.output)) +
    (buildsMaps ? 16 * scene.rows(0) : 4 * entries);
}

/** One copy of a network on a device: every tensor is made here, none in a run. */
export function networkInstance(ctx: Context, network: Network): Instance {
  const { plan, scene, dtype, buildsMaps, input } = network;
  using stack = new DisposableStack();
  const maps = stack.use(new NetworkMaps(ctx, scene, plan));
  const { shapes, of } = assignBuffers(plan);
  const buffers = shapes.map(({ level, channels }) =>
    stack.use(ctx.tensor<Feature>(dtype, [rowsOf(scene, level), channels]))
  );
  // The input has a place of its own: the next run reads it again.
  const first = stack.use(
    featureTensor(ctx, dtype, [rowsOf(scene, plan.input.level), plan.input.channels], input),
  );
  const at = ({ id }: Value) => id === plan.input.id ? first : buffers[of.get(id)!]!;
  const tensors: Tensors = { maps, at };
  const layers = plan.steps.map((step, i): Bind => {
    if (step.op !== "conv") return (how) => denseStep(ctx, tensors, step, how);
    const layer = uploadLayer(ctx, step, network, i, stack);
    return plan.dense && step.map.kind === "own"
      ? (how) => linearStep(ctx, tensors, step, layer, how)
      : (how) => convStep(tensors, step, layer, how);
  });
  const owned = stack.move();
  return {
    bind(name) {
      const variant = ctx.variant("sparse_conv", name);
      const pairs = convNeedsPairs(ctx, variant);
      maps.build(pairs);
      const steps = layers.map((bind) => bind({ variant, pairs, plain: name === "ref" }));
      return () => {
        if (buildsMaps) maps.build(pairs);
        for (const step of steps) step();
      };
    },
    output: () => [{ name: "features", values: floatsOf(at(plan.output)) }],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

interface Tensors {
  readonly maps: NetworkMaps;
  readonly at: (value: Value) => Tensor<Feature>;
}

/** In which variant a run is. */
interface How {
  /** Of the convolutions. */
  readonly variant: number;
  readonly pairs: boolean;
  /** Whether all other steps run their reference as well. */
  readonly plain: boolean;
}

/** Gives the timed run of a step. */
type Bind = (how: How) => () => void;

/** Weights on the device. */
interface Layer {
  readonly weight: Tensor<Feature>;
  readonly norm: { readonly scale: Tensor<"f32">; readonly shift?: Tensor<"f32"> };
}

function uploadLayer(
  ctx: Context,
  { map, from, to, shift: shifts }: ConvStep,
  { scene, weights, dtype, plan: { dense } }: Network,
  step: number,
  stack: DisposableStack,
): Layer {
  const { weight, scale, shift } = weights[step]!;
  const { kv } = mapSize(scene, map);
  const inner = [from.channels, to.channels];
  const shape = dense && map.kind === "own" ? inner : [kv, ...inner];
  const on = (values: Float32Array) => stack.use(ctx.tensorFrom("f32", [to.channels], values));
  return {
    weight: stack.use(featureTensor(ctx, dtype, shape, weight)),
    norm: { scale: on(scale), ...(shifts && { shift: on(shift) }) },
  };
}

function convStep(
  { maps, at }: Tensors,
  { map, from, to, residual, relu }: ConvStep,
  { weight, norm }: Layer,
  { variant, pairs }: How,
): () => void {
  const lists = pairs ? maps.pairs(map) : null;
  const epilogue = {
    ...norm,
    ...(residual !== null && { residual: at(residual) }),
    activation: relu ? "relu" as const : "none" as const,
  };
  return () => sparseConv(at(from), weight, maps.map(map), lists, at(to), variant, epilogue);
}

/** Dense steps and those of points are f32 only, which the cases see to. */
const f32 = (tensor: Tensor<Feature>) => tensor as Tensor<"f32">;

function linearStep(
  ctx: Context,
  { at }: Tensors,
  { from, to, residual, relu }: ConvStep,
  { weight, norm }: Layer,
  { plain }: How,
): () => void {
  const variant = plain ? ctx.variant("linear", "ref") : 0;
  const epilogue = {
    ...norm,
    ...(residual !== null && { residual: f32(at(residual)) }),
    activation: relu ? "relu" as const : "none" as const,
  };
  const [x, out, matrix] = [f32(at(from)), f32(at(to)), f32(weight)];
  return () => linear(x, matrix, out, epilogue, variant);
}

function denseStep(
  ctx: Context,
  { maps, at }: Tensors,
  step: PointStep | JoinStep,
  { plain }: How,
): () => void {
  const [feats, out] = [f32(at(step.from)), f32(at(step.to))];
  const variant = plain ? ctx.variant(step.op, "ref") : 0;
  if ("other" in step) {
    const other = f32(at(step.other));
    return step.op === "concat"
      ? () => concat(feats, other, out, variant)
      : () => affine(feats, out, { residual: other }, variant);
  }
  const { index, weight, order, starts } = maps.points(step.level);
  return step.op === "devoxelize"
    ? () => devoxelize(feats, index, weight, out, variant)
    : () => voxelReduce(feats, order, starts, out, "mean", variant);
}
