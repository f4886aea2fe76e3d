/**
 * Chooses dataflows by timing them, as TorchSparse++'s tuner does: layers that share a kernel map
 * are one group, and what a dataflow needs beside the map (pairs, sorted rows) counts as its time.
 */
import type { Context, Feature, Tensor } from "../../ffi/mod.ts";
import type { Scene, SceneInput } from "../../models/scene.ts";
import { Engine, type EngineSpec, mappedConvs } from "./engine.ts";
import { type Dataflow, dataflowName, groupsOf, type Plan } from "./plan.ts";

/** Passes that are timed for every candidate; the fastest counts. */
const SAMPLES = 2;

/** What was found. */
export interface Tuned {
  readonly plan: Plan;
  /** By group, fastest first. */
  readonly groups: readonly {
    readonly name: string;
    readonly layers: number;
    readonly trials: readonly { readonly dataflow: Dataflow; readonly ms: number }[];
  }[];
}

/**
 * Times every candidate on every group. One pass per candidate times all groups at once: each layer
 * is timed by itself, so what the others do does not matter.
 */
export function tune(
  ctx: Context,
  spec: Omit<EngineSpec, "plan">,
  input: SceneInput,
  inputs: readonly Tensor<Feature>[],
  candidates: readonly Dataflow[],
): Tuned {
  const convs = mappedConvs(spec.network);
  const planOf = (dataflow: Dataflow): Plan => new Map(convs.map(({ name }) => [name, dataflow]));
  const times = new Map<Dataflow, Map<string, number>>();
  // Weights are loaded once a variant, whatever its settings.
  for (const sameVariant of Map.groupBy(candidates, ({ variant }) => variant).values()) {
    using engine = new Engine(ctx, { ...spec, plan: planOf(sameVariant[0]!) });
    using scene = engine.scene(input);
    for (const dataflow of sameVariant) {
      engine.settings = planOf(dataflow);
      times.set(dataflow, layerTimes(ctx, engine, scene, inputs));
    }
  }
  const groups = groupsOf(convs).map(({ name, layers }) => ({
    name,
    layers,
    trials: candidates.map((dataflow) => ({
      dataflow,
      ms: layers.reduce((sum, layer) => sum + times.get(dataflow)!.get(layer.name)!, 0),
    })).sort((a, b) => a.ms - b.ms),
  }));
  const plan = new Map(
    groups.flatMap(({ layers, trials }) =>
      layers.map((layer) => [layer.name, trials[0]!.dataflow] as const)
    ),
  );
  return {
    plan,
    groups: groups.map(({ layers, ...rest }) => ({ ...rest, layers: layers.length })),
  };
}

/** Milliseconds of every layer: the best of some passes after one that warms up. */
function layerTimes(
  ctx: Context,
  engine: Engine,
  scene: Scene,
  inputs: readonly Tensor<Feature>[],
): Map<string, number> {
  const best = new Map<string, number>();
  for (let pass = 0; pass <= SAMPLES; pass++) {
    scene.forget();
    // Maps are the same for all candidates: they are made before the layers that are timed.
    for (const { map } of mappedConvs(engine.model.network)) scene.map(map!);
    engine.forward(scene, inputs, ({ name }, run) => {
      const ms = ctx.time(run);
      if (pass > 0) best.set(name, Math.min(ms, best.get(name) ?? Infinity));
    });
  }
  return best;
}

/** The groups and what was chosen for each, one line a group. */
export function tunedText({ groups }: Tuned): string {
  return groups.map(({ name, layers, trials: [best, second] }) => {
    const next = second === undefined
      ? ""
      : `, then ${dataflowName(second.dataflow)} ${second.ms.toFixed(2)} ms`;
    return `${name} (${layers}): ${dataflowName(best!.dataflow)} ${best!.ms.toFixed(2)} ms${next}`;
  }).join("\n");
}
