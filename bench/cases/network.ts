/** Runs a network plan on a context, with seeded weights. */
import {
  type Context,
  convNeedsPairs,
  devoxelize,
  type Feature,
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
  const layers = plan.steps.map((step, i) =>
    step.op === "conv" ? convLayer(ctx, tensors, step, network.weights[i]!, dtype, stack) : step
  );
  const owned = stack.move();
  return {
    bind(name) {
      const variant = ctx.variant("sparse_conv", name);
      const pairs = convNeedsPairs(ctx, variant);
      maps.build(pairs);
      const steps = layers.map((layer) =>
        typeof layer === "function" ? layer(variant, pairs) : pointStep(tensors, layer)
      );
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

/** Uploads a layer's weights and gives its timed run in a variant. */
function convLayer(
  ctx: Context,
  { maps, at }: Tensors,
  { map, from, to, residual, shift: shifts, relu }: ConvStep,
  weights: Weights,
  dtype: Feature,
  stack: DisposableStack,
) {
  const shape = [maps.map(map).rows, from.channels, to.channels];
  const weight = stack.use(featureTensor(ctx, dtype, shape, weights.weight));
  const scale = stack.use(ctx.tensorFrom("f32", [to.channels], weights.scale));
  const shift = shifts ? stack.use(ctx.tensorFrom("f32", [to.channels], weights.shift)) : undefined;
  const epilogue = {
    scale,
    ...(shift !== undefined && { shift }),
    ...(residual !== null && { residual: at(residual) }),
    activation: relu ? "relu" as const : "none" as const,
  };
  return (variant: number, needsPairs: boolean) => {
    const pairs = needsPairs ? maps.pairs(map) : null;
    return () => sparseConv(at(from), weight, maps.map(map), pairs, at(to), variant, epilogue);
  };
}

/** The point steps are f32 only, which the cases see to. */
function pointStep({ maps, at }: Tensors, { op, level, from, to }: PointStep): () => void {
  const [feats, out] = [at(from) as Tensor<"f32">, at(to) as Tensor<"f32">];
  const { index, weight, order, starts } = maps.points(level);
  return op === "devoxelize"
    ? () => devoxelize(feats, index, weight, out)
    : () => voxelReduce(feats, order, starts, out, "mean");
}
