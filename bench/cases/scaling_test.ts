import { assertEquals } from "@std/assert";
import { Context, KernelMap } from "../../ffi/mod.ts";
import type { Case } from "../case.ts";
import { testSetting } from "../harness/fakes.ts";
import { runCases } from "../harness/run.ts";
import { LAYERS } from "../harness/scene.ts";
import { dataflowSettingsCases } from "./dataflow_settings.ts";
import { grownMap, grownVoxels, scalingCases, threadCase, threadCounts } from "./scaling.ts";

async function passes(cpu: Context, cases: readonly Case[]): Promise<void> {
  const setting = { ...testSetting(cpu), memoryBytes: 1e12 };
  for (const { row } of await runCases(cases, setting)) {
    assertEquals([row.id, row.skipped, row.verified], [row.id, null, true]);
  }
  assertEquals(cpu.liveTensors, 0);
}

Deno.test("threadCounts() gives powers of two up to the cores, and the cores", () => {
  assertEquals(threadCounts(1), [1]);
  assertEquals(threadCounts(2), [1, 2]);
  assertEquals(threadCounts(6), [1, 2, 4, 6]);
});

Deno.test("grownMap() is the map that the kernels build of grownVoxels()", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const { bench: { scene } } = testSetting(cpu);
  const frame = scene.rows(0);
  for (const voxels of [frame, Math.floor(frame * 0.4), Math.floor(frame * 2.6)]) {
    using coords = cpu.tensorFrom("i32", [voxels, 4], grownVoxels(scene, voxels));
    using built = KernelMap.build(coords, coords, LAYERS.subm3);
    const { map, pairs } = grownMap(scene, voxels);
    assertEquals(pairs, built.pairCount);
    assertEquals(map, built.map.download());
  }
});

Deno.test("scaling cases pass their check, below and above the size of the scan", async () => {
  using cpu = new Context("cpu", { threads: 2 });
  const frame = testSetting(cpu).bench.scene.rows(0);
  const sizes = [Math.floor(frame / 2), frame * 3 - 1];
  await passes(cpu, sizes.flatMap((voxels): Case[] => Object.values(scalingCases(voxels))));
});

Deno.test("a scaling case groups its points into exactly its voxels", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const { bench } = testSetting(cpu);
  const voxels = bench.scene.rows(0) + 100;
  using instance = scalingCases(voxels).voxelize.prepare(bench).create(cpu);
  instance.bind("ref")();
  const [count, coords] = instance.output();
  assertEquals(count!.values, BigInt64Array.of(BigInt(voxels)));
  assertEquals(coords!.values, grownVoxels(bench.scene, voxels));
});

Deno.test("thread cases pass their check on more threads than the bench has", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  await passes(cpu, [threadCase(1), threadCase(3)]);
});

Deno.test("every setting of a dataflow passes the check, and leaves the context as it was", async () => {
  using cpu = new Context("cpu", { threads: 2 });
  await passes(cpu, dataflowSettingsCases.slice(0, 1));
});
