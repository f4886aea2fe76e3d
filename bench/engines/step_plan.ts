/** The plan of a training step under a profile: by its rule, by timing its candidates, or as found. */
import type { Context } from "../../ffi/mod.ts";
import {
  type Dataflow,
  dataflowName,
  mappedConvs,
  sizeOf,
  type StepPlan,
} from "../../models/dataflow.ts";
import type { Scene } from "../../models/scene.ts";
import type { TrainingLayers } from "../../models/training_layers.ts";
import { tuneStep } from "../../models/tune_step.ts";
import { TunedPlans } from "../../models/tuned_store.ts";
import type { TrainingProfile } from "./training.ts";

/**
 * Plans the step of `layers` on a scan, which is never part of what is timed; forgets the scene.
 *
 * @param open reads what was found on the device
 * @throws {InputError} What was found is asked for, and nothing was on this device.
 */
export function stepPlanOf(
  { conv: choice }: Pick<TrainingProfile, "conv">,
  layers: TrainingLayers,
  scene: Scene,
  open: (ctx: Context) => TunedPlans = (ctx) => TunedPlans.open(ctx),
): StepPlan {
  const { network, dtype } = layers;
  if (choice === "tuned") return open(scene.ctx).stepFor(network, scene, dtype);
  if (typeof choice === "function") {
    const all = mappedConvs(network).map((conv) =>
      [conv.name, choice(sizeOf(conv, scene))] as const
    );
    return {
      forward: new Map(all.map(([name, { forward }]) => [name, forward])),
      dgrad: new Map(all.map(([name, { dgrad }]) => [name, dgrad])),
      wgrad: new Map(),
    };
  }
  const { candidates } = choice;
  return tuneStep(layers, scene, {
    forward: distinct(candidates.map(({ forward }) => forward)),
    dgrad: distinct(candidates.map(({ dgrad }) => dgrad)),
    wgrad: [],
  }).plan;
}

/** What has several forms in one direction may have one in the other. */
function distinct(dataflows: readonly Dataflow[]): Dataflow[] {
  return [...new Map(dataflows.map((each) => [dataflowName(each), each])).values()];
}
