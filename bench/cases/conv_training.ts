/**
 * What a training step spends on the submanifold convolutions of a network: the gradients of inputs
 * and weights, alone or after the forward pass. Maps and transposed maps are made before, as every
 * engine keeps those of the forward pass. Layers between the groups that share a map (pooling) are
 * left out: the gradient of the last layer of each group is seeded.
 */
import type { Context } from "../../ffi/mod.ts";
import {
  type Dataflow,
  groupsOf,
  mappedConvs,
  samePlan,
  type StepPlan,
} from "../../models/dataflow.ts";
import { Scene } from "../../models/scene.ts";
import { TrainingLayers } from "../../models/training_layers.ts";
import type { Bench, Case, Expected, Instance, Problem } from "../case.ts";
import { type Profile, profileOf, PROFILES } from "../engines/profiles.ts";
import { stepPlanOf } from "../engines/step_plan.ts";
import { trainingOf } from "../engines/training.ts";
import type { Tolerance } from "../harness/check.ts";
import type { NetworkInput, Workload } from "../workloads/workload.ts";
import { ConvGroup } from "./conv_group.ts";
import { here, MEMORY_BYTES, type Prepared, prepareWorkload } from "./engine_run.ts";

/** What is timed. */
export type TrainingStep = "backward" | "forward and backward";

/** Where to take the plan of a variant from. */
export type StepPlanner = (variant: string, ctx: Context, prepared: Prepared) => StepPlan;

/** The dataflow whose gradients all others are held against. */
const CHECK: Dataflow = { variant: "gather" };

/** A gradient passes through the layers of its group, each of which keeps the size of its values. */
const tolerance = (layers: number): Tolerance => ({ abs: 0, scale: 1e-5 * layers, rel: 1e-5 });

/** A step of the convolutions of `workload` under the plans of `planner`. */
export function trainingProblem(
  bench: Bench,
  workload: NetworkInput,
  planner: StepPlanner,
  step: TrainingStep,
): Problem {
  const prepared = prepareWorkload(bench, workload);
  const { coords, network } = prepared;
  const groups = groupsOf(mappedConvs(network));
  const pairs = pairsOf(bench.cpu, prepared);
  const products = groups.flatMap(({ name, layers }) =>
    layers.map((layer) => pairs.get(name)! * layer.from.channels * layer.to.channels)
  );
  const macs = products.reduce((sum, each) => sum + each, 0);
  // The first layer of a network has nobody to give its input's gradient to.
  const steps = macs * (step === "backward" ? 2 : 3) - (groups.length > 1 ? products[0]! : 0);
  return {
    params: { voxels: coords.length / 4, gmac: Number((steps / 1e9).toFixed(2)) },
    flops: 2 * steps,
    bytes: 4 * coords.length,
    // Layers push each other's values out of the cache.
    copies: 1,
    tolerance: () => tolerance(Math.max(...groups.map(({ layers }) => layers.length))),
    create: (ctx) => instanceOf(ctx, prepared, planner, step),
    expected: (cpu) => expected(cpu, prepared, step),
  };
}

/** Pairs of every group of layers. */
function pairsOf(cpu: Context, prepared: Prepared): Map<string, number> {
  using on = new SceneOn(cpu, prepared);
  return new Map(
    groupsOf(mappedConvs(prepared.network)).map(({ name, layers: [first] }) => [
      name,
      on.scene.pairCount(first!.map!),
    ]),
  );
}

/** The voxels of a workload on a device. */
class SceneOn implements Disposable {
  readonly scene: Scene;
  readonly #own = new DisposableStack();

  constructor(ctx: Context, { coords }: Prepared) {
    const input = this.#own.use(ctx.tensorFrom("i32", [coords.length / 4, 4], coords));
    this.scene = this.#own.use(new Scene(ctx, { coords: input }));
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }
}

/** The groups of a network on a device, from its input on. */
class Step implements Disposable {
  readonly groups: readonly ConvGroup[];
  readonly #own = new DisposableStack();

  constructor(ctx: Context, prepared: Prepared) {
    const { scene } = this.#own.use(new SceneOn(ctx, prepared));
    const groups = groupsOf(mappedConvs(prepared.network));
    this.groups = groups.map(({ layers }, i) =>
      this.#own.use(new ConvGroup(ctx, scene, layers, groups.length === 1 || i > 0))
    );
  }

  run(step: TrainingStep, plan: StepPlan): void {
    if (step !== "backward") { for (const group of this.groups) group.forward(plan.forward); }
    for (const group of this.groups.toReversed()) group.backward(plan);
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }
}

function instanceOf(
  ctx: Context,
  prepared: Prepared,
  planner: StepPlanner,
  step: TrainingStep,
): Instance {
  const all = new Step(ctx, prepared);
  return {
    bind(variant) {
      const { forward, dgrad, wgrad } = planner(variant, ctx, prepared);
      const plan = { forward: here(ctx, forward), dgrad: here(ctx, dgrad), wgrad };
      return () => all.run(step, plan);
    },
    output: () => all.groups.flatMap((group) => group.output()),
    [Symbol.dispose]: () => all[Symbol.dispose](),
  };
}

function expected(cpu: Context, prepared: Prepared, step: TrainingStep): Expected {
  using all = new Step(cpu, prepared);
  const plan = samePlan(prepared.network, CHECK);
  all.run(step, { forward: plan, dgrad: plan, wgrad: new Map() });
  return { parts: all.groups.flatMap((group) => group.expected()), refMs: Infinity };
}

/** The plan of a profile for the convolutions of a scan, in f32. */
export function trainingPlan(profile: Profile, ctx: Context, prepared: Prepared): StepPlan {
  using on = new SceneOn(ctx, prepared);
  using layers = new TrainingLayers(ctx, prepared.network, "f32");
  return stepPlanOf({ conv: trainingOf(profile) }, layers, on.scene);
}

const planner: StepPlanner = (name, ctx, prepared) => trainingPlan(profileOf(name), ctx, prepared);

/** The gradients of a workload on every profile. */
export function engineBackwardCase(workload: Workload): Case {
  return {
    op: "engine_backward",
    tier: "full",
    onSector: true,
    params: { workload: workload.id },
    ...(workload.notQuick !== undefined && { notQuick: workload.notQuick }),
    memoryBytes: MEMORY_BYTES,
    variants: () => PROFILES.map(({ name }) => name),
    prepare: (bench) => trainingProblem(bench, workload, planner, "backward"),
  };
}
