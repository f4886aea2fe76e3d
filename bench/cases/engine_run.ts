/**
 * A whole network on the settings of an engine: its maps and all of its layers, nothing else. What
 * an engine tunes is tuned before the clock starts, on the same scan.
 */
import { type Context } from "../../ffi/mod.ts";
import { countMacs } from "../../models/count.ts";
import { Scene } from "../../models/scene.ts";
import { randomWeights, type Weights } from "../../models/weights.ts";
import type { Network } from "../../models/network.ts";
import type { Bench, Case, Instance, Problem } from "../case.ts";
import { Engine, mappedConvs } from "../engines/engine.ts";
import { type Plan, sizeOf } from "../engines/plan.ts";
import { type Profile, profileOf, PROFILES } from "../engines/profiles.ts";
import { tune } from "../engines/tune.ts";
import type { Tolerance } from "../harness/check.ts";
import { type Workload, workloadScan } from "../workloads/workload.ts";

/** The scan and the network of a workload, on the host. */
interface Prepared {
  readonly network: Network;
  readonly weights: Weights;
  /** [M, 4] and [M, C]. */
  readonly coords: Int32Array;
  readonly feats: Float32Array;
}

/** Where to take the plan of a variant from. */
export type Planner = (variant: string, ctx: Context, prepared: Prepared) => EnginePlan;

/** Settings of a network on an engine. */
export interface EnginePlan {
  readonly plan: Plan;
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

function prepare({ cpu, scene }: Bench, workload: Workload): Prepared {
  using scan = workloadScan(cpu, workload, scene);
  const network = workload.network();
  return {
    network,
    weights: randomWeights(network, 1),
    coords: scan.coords.download(),
    feats: scan.feats.download(),
  };
}

/** Puts the scan on a device. */
function upload(ctx: Context, { coords, feats }: Prepared, stack: DisposableStack) {
  const rows = coords.length / 4;
  return {
    input: { coords: stack.use(ctx.tensorFrom("i32", [rows, 4], coords)) },
    feats: stack.use(ctx.tensorFrom("f32", [rows, feats.length / rows], feats)),
  };
}

function problem(bench: Bench, workload: Workload, planner: Planner): Problem {
  const prepared = prepare(bench, workload);
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
    create: (ctx) => instanceOf(ctx, prepared, planner),
    expected: (cpu) => {
      using instance = instanceOf(
        cpu,
        prepared,
        () => ({ plan: checkPlan(network), maps: "hash" }),
      );
      instance.bind("")();
      return { parts: instance.output(), refMs: Infinity };
    },
  };
}

const checkPlan = (network: Network): Plan =>
  new Map(mappedConvs(network).map(({ name }) => [name, { variant: CHECK }]));

function instanceOf(ctx: Context, prepared: Prepared, planner: Planner): Instance {
  using stack = new DisposableStack();
  const { input, feats } = upload(ctx, prepared, stack);
  let result = new Float32Array();
  const owned = stack.move();
  return {
    bind(variant) {
      const { plan, maps } = planner(variant, ctx, prepared);
      const { network, weights } = prepared;
      const engine = owned.use(new Engine(ctx, { network, weights, plan, maps }));
      const scene = owned.use(engine.scene(input));
      let outputs = engine.forward(scene, [feats]);
      result = outputs[0]!.download() as Float32Array<ArrayBuffer>;
      return () => {
        scene.forget();
        outputs = engine.forward(scene, [feats]);
      };
    },
    output: () => [{ name: "logits", values: result }],
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** The plan of a profile for a scan: by its rule, or by timing its candidates. */
export function profilePlan(profile: Profile, ctx: Context, prepared: Prepared): EnginePlan {
  const { maps, conv } = profile;
  using stack = new DisposableStack();
  const { input, feats } = upload(ctx, prepared, stack);
  if (typeof conv === "function") {
    using scene = new Scene(ctx, input);
    const plan = new Map(
      mappedConvs(prepared.network).map((layer) => [layer.name, conv(sizeOf(layer, scene))]),
    );
    return { plan, maps };
  }
  return { plan: tune(ctx, { ...prepared, maps }, input, [feats], conv.candidates).plan, maps };
}

/** Bytes of weights and activations of the largest workload, for every engine. */
const MEMORY_BYTES = 8e9;

/** A workload on every profile. */
export function engineCase(workload: Workload): Case {
  return {
    op: "engine_run",
    tier: "full",
    params: { workload: workload.id },
    memoryBytes: MEMORY_BYTES,
    variants: () => PROFILES.map(({ name }) => name),
    prepare: (bench) =>
      problem(
        bench,
        workload,
        (name, ctx, prepared) => profilePlan(profileOf(name), ctx, prepared),
      ),
  };
}

export { type Prepared, problem as engineProblem };
