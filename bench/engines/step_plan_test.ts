import { assert, assertEquals, assertThrows } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { groupsOf, mappedConvs } from "../../models/dataflow.ts";
import { Scene } from "../../models/scene.ts";
import { TrainingLayers } from "../../models/training_layers.ts";
import { groupKey, TunedPlans } from "../../models/tuned_store.ts";
import { InputError } from "../../std/errors.ts";
import { testSetting } from "../harness/fakes.ts";
import { GROUND } from "../workloads/fakes.ts";
import { stepPlanOf } from "./step_plan.ts";
import { trainingProfile } from "./training.ts";

/** Runs with the layers of a narrow network in f16, and a scene of a patch of ground. */
function withLayers(run: (layers: TrainingLayers, scene: Scene) => void): void {
  using cpu = new Context("cpu", { threads: 2 });
  const { scene: ground } = testSetting(cpu).bench;
  using coords = cpu.tensorFrom("i32", [ground.rows(0), 4], ground.level(0));
  using scene = new Scene(cpu, { coords });
  using layers = new TrainingLayers(cpu, GROUND.network(), "f16");
  run(layers, scene);
}

Deno.test("stepPlanOf() gives every direction what was found for it, and nothing else", () => {
  withLayers((layers, scene) => {
    const keys = groupsOf(mappedConvs(layers.network)).map((group) =>
      groupKey(group, scene, "f16")
    );
    const found = new TunedPlans({
      forward: { [keys[0]!]: { variant: "masked" } },
      dgrad: { [keys[0]!]: { variant: "fetch" }, [keys[1]!]: { variant: "gather" } },
      wgrad: { [keys[2]!]: { variant: "chunks", settings: { chunk: 2048 } } },
    });
    const plan = stepPlanOf({ conv: "tuned" }, layers, scene, () => found);
    const groups = groupsOf(mappedConvs(layers.network)).map(({ layers: [first] }) => first!.name);
    const first = (of: ReadonlyMap<string, { variant: string }>) =>
      groups.slice(0, 3).map((name) => of.get(name)?.variant);
    assertEquals(first(plan.forward), ["masked", undefined, undefined]);
    assertEquals(first(plan.dgrad), ["fetch", "gather", undefined]);
    assertEquals(first(plan.wgrad), [undefined, undefined, "chunks"]);
    const nothing = () => {
      throw new InputError("nothing tuned");
    };
    assertThrows(
      () => stepPlanOf({ conv: "tuned" }, layers, scene, nothing),
      InputError,
      "nothing",
    );
  });
});

Deno.test("stepPlanOf() times the candidates of an engine, and has none for gradients of weights", () => {
  withLayers((layers, scene) => {
    const profile = trainingProfile("torchsparse-pp");
    const { forward, dgrad, wgrad } = stepPlanOf(profile, layers, scene);
    const names = mappedConvs(layers.network).map(({ name }) => name).sort();
    assertEquals([...forward.keys()].sort(), names);
    assertEquals([...dgrad.keys()].sort(), names);
    for (const { variant } of dgrad.values()) {
      assert(variant !== "fetch", "it has no such gradient");
    }
    assertEquals(wgrad.size, 0);
  });
});
