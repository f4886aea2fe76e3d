/**
 * Chooses the dataflows of a training step by timing them. Forward pass, gradients of inputs and
 * gradients of weights are timed apart: each on a scene that knows nothing but the maps of the
 * forward pass, so that what a dataflow needs beside them (the transposed map, sorted rows, pairs)
 * counts once for every map that layers share, and in every direction.
 */
import {
  type Context,
  type Feature,
  KernelError,
  variants,
  wgradTakesPairs,
  wgradTiles,
} from "../ffi/mod.ts";
import {
  type Dataflow,
  type Direction,
  groupsOf,
  mappedConvs,
  samePlan,
  type StepPlan,
  type WgradDataflow,
} from "./dataflow.ts";
import type { Conv } from "./layers/conv.ts";
import type { Network } from "./network.ts";
import type { Scene } from "./scene.ts";
import type { TrainingLayers } from "./training_layers.ts";
import { defaultCandidates, REFINED, tileCandidates, UNSUPPORTED } from "./tune.ts";

/** Steps of every candidate: the first warms up, of the others the fastest counts. */
export const ROUNDS = 3;
/** Pairs of a chunk that are tried with every tile, beside those that the library takes. */
const CHUNKS = [512, 2048, 8192, 32_768];

/** What is timed in each direction. */
export interface StepCandidates {
  readonly forward: readonly Dataflow[];
  readonly dgrad: readonly Dataflow[];
  readonly wgrad: readonly WgradDataflow[];
}

/** Layers that share a map, with what every candidate took, fastest first. */
export interface TimedGroup<D> {
  readonly name: string;
  readonly layers: number;
  readonly trials: readonly { readonly dataflow: D; readonly ms: number }[];
}

/** What was found; a direction without candidates runs by default. */
export interface TunedStep {
  readonly plan: StepPlan;
  readonly groups: {
    readonly forward: readonly TimedGroup<Dataflow>[];
    readonly dgrad: readonly TimedGroup<Dataflow>[];
    readonly wgrad: readonly TimedGroup<WgradDataflow>[];
  };
}

/** How a step is tuned. */
export interface TuneStepOptions {
  /** Whether the fastest dataflows are timed with every tile of the backend too; false. */
  readonly tiles?: boolean;
  /** Milliseconds of a kernel; by the clock of the device when not given. */
  readonly time?: (run: () => void, direction: Direction, conv: Conv) => number;
}

/** Every dataflow of a backend in each direction. */
export function stepCandidates(ctx: Context): StepCandidates {
  const convolutions = defaultCandidates(ctx.backend);
  return { forward: convolutions, dgrad: convolutions, wgrad: wgradCandidates(ctx) };
}

/** Every variant of the gradient of weights, and those that read pairs with them too. */
function wgradCandidates(ctx: Context): WgradDataflow[] {
  return variants(ctx.backend, "sparse_conv_wgrad").filter((name) => name !== "ref")
    .flatMap((variant): WgradDataflow[] => {
      const listed = wgradTakesPairs(ctx, ctx.variant("sparse_conv_wgrad", variant));
      return listed ? [{ variant }, { variant, pairs: true }] : [{ variant }];
    });
}

/** A dataflow of that gradient with every tile that it can be told to use. */
export function wgradTileCandidates(
  ctx: Context,
  dtype: Feature,
  dataflow: WgradDataflow,
): WgradDataflow[] {
  const variant = ctx.variant("sparse_conv_wgrad", dataflow.variant);
  return wgradTiles(ctx, variant, dtype).flatMap((tile) =>
    [{ tile }, ...CHUNKS.map((chunk) => ({ tile, chunk }))]
      .map((settings) => ({ ...dataflow, settings }))
  );
}

const BY_DEFAULT: StepPlan = { forward: new Map(), dgrad: new Map(), wgrad: new Map() };

/** Times every candidate on every group of layers, direction by direction; forgets the scene. */
export function tuneStep(
  layers: TrainingLayers,
  scene: Scene,
  candidates: StepCandidates,
  { tiles = false, time = (run) => scene.ctx.time(run) }: TuneStepOptions = {},
): TunedStep {
  const { network, dtype } = layers;
  const { ctx } = scene;
  const timed = (direction: Direction, plan: Partial<StepPlan>) =>
    timesOf(layers, scene, direction, { ...BY_DEFAULT, ...plan }, time);
  const tiled = (each: Dataflow) => tiles ? tileCandidates(ctx, dtype, each) : [];
  const groups = {
    forward: timedGroups(
      network,
      candidates.forward,
      tiled,
      (each) => timed("forward", { forward: samePlan(network, each) }),
    ),
    dgrad: timedGroups(
      network,
      candidates.dgrad,
      tiled,
      (each) => timed("dgrad", { dgrad: samePlan(network, each) }),
    ),
    wgrad: timedGroups(
      network,
      candidates.wgrad,
      (each) => tiles ? wgradTileCandidates(ctx, dtype, each) : [],
      (each) => timed("wgrad", { wgrad: samePlan(network, each) }),
    ),
  };
  const plan = {
    forward: fastest(network, groups.forward),
    dgrad: fastest(network, groups.dgrad),
    wgrad: fastest(network, groups.wgrad),
  };
  return { plan, groups };
}

/** Milliseconds by layer, of those that have this direction. */
type Times = ReadonlyMap<string, number>;

/** Times of a plan in one direction; none where the library does not do it here. */
function timesOf(
  layers: TrainingLayers,
  scene: Scene,
  direction: Direction,
  plan: StepPlan,
  time: NonNullable<TuneStepOptions["time"]>,
): Times | undefined {
  const best = new Map<string, number>();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      scene.forget();
      layers.makeMaps(scene);
      layers.runAlone(direction, scene, plan, (pass, conv, run) => {
        const ms = time(run, pass, conv);
        if (round > 0) best.set(conv.name, Math.min(ms, best.get(conv.name) ?? Infinity));
      });
    }
    return best;
  } catch (error) {
    if (error instanceof KernelError && error.status === UNSUPPORTED) return undefined;
    throw error;
  } finally {
    scene.forget();
  }
}

/** What every candidate takes on every group, and the fastest of them refined. */
function timedGroups<D>(
  network: Network,
  candidates: readonly D[],
  refine: (dataflow: D) => readonly D[],
  timesOf: (dataflow: D) => Times | undefined,
): TimedGroup<D>[] {
  const all = new Map<D, Times>();
  const add = (dataflow: D) => {
    const times = timesOf(dataflow);
    if (times !== undefined) all.set(dataflow, times);
  };
  candidates.forEach(add);
  const best = trialsOf(network, all).flatMap(({ trials }) => trials.slice(0, REFINED));
  new Set(best.map(({ dataflow }) => dataflow)).forEach((each) => refine(each).forEach(add));
  return trialsOf(network, all);
}

/** Times by group, fastest first; groups without a layer of this direction have none. */
function trialsOf<D>(network: Network, all: ReadonlyMap<D, Times>): TimedGroup<D>[] {
  return groupsOf(mappedConvs(network)).map(({ name, layers }) => ({
    name,
    layers: layers.length,
    trials: [...all].flatMap(([dataflow, times]) => {
      const each = layers.flatMap((layer) => times.get(layer.name) ?? []);
      return each.length === 0 ? [] : [{ dataflow, ms: each.reduce((sum, ms) => sum + ms, 0) }];
    }).sort((a, b) => a.ms - b.ms),
  }));
}

/** The fastest dataflow of every group, by layer. */
function fastest<D>(network: Network, groups: readonly TimedGroup<D>[]): ReadonlyMap<string, D> {
  const trials = new Map(groups.map((group) => [group.name, group.trials]));
  return new Map(
    groupsOf(mappedConvs(network)).flatMap(({ name, layers }) => {
      const best = trials.get(name)?.[0];
      return best === undefined ? [] : layers.map((layer) => [layer.name, best.dataflow] as const);
    }),
  );
}
