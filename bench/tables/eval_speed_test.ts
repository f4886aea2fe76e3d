import { assertEquals } from "@std/assert";
import type { ProcessTime } from "../harness/process.ts";
import { Rows } from "../table.ts";
import { evalSpeed } from "./eval_speed.ts";
import { testContext } from "./fakes.ts";

const run = (processes: readonly ProcessTime[]) =>
  evalSpeed.build({ rows: new Rows([]), roofline: null, context: testContext(), processes })[0]!;
const row = (processes: readonly ProcessTime[]) =>
  run(processes).rows.find(({ id }) => id === "kitti-object")!;

const TIME: ProcessTime = {
  id: "kitti-object",
  size: 3769,
  unit: "frames",
  work: { count: 60_000, unit: "boxes" },
  samplesSeconds: [1.5, 1.2, 3],
  peakMiB: 100,
};

Deno.test("eval-speed shows median, best, rate and goal beside the official time", () => {
  const { official, goal, here, best, met, rate, peak } = row([TIME]);
  assertEquals([official, goal, here, best], [42.666, 2, 1.5, 1.2]);
  assertEquals([met, rate, peak], ["yes", "40.0 k boxes/s", 100]);
});

Deno.test("eval-speed compares nothing at another size, and says what was not run", () => {
  const { official, goal, met, here } = row([{ ...TIME, size: 76 }]);
  assertEquals([official, goal, met, here], [null, null, null, 1.5]);
  assertEquals(row([])["here"], "not run");
});
