/** Chooses the dataflow of each convolution by timing them on one scan. */
import { type Context, type Feature, KernelError, type Tensor, variants } from "../ffi/mod.ts";
import { Model, type ModelOptions } from "./model.ts";
import type { Network } from "./network.ts";
import { Scene, type SceneInput } from "./scene.ts";
import type { Weights } from "./weights.ts";

/** Dataflow by layer name, for {@linkcode ModelOptions.engine}: valid for scans like the tuned one. */
export type EnginePlan = Record<string, string>;

const UNSUPPORTED = 2;
/** The best of so many passes counts, after one that warms up. */
const PASSES = 3;

/**
 * The fastest dataflow of every convolution of a network on a scan. Maps and pair lists are made
 * before, as they serve several layers.
 */
export function tune(
  ctx: Context,
  network: Network,
  weights: Weights,
  input: SceneInput,
  feats: readonly Tensor<Feature>[],
  options: Omit<ModelOptions, "engine"> = {},
): EnginePlan {
  const best = new Map<string, { engine: string; ms: number }>();
  for (const engine of variants(ctx.backend, "sparse_conv").filter((name) => name !== "ref")) {
    for (
      const [layer, ms] of timesOf(ctx, network, weights, input, feats, { ...options, engine })
    ) {
      if (ms < (best.get(layer)?.ms ?? Infinity)) best.set(layer, { engine, ms });
    }
  }
  return Object.fromEntries(best.entries().map(([layer, { engine }]) => [layer, engine]));
}

/** Milliseconds by layer; none for a dataflow that does not do this type here. */
function timesOf(
  ctx: Context,
  network: Network,
  weights: Weights,
  input: SceneInput,
  feats: readonly Tensor<Feature>[],
  options: ModelOptions,
): Map<string, number> {
  const times = new Map<string, number>();
  using model = new Model(ctx, network, weights, options);
  using scene = new Scene(ctx, input, model.pool);
  try {
    model.forward(scene, feats);
    for (let pass = 0; pass < PASSES; pass++) {
      model.forward(scene, feats, ({ name }, run) => {
        const ms = ctx.time(run);
        times.set(name, Math.min(times.get(name) ?? Infinity, ms));
      });
    }
  } catch (error) {
    if (error instanceof KernelError && error.status === UNSUPPORTED) return new Map();
    throw error;
  }
  return times;
}
