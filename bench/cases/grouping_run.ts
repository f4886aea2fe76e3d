/**
 * How offsets are grouped into products, over a whole network with its maps kept: TorchSparse's
 * strategies, and one that was searched on another workload.
 */
import type { Context } from "../../ffi/mod.ts";
import type { Bench, Case } from "../case.ts";
import { type Dataflow, type EnginePlan, samePlan } from "../../models/dataflow.ts";
import { Scene } from "../../models/scene.ts";
import { tunedNames, TunedPlans } from "../../models/tuned_store.ts";
import { GROUPED } from "../engines/profiles.ts";
import type { Workload } from "../workloads/workload.ts";
import { engineProblem, type Planner, prepareWorkload, tuneOn } from "./engine_run.ts";

/** More pairs than any offset has: every group is one padded batch. */
const ALWAYS = 2 ** 31;

/** Strategies without a search: one product an offset, mirrored offsets together, all together. */
const FIXED: Readonly<Record<string, Dataflow>> = {
  separate: { variant: "grouped", settings: { epsilon: 0, threshold: 0 } },
  symmetric: { variant: "grouped", settings: { epsilon: 0, threshold: ALWAYS } },
  together: { variant: "grouped", settings: { epsilon: 1, threshold: ALWAYS } },
};
const ADAPTIVE = "adaptive";

/** The strategies of the ablation. */
export const STRATEGIES = [...Object.keys(FIXED), ADAPTIVE];

const MAPS = "hash";
const MEMORY_BYTES = 6e9;

/** A workload under every strategy. */
export function strategyCase(workload: Workload): Case {
  const planner: Planner = (name, ctx, prepared) => {
    const fixed = FIXED[name];
    const plan = fixed === undefined
      ? tuneOn(ctx, prepared, MAPS, GROUPED).plan
      : samePlan(prepared.network, fixed);
    return { plan, maps: MAPS };
  };
  return {
    op: "grouping_run",
    tier: "full",
    onSector: true,
    params: { workload: workload.id },
    memoryBytes: MEMORY_BYTES,
    variants: () => STRATEGIES,
    prepare: (bench) => engineProblem(bench, workload, planner, "kept"),
  };
}

/** A workload under the strategies that were searched on each of some workloads. */
export function transferCase(workload: Workload, searched: readonly Workload[]): Case {
  return {
    op: "grouping_transfer",
    tier: "full",
    onSector: true,
    params: { workload: workload.id, others: searched.map(({ id }) => id).join("+") },
    memoryBytes: MEMORY_BYTES,
    variants: () => searched.map(({ id }) => id),
    prepare: (bench) => {
      const plans = new Map<string, EnginePlan>();
      const planner: Planner = (name, ctx) => {
        let plan = plans.get(name);
        if (plan === undefined) plans.set(name, plan = searchedPlan(bench, ctx, name, searched));
        return { plan, maps: MAPS };
      };
      return engineProblem(bench, workload, planner, "kept");
    },
  };
}

/** A workload under what `deno task bench tune` has found on each device whose file is here. */
export function deviceCase(workload: Workload): Case {
  const planner: Planner = (name, ctx, prepared) => {
    const { coords, network } = prepared;
    using on = ctx.tensorFrom("i32", [coords.length / 4, 4], coords);
    using scene = new Scene(ctx, { coords: on });
    return { plan: TunedPlans.named(name).planFor(network, scene, "f32"), maps: MAPS };
  };
  return {
    op: "device_transfer",
    tier: "full",
    onSector: true,
    params: { workload: workload.id },
    memoryBytes: MEMORY_BYTES,
    variants: tunedNames,
    prepare: (bench) => engineProblem(bench, workload, planner, "kept"),
  };
}

/** Layers of the networks that a plan moves between have the same names. */
function searchedPlan(
  bench: Bench,
  ctx: Context,
  name: string,
  searched: readonly Workload[],
): EnginePlan {
  const from = searched.find(({ id }) => id === name)!;
  return tuneOn(ctx, prepareWorkload(bench, from), MAPS, GROUPED).plan;
}
