import { assertEquals, assertStringIncludes } from "@std/assert";
import { timedRow } from "../harness/rows.ts";
import { Rows } from "../table.ts";
import { adaptiveGrouping } from "./adaptive_grouping.ts";
import { testContext } from "./fakes.ts";

const EQUAL = { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null };

/** The table of devices when plans of these were timed. */
function devicesOf(times: Readonly<Record<string, number>>) {
  const item = adaptiveGrouping.cases.find(({ op }) => op === "device_transfer")!;
  const rows = new Rows(
    Object.entries(times).map(([variant, ms]) => {
      const key = { ...item, backend: "cpu" as const, variant };
      return { item, row: timedRow(key, EQUAL, [ms], { flops: null, bytes: 1 }) };
    }),
  );
  const tables = adaptiveGrouping.build({ rows, roofline: null, context: testContext() });
  return tables.find(({ id }) => id === "thesis-4.1c")!;
}

Deno.test("adaptiveGrouping has a column for every device that was tuned, under those of the paper", () => {
  const { columns, rows } = devicesOf({ "cpu-a": 2, "cpu-b": 3 });
  assertEquals(columns.map(({ kind }) => kind), [
    ...["label", "published", "published", "measured", "measured"],
  ]);
  assertEquals(rows.map(({ on }) => on), ["RTX2080Ti", "GTX1080Ti", "this machine"]);
  assertEquals(rows[1], { on: "GTX1080Ti", "published-0": 14.95, "published-1": 14.01 });
  assertEquals(rows[2], { on: "this machine", "cpu-a": 2, "cpu-b": 3 });
});

Deno.test("adaptiveGrouping says what to do when no device was tuned", () => {
  const { columns, notes } = devicesOf({});
  assertEquals(columns.some(({ kind }) => kind === "measured"), false);
  assertStringIncludes(notes[1]!, "deno task bench tune");
});
