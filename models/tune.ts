/**
 * Chooses dataflows by timing them, as TorchSparse++'s tuner does: layers that share a kernel map
 * are one group, and what a dataflow needs beside the map (pairs, sorted rows) counts as its time,
 * once a map. The fastest dataflows can then be timed with every tile that the backend lists.
 */
import {
  type Context,
  convNeedsPairs,
  convTiles,
  type Feature,
  KernelError,
  type Tensor,
  variants,
} from "../ffi/mod.ts";
import { type Dataflow, type EnginePlan, groupsOf, mappedConvs, samePlan } from "./dataflow.ts";
import { Model, type ModelOptions } from "./model.ts";
import type { Network } from "./network.ts";
import { Scene, type SceneInput, type SceneOptions } from "./scene.ts";
import type { Weights } from "./weights.ts";

/** Passes that are timed for every candidate, after one that warms up; the fastest counts. */
const PASSES = 2;
/** Dataflows of a group that are timed with every tile: with it, the second may become the first. */
export const REFINED = 2;
/** Pieces of a sum that are tried with every tile. */
const PIECES = [1, 2, 4, 8];
/** The status of what a library does not do here. */
export const UNSUPPORTED = 2;

/** What is tuned, and on what. */
export interface TuneInput {
  readonly network: Network;
  readonly weights: Weights;
  readonly scan: SceneInput;
  /** One an input of the network. */
  readonly feats: readonly Tensor<Feature>[];
  readonly options?: Omit<ModelOptions, "engine">;
  readonly scene?: SceneOptions;
  /** Whether the fastest dataflows are timed with every tile of the backend too; false. */
  readonly tiles?: boolean;
}

/** What was found. */
export interface Tuned {
  readonly plan: EnginePlan;
  /** By group of layers, with what every candidate took, fastest first. */
  readonly groups: readonly {
    readonly name: string;
    readonly layers: number;
    readonly trials: readonly { readonly dataflow: Dataflow; readonly ms: number }[];
  }[];
}

/** Every dataflow of a backend in one setting each, masked in one to four parts. */
export function defaultCandidates(backend: Context["backend"]): Dataflow[] {
  return variants(backend, "sparse_conv").filter((name) => name !== "ref").flatMap((variant) =>
    variant.startsWith("masked")
      ? [1, 2, 3, 4].map((splits) => ({ variant, settings: { splits } }))
      : variant === "grouped"
      ? [{ variant, settings: { epsilon: 0.3, threshold: 5000 } }]
      : [{ variant }]
  );
}

/**
 * A dataflow with every tile that it can be told to use, and its sums in one piece or more where it
 * goes through a map; none where the backend has no choice.
 */
export function tileCandidates(ctx: Context, dtype: Feature, dataflow: Dataflow): Dataflow[] {
  const variant = ctx.variant("sparse_conv", dataflow.variant);
  const pieces = convNeedsPairs(ctx, variant) ? [{}] : PIECES.map((pieces) => ({ pieces }));
  return convTiles(ctx, variant, dtype).flatMap((tile) =>
    pieces.map((cut) => ({ ...dataflow, settings: { ...dataflow.settings, tile, ...cut } }))
  );
}

type Times = Map<Dataflow, Map<string, number>>;

/**
 * Times every candidate on every group. One pass per candidate times all groups at once: each layer
 * is timed by itself, so what the others do does not matter.
 */
export function tune(ctx: Context, input: TuneInput, candidates: readonly Dataflow[]): Tuned {
  const times: Times = new Map();
  timeAll(ctx, input, candidates, times);
  if (input.tiles === true) {
    const best = trialsOf(input.network, times).flatMap(({ trials }) => trials.slice(0, REFINED));
    const dtype = input.options?.dtype ?? "f32";
    const dataflows = new Set(best.map(({ dataflow }) => dataflow));
    const tiled = [...dataflows].flatMap((dataflow) => tileCandidates(ctx, dtype, dataflow));
    timeAll(ctx, input, tiled, times);
  }
  const groups = trialsOf(input.network, times);
  const plan = new Map(
    groups.flatMap(({ layers, trials: [best] }) =>
      best === undefined ? [] : layers.map((layer) => [layer.name, best.dataflow] as const)
    ),
  );
  return {
    plan,
    groups: groups.map(({ layers, ...rest }) => ({ ...rest, layers: layers.length })),
  };
}

function timeAll(ctx: Context, input: TuneInput, dataflows: readonly Dataflow[], times: Times) {
  // Weights are loaded once a variant, whatever its settings.
  for (const sameVariant of Map.groupBy(dataflows, ({ variant }) => variant).values()) {
    for (const [dataflow, layers] of variantTimes(ctx, input, sameVariant)) {
      times.set(dataflow, layers);
    }
  }
}

/** What every dataflow took on every group, fastest first. */
function trialsOf(network: Network, times: Times) {
  return groupsOf(mappedConvs(network)).map(({ name, layers }) => ({
    name,
    layers,
    trials: [...times].map(([dataflow, each]) => ({
      dataflow,
      ms: layers.reduce((sum, layer) => sum + each.get(layer.name)!, 0),
    })).sort((a, b) => a.ms - b.ms),
  }));
}

/** Times of the settings of one variant; none where it does not do this type here. */
function variantTimes(
  ctx: Context,
  { network, weights, scan, feats, options, scene: how }: TuneInput,
  dataflows: readonly Dataflow[],
): [Dataflow, Map<string, number>][] {
  const engine = samePlan(network, dataflows[0]!);
  using model = new Model(ctx, network, weights, { ...options, engine });
  using scene = new Scene(ctx, scan, model.pool, how);
  try {
    return dataflows.map((dataflow) => {
      model.settings = samePlan(network, dataflow);
      return [dataflow, layerTimes(ctx, model, scene, feats)];
    });
  } catch (error) {
    if (error instanceof KernelError && error.status === UNSUPPORTED) return [];
    throw error;
  }
}

/** Milliseconds of every layer by name. */
function layerTimes(
  ctx: Context,
  model: Model,
  scene: Scene,
  feats: readonly Tensor<Feature>[],
): Map<string, number> {
  const best = new Map<string, number>();
  for (let pass = 0; pass <= PASSES; pass++) {
    scene.forget();
    // Maps are the same for all candidates: they are made before the layers that are timed.
    for (const { map } of mappedConvs(model.network)) scene.map(map!);
    model.forward(scene, feats, ({ name }, run) => {
      const ms = ctx.time(run);
      if (pass > 0) best.set(name, Math.min(ms, best.get(name) ?? Infinity));
    });
  }
  return best;
}
