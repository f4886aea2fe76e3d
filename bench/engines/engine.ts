/** A network on one engine's settings, one scan after the other. */
import { type Context, convSettings, type Feature, type Tensor, variants } from "../../ffi/mod.ts";
import { Conv } from "../../models/layers/conv.ts";
import { Model } from "../../models/model.ts";
import type { Network } from "../../models/network.ts";
import { Scene, type SceneInput } from "../../models/scene.ts";
import type { Weights } from "../../models/weights.ts";
import type { Plan } from "./plan.ts";

/** Convolutions of a network that read a kernel map. */
export function mappedConvs({ layers }: Network): Conv[] {
  return layers.filter((layer): layer is Conv => layer instanceof Conv && layer.map !== null);
}

/** What an engine is made of. */
export interface EngineSpec {
  readonly network: Network;
  readonly weights: Weights;
  readonly dtype?: Feature;
  readonly plan: Plan;
  /** Variant of kernel_map. */
  readonly maps: string;
}

/** Weights and buffers on a device. */
export class Engine implements Disposable {
  readonly model: Model;
  readonly #maps: string;
  #plan: Plan;

  constructor(ctx: Context, { network, weights, dtype = "f32", plan, maps }: EngineSpec) {
    const known = variants(ctx.backend, "sparse_conv");
    // What a backend does not have runs in its default.
    this.#plan = new Map([...plan].filter(([, { variant }]) => known.includes(variant)));
    const engine = Object.fromEntries(
      [...this.#plan].map(([name, { variant }]) => [name, variant]),
    );
    this.#maps = variants(ctx.backend, "kernel_map").includes(maps) ? maps : "";
    this.model = new Model(ctx, network, weights, { dtype, engine });
  }

  /** Other settings for the same dataflows, without loading the weights again. */
  set settings(plan: Plan) {
    for (const [name, { variant }] of this.#plan) {
      const wanted = plan.get(name)?.variant;
      if (wanted === variant) continue;
      throw new RangeError(`Cannot run ${name} as ${wanted}: it was loaded as ${variant}`);
    }
    this.#plan = plan;
  }

  /** A scan on this engine: its maps are built the engine's way. */
  scene(input: SceneInput): Scene {
    const { ctx, pool } = this.model;
    return new Scene(ctx, input, pool, this.#maps === "" ? {} : { maps: this.#maps });
  }

  /** One pass; `timed` is called with every mapped convolution and what runs it. */
  forward(
    scene: Scene,
    inputs: readonly Tensor<Feature>[],
    timed: (layer: Conv, run: () => void) => void = (_, run) => run(),
  ): Tensor<Feature>[] {
    const { ctx } = this.model;
    const outputs = this.model.forward(scene, inputs, (layer, run) => {
      if (!(layer instanceof Conv) || layer.map === null) return run();
      // Settings belong to the context, which engines take turns on.
      convSettings(ctx, this.#plan.get(layer.name)?.settings ?? {});
      timed(layer, run);
    });
    convSettings(ctx, {});
    return outputs;
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]();
  }
}
