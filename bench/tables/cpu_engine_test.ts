import { assertEquals, assertMatch } from "@std/assert";
import type { BenchContext } from "../../reports/schema.ts";
import { type Case, caseName } from "../case.ts";
import { timedRow } from "../harness/rows.ts";
import { Rows } from "../table.ts";
import { testContext } from "./fakes.ts";
import { cpuEngine } from "./cpu_engine.ts";

const ROOF = { fmaGflops: 400, triadGbps: 40 };
const EQUAL = { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null };

/** The table when every case took `ms` and did `flops`, in all variants of `variants`. */
function tableOf(
  ms: number,
  flops: number,
  context: BenchContext,
  wanted: (item: Case) => boolean = () => true,
) {
  const outcomes = cpuEngine.cases.filter(wanted).flatMap((item) =>
    ["first", "prefix_sum"].map((variant, i) => ({
      item,
      row: timedRow({ ...item, backend: "cpu", variant }, EQUAL, [ms * (1 + i)], {
        flops,
        bytes: 4e6 * ms,
      }),
    }))
  );
  const [table] = cpuEngine.build({ rows: new Rows(outcomes), roofline: ROOF, context });
  return table!;
}

const cell = (table: ReturnType<typeof tableOf>, what: string, key: string) =>
  table.rows.find((row) => row["what"] === what)?.[key];

Deno.test("cpuEngine has a measured value, its share of the roof and a verdict in every row", () => {
  const table = tableOf(10, 1e9, testContext());
  assertEquals(table.rows.length, cpuEngine.cases.length);
  assertEquals(cell(table, "subm3-L0 32 to 32", "here"), 100);
  assertEquals(cell(table, "subm3-L0 32 to 32", "met"), "no");
  assertEquals(cell(table, "subm3-L0 4 to 32", "met"), "yes");
  assertEquals(cell(table, "subm3-L0 32 to 32", "peak"), 25);
  assertEquals(cell(table, "subm3-L0 32 to 32", "triad"), 10);
  assertEquals(cell(table, "all maps of MinkUNet", "here"), 10);
  assertEquals(cell(table, "all maps of MinkUNet", "met"), "yes");
  assertEquals(cell(table, "submanifold map L0", "met"), "no");
  assertEquals(cell(table, "BEV against prefix sum", "here"), 2);
  assertEquals(cell(table, "SPVCNN cr 1.0", "torchsparse"), 8577);
});

Deno.test("cpuEngine says what was not run, and claims nothing for it", () => {
  const only = (item: Case) => caseName(item) === "kernel_map/layer=subm3-L0";
  const table = tableOf(1, 1e9, testContext(), only);
  assertEquals(cell(table, "all maps of MinkUNet", "here"), "not run");
  assertEquals(cell(table, "all maps of MinkUNet", "met"), null);
  assertEquals(cell(table, "BEV against prefix sum", "here"), "not run");
  assertEquals(cell(table, "submanifold map L0", "met"), "yes");
});

Deno.test("cpuEngine tells whether the run is on the scan of the published columns", () => {
  const [other] = tableOf(1, 1e9, testContext()).notes;
  assertMatch(other!, /^This run is on another scan \(synthetic [^)]*\)/);
  const data = { name: "semantickitti", more: { scan: "00/000000" } };
  const [same] = tableOf(1, 1e9, testContext(data)).notes;
  assertEquals(same, "This run is on the scan that the published columns hold for.");
});

Deno.test("cpuEngine times one dataflow of a network, and no reference", () => {
  const known = ["implicit", "gather", "ref"];
  for (const item of cpuEngine.cases) {
    const wanted = item.op.endsWith("_convs") ? ["implicit"] : ["implicit", "gather"];
    assertEquals([item.op, cpuEngine.variants?.(item, known)], [item.op, wanted]);
  }
});
