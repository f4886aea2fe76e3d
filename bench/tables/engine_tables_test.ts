import { assertEquals, assertMatch } from "@std/assert";
import { benchResultSchema, type BenchTable } from "../../reports/schema.ts";
import { type Case, caseName } from "../case.ts";
import { variantsOf } from "../harness/run.ts";
import { skippedRow, timedRow } from "../harness/rows.ts";
import { Rows, type TableSpec } from "../table.ts";
import { testContext } from "./fakes.ts";
import { flexgemmShells } from "./flexgemm_shells.ts";
import { spconvBenchmarkTable } from "./spconv_benchmark.ts";

const EQUAL = { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null };

/** The only table of a spec when each variant took 10 ms a place in its list. */
function tableOf(spec: TableSpec, skips: (item: Case) => boolean): BenchTable {
  const outcomes = spec.cases.flatMap((item) =>
    variantsOf(item, "cpu").map((variant, i) => {
      const params = { ...item.params, part: "whole", voxels: 192 };
      const key = { ...item, params, backend: "cpu" as const, variant };
      const row = skips(item)
        ? skippedRow(key, "needs 8.0 GB of memory")
        : timedRow(key, EQUAL, [10 * (i + 1)], { flops: null, bytes: 1 });
      return { item, row };
    })
  );
  const tables = spec.build({ rows: new Rows(outcomes), roofline: null, context: testContext() });
  // What a report would refuse fails here.
  const [table, ...others] = benchResultSchema.shape.tables.parse(tables);
  assertEquals(others, []);
  return table!;
}

Deno.test("spconvBenchmarkTable holds every published time, ours beside TF32, and a reason", () => {
  const large = (item: Case) => /large/.test(caseName(item));
  const { rows } = tableOf(spconvBenchmarkTable, large);
  assertEquals(rows.length, 8);
  const row = (name: string) => rows.find(({ pass }) => pass === name)!;
  const basic = row("basic, forward, maps inside, TF32");
  assertEquals([basic["A100"], basic["T4"], basic["4090"]], [12.35, null, 8.76]);
  assertEquals([basic["minkowski"], basic["spconv-1.2"]], [10, 20]);
  const half = row("basic, backward, maps before, F16");
  assertEquals([half["A100"], half["T4"], half["minkowski"]], [12.43, 25.51, undefined]);
  assertMatch(String(row("large, backward, maps before, TF32")["voxmark"]), /needs 8.0 GB/);
});

Deno.test("flexgemmShells holds every published speed, and ours against its own setting", () => {
  const wide = (item: Case) => item.params["side"] === 1024;
  const { rows } = tableOf(flexgemmShells, wide);
  assertEquals(rows.length, 24);
  const row = (name: string) => rows.find(({ shell }) => shell === name)!;
  const small = row("fp32, 8, 1024");
  assertEquals([small["fVDB"], small["WarpConvNet"], small["SpConv"]], [0.22, null, 0.64]);
  assertEquals([small["ms"], small["spconv"], small["voxmark"]], [10, 1 / 2, 1 / 5]);
  assertEquals([small["voxels"], small["part"]], [192, "whole"]);
  assertEquals(row("fp16, 8, 1024")["ms"], undefined);
  assertMatch(String(row("fp32, 1024, 64")["ms"]), /needs 8.0 GB/);
});
