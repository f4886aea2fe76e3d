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
  wgradSettings,
  wgradTakesPairs,
} from "../ffi/mod.ts";
import type { Dataflow, Direction, StepPlan, WgradDataflow } from "./dataflow.ts";
import { featureTensor, rounded } from "./dtype.ts";
import { Conv } from "./layers/conv.ts";
import type { Network } from "./network.ts";
import { randomFloats } from "./random.ts";
import type { Scene } from "./scene.ts";
import type { MapKey } from "./value.ts";

type I32 = Tensor<"i32">;

/** Called for every kernel of a step with what it writes; it may call `run`. */
export type StepProbe = (
  pass: Direction,
  conv: Conv,
  run: () => void,
  out: Tensor<Feature>,
) => void;

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
    readonly ctx: Context,
    readonly network: Network,
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
    this.runAlone("forward", scene, plan, probe);
    for (const conv of this.convs.toReversed()) {
      this.#wgrad(scene, conv, plan.wgrad.get(conv.name), probe);
      this.#dgrad(scene, conv, plan.dgrad.get(conv.name), probe);
    }
  }

  /** The kernels of one direction, in their order. */
  runAlone(direction: Direction, scene: Scene, plan: StepPlan, probe: StepProbe): void {
    const backwards = this.convs.toReversed();
    switch (direction) {
      case "forward":
        return this.convs.forEach((conv) =>
          this.#forward(scene, conv, plan.forward.get(conv.name), probe)
        );
      case "dgrad":
        return backwards.forEach((conv) =>
          this.#dgrad(scene, conv, plan.dgrad.get(conv.name), probe)
        );
      case "wgrad":
        return backwards.forEach((conv) =>
          this.#wgrad(scene, conv, plan.wgrad.get(conv.name), probe)
        );
    }
  }

  /** Makes the maps of the forward pass, for a clock that starts behind them. */
  makeMaps(scene: Scene): void {
    for (const { map } of this.convs) if (map !== null) scene.map(map);
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }

  #forward(scene: Scene, conv: Conv, dataflow: Dataflow | undefined, probe: StepProbe): void {
    const [from, to] = [this.#read("feats", scene, conv.from), this.#write(scene, conv.to)];
    const { weight } = this.#weights.get(conv)!;
    const run = () => this.#convolve(scene, dataflow, this.#map(scene, conv), from, weight, to);
    probe("forward", conv, run, to);
  }

  /** The transposed convolution of the output's gradient; of layers that need it. */
  #dgrad(scene: Scene, conv: Conv, dataflow: Dataflow | undefined, probe: StepProbe): void {
    if (!hasDgrad(this.network, conv)) return;
    const [from, to] = [this.#read("gradOut", scene, conv.to), this.#write(scene, conv.from)];
    const { weight, swapped } = this.#weights.get(conv)!;
    const run = () => {
      weightTranspose(weight, swapped);
      this.#convolve(scene, dataflow, this.#map(scene, conv, true), from, swapped, to);
    };
    probe("dgrad", conv, run, to);
  }

  #wgrad(scene: Scene, conv: Conv, dataflow: WgradDataflow | undefined, probe: StepProbe): void {
    const { ctx } = this;
    const known = variants(ctx.backend, "sparse_conv_wgrad").includes(dataflow?.variant ?? "");
    const variant = known ? ctx.variant("sparse_conv_wgrad", dataflow!.variant) : 0;
    const settings = known ? dataflow!.settings : undefined;
    const listed = known && dataflow!.pairs === true && wgradTakesPairs(ctx, variant);
    const feats = this.#read("feats", scene, conv.from);
    const gradOut = this.#read("gradOut", scene, conv.to);
    const { gradient } = this.#weights.get(conv)!;
    const run = () => {
      const map = this.#map(scene, conv);
      const pairs = listed ? scene.pairs(map) : null;
      if (settings !== undefined) wgradSettings(ctx, settings);
      try {
        sparseConvWgrad(feats, gradOut, map, pairs, gradient, variant);
      } finally {
        if (settings !== undefined) wgradSettings(ctx, {});
      }
    };
    probe("wgrad", conv, run, gradient as unknown as Tensor<Feature>);
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
    try {
      sparseConv(from, weight, map, made, to, variant);
    } finally {
      if (settings !== undefined) convSettings(ctx, {});
    }
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
