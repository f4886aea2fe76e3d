/**
 * A whole network on the settings of an engine: its maps and all of its layers, nothing else. What
 * an engine tunes is tuned before the clock starts, on the same scan.
 */
import { type Context, convTiles, type Feature, variants } from "../../ffi/mod.ts";
import { countMacs } from "../../models/count.ts";
import {
  type Dataflow,
  type EnginePlan,
  mappedConvs,
  samePlan,
  sizeOf,
} from "../../models/dataflow.ts";
import { featureTensor } from "../../models/dtype.ts";
import { Model } from "../../models/model.ts";
import { Scene } from "../../models/scene.ts";
import { tune, type Tuned } from "../../models/tune.ts";
import { TunedPlans } from "../../models/tuned_store.ts";
import { randomWeights, type Weights } from "../../models/weights.ts";
import type { Network } from "../../models/network.ts";
import type { Bench, Case, Instance, Problem } from "../case.ts";
import { type Profile, profileOf, PROFILES } from "../engines/profiles.ts";
import type { Tolerance } from "../harness/check.ts";
import type { NetworkInput, Workload } from "../workloads/workload.ts";

/** Voxels on the host: coordinates [M, 4] and features [M, C]. */
export interface HostVoxels {
  readonly coords: Int32Array;
  readonly feats: Float32Array;
}

/** The scan and the network of a workload, on the host. */
export interface Prepared extends HostVoxels {
  readonly network: Network;
  readonly weights: Weights;
}

/** Whether kernel maps are made in every run, or once before. */
export type MapTime = "built" | "kept";

/** Where to take the settings of a variant from. */
export type Planner = (variant: string, ctx: Context, prepared: Prepared) => EngineSettings;

/** How a network runs on an engine. */
export interface EngineSettings {
  readonly plan: EnginePlan;
  /** Variant of kernel_map. */
  readonly maps: string;
}

/** The dataflow whose result all others are held against; no profile uses it alone. */
const CHECK = "gather";

/** Errors pass through all layers, which keep the size of their values; see cases/minkunet.ts. */
const tolerance = ({ layers }: Network): Tolerance => ({
  abs: 0,
  scale: 1e-5 * layers.length,
  rel: 1e-5,
});

/** The voxels of a workload. */
export function workloadVoxels({ cpu, scene }: Bench, workload: NetworkInput): HostVoxels {
  using scan = workload.scan(cpu, scene);
  return { coords: scan.coords.download(), feats: scan.feats.download() };
}

export function prepareWorkload(bench: Bench, workload: NetworkInput): Prepared {
  const network = workload.network();
  return { network, weights: randomWeights(network, 1), ...workloadVoxels(bench, workload) };
}

/** Puts the scan on a device. */
function upload(
  ctx: Context,
  { coords, feats }: Prepared,
  stack: DisposableStack,
  dtype: Feature = "f32",
) {
  const rows = coords.length / 4;
  return {
    input: { coords: stack.use(ctx.tensorFrom("i32", [rows, 4], coords)) },
    feats: stack.use(featureTensor(ctx, dtype, [rows, feats.length / rows], feats)),
  };
}

/** A workload under the plans of `planner`. */
export function engineProblem(
  bench: Bench,
  workload: NetworkInput,
  planner: Planner,
  maps: MapTime,
): Problem {
  const prepared = prepareWorkload(bench, workload);
  const { network, coords, feats } = prepared;
  using stack = new DisposableStack();
  const { input } = upload(bench.cpu, prepared, stack);
  using scene = new Scene(bench.cpu, input);
  const macs = countMacs(network, scene);
  return {
    params: { voxels: coords.length / 4, gmac: Number((macs / 1e9).toFixed(2)) },
    flops: 2 * macs,
    bytes: 4 * (coords.length + feats.length),
    // Layers push each other's values out of the cache.
    copies: 1,
    tolerance: () => tolerance(network),
    create: (ctx) => instanceOf(ctx, prepared, planner, maps),
    expected: (cpu) => {
      const plan = { plan: samePlan(network, { variant: CHECK }), maps: "hash" };
      using instance = instanceOf(cpu, prepared, () => plan, maps);
      instance.bind("")();
      return { parts: instance.output(), refMs: Infinity };
    },
  };
}

function instanceOf(
  ctx: Context,
  prepared: Prepared,
  planner: Planner,
  mapTime: MapTime,
): Instance {
  using stack = new DisposableStack();
  const { input, feats } = upload(ctx, prepared, stack);
  let result = new Float32Array();
  const owned = stack.move();
  return {
    bind(variant) {
      const { plan, maps } = planner(variant, ctx, prepared);
      const { network, weights } = prepared;
      const model = owned.use(new Model(ctx, network, weights, { engine: here(ctx, plan) }));
      const known = variants(ctx.backend, "kernel_map").includes(maps);
      const scene = owned.use(new Scene(ctx, input, model.pool, known ? { maps } : {}));
      let outputs = model.forward(scene, [feats]);
      result = outputs[0]!.download() as Float32Array<ArrayBuffer>;
      return () => {
        if (mapTime === "built") scene.forget();
        outputs = model.forward(scene, [feats]);
      };
    },
    output: () => [{ name: "logits", values: result }],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** What a backend does not have runs in its default. */
export function here(ctx: Context, plan: EnginePlan): EnginePlan {
  const known = variants(ctx.backend, "sparse_conv");
  return new Map(
    [...plan].filter(([, { variant }]) => known.includes(variant))
      .map(([name, dataflow]) => [name, withKnownTile(ctx, dataflow)]),
  );
}

/** What was tuned on another device may name a tile that this one has not got. */
function withKnownTile(ctx: Context, dataflow: Dataflow): Dataflow {
  const { tile, pieces: _, ...settings } = dataflow.settings ?? {};
  if (tile === undefined) return dataflow;
  const variant = ctx.variant("sparse_conv", dataflow.variant);
  return convTiles(ctx, variant, "f32").includes(tile) ? dataflow : { ...dataflow, settings };
}

/** The plan of a profile for a scan: by its rule, or by timing its candidates. */
export function profilePlan(profile: Profile, ctx: Context, prepared: Prepared): EngineSettings {
  const { maps, conv } = profile;
  if (typeof conv === "object") {
    return { plan: tuneOn(ctx, prepared, maps, conv.candidates).plan, maps };
  }
  using stack = new DisposableStack();
  using scene = new Scene(ctx, upload(ctx, prepared, stack).input);
  if (conv === "tuned") {
    return { plan: TunedPlans.open(ctx).planFor(prepared.network, scene, "f32"), maps };
  }
  const plan = new Map(
    mappedConvs(prepared.network).map((layer) => [layer.name, conv(sizeOf(layer, scene))]),
  );
  return { plan, maps };
}

/** Times candidates on the scan of a workload; with `tiles`, the fastest in every tile too. */
export function tuneOn(
  ctx: Context,
  prepared: Prepared,
  maps: string,
  candidates: readonly Dataflow[],
  { dtype = "f32", tiles = false }: { dtype?: Feature; tiles?: boolean } = {},
): Tuned {
  using stack = new DisposableStack();
  const { input: scan, feats } = upload(ctx, prepared, stack, dtype);
  const known = variants(ctx.backend, "kernel_map").includes(maps);
  const scene = known ? { maps } : {};
  const input = { ...prepared, scan, feats: [feats], scene, options: { dtype }, tiles };
  return tune(ctx, input, candidates);
}

/** Bytes of weights and activations of the largest workload, for every engine. */
export const MEMORY_BYTES = 8e9;

/** The plan of the profile that a variant names. */
export const profilePlanner: Planner = (name, ctx, prepared) =>
  profilePlan(profileOf(name), ctx, prepared);

/** A workload on every profile. */
export function engineCase(workload: Workload): Case {
  return {
    op: "engine_run",
    tier: "full",
    onSector: true,
    params: { workload: workload.id },
    memoryBytes: MEMORY_BYTES,
    variants: () => PROFILES.map(({ name }) => name),
    prepare: (bench) => engineProblem(bench, workload, profilePlanner, "built"),
  };
}
