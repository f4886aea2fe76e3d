import { assertEquals, assertMatch } from "@std/assert";
import { timedRow } from "../harness/rows.ts";
import { Rows } from "../table.ts";
import { testContext } from "./fakes.ts";
import { cudaEngine } from "./cuda_engine.ts";

const EQUAL = { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null };

/** The table when every case takes `ms` in its default and `gather` times that with "gather". */
function tableOf(ms: number, gather: number, timed = true) {
  const outcomes = cudaEngine.cases.flatMap((item) =>
    (["implicit", "gather"] as const).map((variant) => ({
      item,
      row: timedRow(
        { ...item, backend: "cuda", variant },
        EQUAL,
        [variant === "gather" ? ms * gather : ms],
        { flops: 395e9 * ms, bytes: 3e9 * ms },
      ),
    }))
  );
  const rows = new Rows(timed ? outcomes : []);
  const roofline = { fmaGflops: 60_000, triadGbps: 4000 };
  return cudaEngine.build({ rows, roofline, context: testContext() })[0]!;
}

const cell = (table: ReturnType<typeof tableOf>, what: RegExp, key: string) =>
  table.rows.find((row) => what.test(String(row["what"])))?.[key];

Deno.test("cudaEngine holds times, shares of a roof and ratios against their goals", () => {
  const table = tableOf(0.2, 4);
  assertEquals(cell(table, /^all maps/, "here"), 0.2);
  assertEquals(cell(table, /^all maps/, "met"), "yes");
  assertEquals(cell(table, /fused, f32/, "met"), "no");
  // Of the fastest variant, which is named: 395 TFLOP/s of 790, 3000 GB/s of 4000.
  assertEquals(cell(table, /subm3-L2/, "here"), 50);
  assertEquals(cell(table, /of the triad/, "here"), 75);
  assertEquals(cell(table, /against separate/, "here"), 4);
  assertEquals(cell(table, /against separate/, "met"), "yes");
  assertEquals(cell(tableOf(0.2, 2), /against separate/, "met"), "no");
});

Deno.test("cudaEngine says what was not run, and claims nothing for it", () => {
  const table = tableOf(1, 1, false);
  for (const row of table.rows) assertEquals([row["here"], row["met"]], ["not run", null]);
  assertMatch(table.notes[0]!, /this run was on no GPU/);
});

Deno.test("cudaEngine tells the fastest variant from the default", () => {
  const table = tableOf(0.4, 0.5);
  const keys = ["here", "variant", "ms", "defaultMs"];
  assertEquals(keys.map((key) => cell(table, /^all maps/, key)), [0.2, "gather", 0.2, 0.4]);
});

Deno.test("cudaEngine takes every variant but the reference", () => {
  const known = ["implicit", "gather", "ref"];
  for (const item of cudaEngine.cases) {
    assertEquals(cudaEngine.variants?.(item, known), ["implicit", "gather"]);
  }
});
