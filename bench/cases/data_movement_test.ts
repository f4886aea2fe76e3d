import { assertEquals } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { mappedConvs } from "../../models/dataflow.ts";
import { mapName } from "../../models/value.ts";
import { testSetting } from "../harness/fakes.ts";
import { runCases } from "../harness/run.ts";
import { GROUND } from "../workloads/fakes.ts";
import { movementCase, MOVERS } from "./data_movement.ts";

Deno.test("all rows of a network are moved, and the same by every dataflow", async () => {
  using cpu = new Context("cpu", { threads: 2 });
  const setting = testSetting(cpu);
  for (const dtype of ["f32", "f16"] as const) {
    for (const moved of ["gather", "scatter"] as const) {
      const item = movementCase(GROUND, moved, dtype);
      const outcomes = await runCases([item], { ...setting, memoryBytes: 2 ** 40 });
      assertEquals(outcomes.map(({ row }) => [row.variant, row.verified]), [
        ...MOVERS.map((name) => [name, true]),
      ]);
    }
  }
  assertEquals(cpu.liveTensors, 0);
});

Deno.test("a movement compares each distinct layer once, with one channel on its other side", () => {
  using cpu = new Context("cpu", { threads: 2 });
  const { bench } = testSetting(cpu);
  const convs = mappedConvs(GROUND.network());
  for (const moved of ["gather", "scatter"] as const) {
    using instance = movementCase(GROUND, moved, "f32").prepare(bench).create(cpu);
    const widths = convs.map(({ map, from, to }) =>
      `${mapName(map!)} ${moved === "gather" ? from.channels : to.channels}`
    );
    assertEquals(instance.output().length, new Set(widths).size);
    const narrow = instance.output().every(({ values }) => values.length <= bench.scene.rows(0));
    assertEquals(narrow, moved === "gather");
  }
});
