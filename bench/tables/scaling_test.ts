import { assertAlmostEquals, assertEquals, assertMatch } from "@std/assert";
import type { Case } from "../case.ts";
import { timedRow } from "../harness/rows.ts";
import { Rows } from "../table.ts";
import { dataflows } from "./dataflows.ts";
import { testContext } from "./fakes.ts";
import { growth, scaling } from "./scaling.ts";

const EQUAL = { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null };

const timed = (item: Case, variant: string, ms: number) => ({
  item,
  row: timedRow({ ...item, backend: "cpu", variant }, EQUAL, [ms], { flops: null, bytes: 1 }),
});

Deno.test("growth() is the exponent, and null where there is no line", () => {
  assertAlmostEquals(growth([[1e5, 1], [1e6, 10], [1e7, 100]])!, 1);
  assertAlmostEquals(growth([[10, 5], [20, 20], [40, 80]])!, 2);
  assertEquals([growth([]), growth([[1, 1]]), growth([[1, 1], [1, 2]])], [null, null, null]);
});

Deno.test("scaling gives nanoseconds a voxel and the efficiency of threads", () => {
  // A linear cost of 50 ns a voxel, and threads that do not help.
  const rows = new Rows(scaling.cases.map((item) => {
    const { voxels } = item.params;
    return timed(item, "first", typeof voxels === "number" ? voxels * 50e-6 : 8);
  }));
  const [sizes, threads] = scaling.build({ rows, roofline: null, context: testContext() });
  for (const row of sizes!.rows) assertAlmostEquals(Number(row["map"]), 50);
  assertMatch(sizes!.notes[1]!, /voxelize 1\.00, submanifold map 1\.00, /);
  assertEquals(threads!.rows[0], { threads: 1, ms: 8, speedup: 1, efficiency: 100 });
  const last = threads!.rows.at(-1)!;
  assertEquals(last["efficiency"], Number((100 / Number(last["threads"])).toFixed(1)));
});

Deno.test("dataflows names the fastest setting of each layer", () => {
  const [item] = dataflows.cases;
  const rows = new Rows([timed(item!, "implicit", 2), timed(item!, "masked-3", 1)]);
  const [table] = dataflows.build({ rows, roofline: null, context: testContext() });
  const cell = (setting: string) =>
    table!.rows.find((row) => row["setting"] === setting)?.["layer0"];
  assertEquals([cell("masked-3"), cell("gather")], [1, "not run"]);
  assertEquals(table!.notes[1], "Fastest on L0 32 channels: masked-3.");
});
