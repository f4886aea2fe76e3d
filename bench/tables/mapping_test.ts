import { assertEquals } from "@std/assert";
import { timedRow } from "../harness/rows.ts";
import { Rows } from "../table.ts";
import { testContext } from "./fakes.ts";
import { mapping } from "./mapping.ts";

const EQUAL = { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null };

function tableOf(times: Readonly<Record<string, number>>) {
  const [item] = mapping.cases;
  const rows = new Rows(
    Object.entries(times).map(([variant, ms]) => {
      const key = { ...item!, backend: "cpu" as const, variant };
      return { item: item!, row: timedRow(key, EQUAL, [ms], { flops: null, bytes: 1 }) };
    }),
  );
  return mapping.build({ rows, roofline: null, context: testContext() })[0]!;
}

Deno.test("mapping compares each step with the search that it starts from, and with the first", () => {
  const times = { "hash": 12, "hash-mirrored": 6, "sorted": 4, "sorted-mirrored": 2 };
  const { rows } = tableOf(times);
  const row = (step: string) => rows.find((each) => each["step"] === step)!;
  assertEquals(row("hash table, every offset"), {
    ...{ step: "hash table, every offset", published: null, factor: null, ms: 12, total: 1 },
  });
  const symmetry = row("symmetry, hash table");
  assertEquals([symmetry["published"], symmetry["factor"], symmetry["total"]], [1.1, 2, 2]);
  const sorted = row("symmetry, sorted walks");
  assertEquals([sorted["published"], sorted["factor"], sorted["total"]], [null, 2, 6]);
  const grid = row("grid for the hash table");
  assertEquals([grid["published"], grid["factor"], grid["ms"]], [1.6, null, "not run"]);
  const fused = row("output coordinates in one kernel");
  assertEquals([fused["published"], fused["ms"]], [1.5, "not a setting here"]);
});
