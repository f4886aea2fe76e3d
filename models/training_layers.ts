/** The convolutions of a network with what a training step reads and writes, in one type. */
import {
  type Context,
  convNeedsPairs,
  convSettings,
  convTakesOrder,
  type Feature,
  sparseConv,
  sparseConvWgrad,
  type Tensor,
  variants,
  weightTranspose,
} from "../../ffi/mod.ts";
import type { Dataflow, EnginePlan } from "../../models/dataflow.ts";
import { Conv } from "../../models/layers/conv.ts";
import type { Network } from "../../models/network.ts";
import type { Scene } from "../../models/scene.ts";
import type { MapKey } from "../../models/value.ts";
import { featureTensor, rounded } from "../harness/dtype.ts";
import { randomFloats } from "../harness/random.ts";

type I32 = Tensor<"i32">;

/** The kernels of a step. */
export type Pass = "forward" | "dgrad" | "wgrad";

/** Dataflows by the name of the layer. */
export interface StepPlan {
  readonly forward: EnginePlan;
  readonly dgrad: EnginePlan;
}

/** Called for every kernel of a step with what it writes; it may call `run`. */
export type StepProbe = (pass: Pass, conv: Conv, run: () => void, out: Tensor<Feature>) => void;

/** Seeds of the features, of the gradients of outputs, and of the weights of the first layer. */
export const SEEDS = { feats: 1, gradOut: 2, weight: 10 } as const;

/** Values in [-1, 1), rounded so that f32 and f16 hold the same ones. */
export function seeded(length: number, seed: number): Float32Array {
  return rounded(randomFloats(length, seed), "f16");
}

/** The convolutions over voxels, 1x1x1 ones among them. */
export function convsOf({ layers }: Pick<Network, "layers">): Conv[] {
  return layers.filter((layer): layer is Conv =>
    layer instanceof Conv && layer.from.space.kind === "voxels"
  );
}

/** Whether a step needs the gradient of a layer's input: nobody does that of the network's. */
export function hasDgrad({ inputs }: Pick<Network, "inputs">, { from }: Conv): boolean {
  return !inputs.some(({ id }) => id === from.id);
}

/** The map of the gradient: inputs and outputs swapped. */
export const swappedMap = ({ from, to, by, transposed }: MapKey): MapKey => ({
  ...{ from: to, to: from, by, transposed: !transposed },
});

/** Offsets of a layer. */
export const volumeOf = ({ kernel }: Conv) => kernel.reduce((product, size) => product * size, 1);

/** Weights, the same with their channels swapped, and their gradients. */
interface Weight {
  readonly weight: Tensor<Feature>;
  readonly swapped: Tensor<Feature>;
  readonly gradient: Tensor<"f32">;
}

/**
 * A step convolves seeded features and seeded gradients: what lies between convolutions is left
 * out, and layers of the same rows and channels read the same values.
 */
export class TrainingLayers implements Disposable {
  readonly convs: readonly Conv[];
  readonly #own = new DisposableStack();
  readonly #weights: ReadonlyMap<Conv, Weight>;
  readonly #buffers = new Map<string, Tensor<Feature>>();
  readonly #identities = new Map<number, I32>();

  constructor(
    private readonly ctx: Context,
    private readonly network: Network,
    readonly dtype: Feature,
  ) {
    using stack = new DisposableStack();
    stack.use(this.#own);
    this.convs = convsOf(network);
    this.#weights = new Map(this.convs.map((conv, i) => [conv, this.#weight(conv, i)]));
    stack.move();
  }

  /** One step; what the scene has not made yet is made in it. */
  run(scene: Scene, plan: StepPlan, probe: StepProbe = (_pass, _conv, run) => run()): void {
    for (const conv of this.convs) {
      const [from, to] = [this.#read("feats", scene, conv.from), this.#write(scene, conv.to)];
      const { weight } = this.#weights.get(conv)!;
      const dataflow = plan.forward.get(conv.name);
      const run = () => this.#convolve(scene, dataflow, this.#map(scene, conv), from, weight, to);
      probe("forward", conv, run, to);
    }
    for (const conv of this.convs.toReversed()) {
      this.#backward(scene, conv, plan.dgrad.get(conv.name), probe);
    }
  }

  /** Makes all maps of a step, for a clock that starts behind them. */
  makeMaps(scene: Scene): void {
    for (const { map } of this.convs) if (map !== null) scene.map(map);
    for (const conv of this.convs) {
      if (conv.map !== null && hasDgrad(this.network, conv)) scene.map(swappedMap(conv.map));
    }
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }

  #backward(scene: Scene, conv: Conv, dataflow: Dataflow | undefined, probe: StepProbe): void {
    const gradOut = this.#read("gradOut", scene, conv.to);
    const { weight, swapped: turned, gradient } = this.#weights.get(conv)!;
    const feats = this.#read("feats", scene, conv.from);
    const wgrad = () => sparseConvWgrad(feats, gradOut, this.#map(scene, conv), null, gradient);
    probe("wgrad", conv, wgrad, gradient as unknown as Tensor<Feature>);
    if (!hasDgrad(this.network, conv)) return;
    const to = this.#write(scene, conv.from);
    const dgrad = () => {
      weightTranspose(weight, turned);
      const map = this.#map(scene, conv, true);
      this.#convolve(scene, dataflow, map, gradOut, turned, to);
    };
    probe("dgrad", conv, dgrad, to);
  }

  #convolve(
    scene: Scene,
    dataflow: Dataflow | undefined,
    map: I32,
    from: Tensor<Feature>,
    weight: Tensor<Feature>,
    to: Tensor<Feature>,
  ): void {
    const { ctx } = this;
    const known = variants(ctx.backend, "sparse_conv").includes(dataflow?.variant ?? "");
    // What a backend does not have runs in its default.
    const variant = known ? ctx.variant("sparse_conv", dataflow!.variant) : 0;
    const settings = known ? dataflow!.settings : undefined;
    const made = convNeedsPairs(ctx, variant)
      ? scene.pairs(map)
      : convTakesOrder(ctx, variant)
      ? scene.rowOrder(map, settings?.splits ?? 1)
      : null;
    // Settings belong to the context, which all steps share.
    if (settings !== undefined) convSettings(ctx, settings);
    sparseConv(from, weight, map, made, to, variant);
    if (settings !== undefined) convSettings(ctx, {});
  }

  #map(scene: Scene, { map, to }: Conv, backwards = false): I32 {
    if (map !== null) return scene.map(backwards ? swappedMap(map) : map);
    const rows = scene.rows(to.space);
    const known = this.#identities.get(rows);
    if (known !== undefined) return known;
    const values = Int32Array.from({ length: rows }, (_, i) => i);
    const made = this.#own.use(this.ctx.tensorFrom("i32", [1, rows], values));
    this.#identities.set(rows, made);
    return made;
  }

  #weight(conv: Conv, index: number): Weight {
    const [kv, cin, cout] = [volumeOf(conv), conv.from.channels, conv.to.channels];
    const values = seeded(kv * cin * cout, SEEDS.weight + index);
    const { ctx, dtype } = this;
    return {
      weight: this.#own.use(featureTensor(ctx, dtype, [kv, cin, cout], values)),
      swapped: this.#own.use(ctx.tensor<Feature>(dtype, [kv, cout, cin])),
      gradient: this.#own.use(ctx.tensor("f32", [kv, cin, cout])),
    };
  }

  #read(role: "feats" | "gradOut", scene: Scene, { space, channels }: Conv["from"]) {
    const rows = scene.rows(space);
    return this.#buffer(`${role} ${rows} ${channels}`, () => {
      const values = seeded(rows * channels, SEEDS[role]);
      return featureTensor(this.ctx, this.dtype, [rows, channels], values);
    });
  }

  #write(scene: Scene, { space, channels }: Conv["to"]) {
    const rows = scene.rows(space);
    return this.#buffer(
      `out ${rows} ${channels}`,
      () => this.ctx.tensor<Feature>(this.dtype, [rows, channels]),
    );
  }

  #buffer(key: string, make: () => Tensor<Feature>): Tensor<Feature> {
    const known = this.#buffers.get(key);
    if (known !== undefined) return known;
    const made = this.#own.use(make());
    this.#buffers.set(key, made);
    return made;
  }
}
