import { assert, assertEquals, assertMatch } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { samePlan } from "../../models/dataflow.ts";
import { Scene } from "../../models/scene.ts";
import { TrainingLayers } from "../../models/training_layers.ts";
import { minkowskiGradient, TRAINING_PROFILES, trainingProfile } from "../engines/training.ts";
import { check, type Part } from "../harness/check.ts";
import { sumTolerance } from "../harness/dtype.ts";
import { testSetting } from "../harness/fakes.ts";
import { runCases } from "../harness/run.ts";
import { GROUND } from "../workloads/fakes.ts";
import { capturing, expectedParts } from "./training_check.ts";
import { batched, trainingCase } from "./training_step.ts";

const network = GROUND.network();
const LAYER = { kv: 27, cin: 64, cout: 64, inputs: 100_000, outputs: 90_000 };

Deno.test("a training step passes its check on every profile", async () => {
  using cpu = new Context("cpu", { threads: 2 });
  const setting = testSetting(cpu);
  const item = trainingCase(GROUND);
  const outcomes = await runCases([item], { ...setting, memoryBytes: 2 ** 40 });
  for (const { row } of outcomes) {
    if (row.variant === "tuned" && row.skipped !== null) {
      // Nothing was tuned on this machine.
      assertMatch(row.skipped, /deno task bench tune/);
      continue;
    }
    assertEquals([row.id, row.skipped, row.verified], [row.id, null, true]);
    assertEquals(row.params["voxels"], 2 * setting.bench.scene.rows(0));
  }
  assertEquals(outcomes.map(({ row }) => row.variant), TRAINING_PROFILES.map(({ name }) => name));
  assertEquals(cpu.liveTensors, 0);
});

Deno.test("the check of a step looks at every kernel of every convolution, and notices an error", () => {
  using cpu = new Context("cpu", { threads: 2 });
  const { scene: ground } = testSetting(cpu).bench;
  using coords = cpu.tensorFrom("i32", [ground.rows(0), 4], ground.level(0));
  using scene = new Scene(cpu, { coords });
  using layers = new TrainingLayers(cpu, network, "f32");
  const plan = samePlan(network, { variant: "gather" });
  const parts: Part[] = [];
  layers.run(scene, { forward: plan, dgrad: plan, wgrad: new Map() }, capturing(parts));
  const expected = expectedParts(cpu, network, scene);
  // Nobody needs the gradient of the network's input.
  assertEquals(parts.length, 3 * layers.convs.length - 1);
  const tolerance = sumTolerance("f32");
  assertEquals(check(parts, expected, tolerance).detail, null);
  for (const [i, part] of parts.entries()) {
    const values = Float32Array.from(part.values, Number);
    values[values.length - 1]! += 1;
    const wrong = check(parts.with(i, { ...part, values }), expected, tolerance);
    assertEquals([part.name, wrong.passed], [part.name, false]);
  }
});

Deno.test("batched() numbers the scans of a batch", () => {
  assertEquals([...batched(Int32Array.of(0, 1, 2, 3), 2)], [0, 1, 2, 3, 1, 1, 2, 3]);
});

Deno.test("the profiles train in their own types and dataflows", () => {
  assertEquals(trainingProfile("minkowski").dtype, "f32");
  assertEquals(trainingProfile("spconv-2").dtype, "f16");
  assertEquals(minkowskiGradient(LAYER), { variant: "gather" });
  assertEquals(minkowskiGradient({ ...LAYER, cin: 16 }), { variant: "fetch" });
  assertEquals(minkowskiGradient({ ...LAYER, inputs: 30_000 }), { variant: "fetch" });
  const { conv } = trainingProfile("torchsparse-pp");
  assert(typeof conv === "object");
  const fetching = conv.candidates.filter(({ forward }) => forward.variant === "fetch");
  assertEquals(fetching.map(({ dgrad }) => dgrad.variant), ["gather"]);
});
