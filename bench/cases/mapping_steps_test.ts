import { assertEquals } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { Scene } from "../../models/scene.ts";
import { mappedConvs } from "../../models/dataflow.ts";
import { mapName } from "../../models/value.ts";
import { testSetting } from "../harness/fakes.ts";
import { runCases } from "../harness/run.ts";
import { GROUND } from "../workloads/fakes.ts";
import { mappingCase, mapWays } from "./mapping_steps.ts";

Deno.test("every way makes the same maps", async () => {
  using cpu = new Context("cpu", { threads: 2 });
  const setting = testSetting(cpu);
  const outcomes = await runCases([mappingCase(GROUND)], { ...setting, memoryBytes: 2 ** 40 });
  assertEquals(outcomes.map(({ row }) => [row.variant, row.verified]), [
    ...mapWays("cpu").map((name) => [name, true]),
  ]);
  assertEquals(outcomes.length, 5);
  assertEquals(cpu.liveTensors, 0);
});

Deno.test("the maps are those that the network's layers read", () => {
  using cpu = new Context("cpu", { threads: 2 });
  const { bench } = testSetting(cpu);
  using instance = mappingCase(GROUND).prepare(bench).create(cpu);
  instance.bind("sorted-mirrored")();
  const found = new Map(instance.output().map(({ name, values }) => [name, values]));
  using coords = cpu.tensorFrom("i32", [bench.scene.rows(0), 4], bench.scene.level(0));
  using scene = new Scene(cpu, { coords });
  const keys = mappedConvs(GROUND.network()).map(({ map }) => map!);
  for (const key of keys.filter(({ transposed }) => !transposed)) {
    assertEquals(found.get(`map ${mapName(key)}`), scene.map(key).download());
    if (key.from === key.to) continue;
    assertEquals(found.get(`outputs of ${mapName(key)}`), scene.coords(key.to).download());
  }
});
