import { assertEquals, assertThrows } from "@std/assert";
import { variants } from "../ffi/mod.ts";
import { benchResultSchema } from "../reports/schema.ts";
import { type Case, caseName } from "./case.ts";
import { fakeCase } from "./harness/fakes.ts";
import { skippedRow, timedRow } from "./harness/rows.ts";
import { casesNamed, Rows, whyMissing } from "./table.ts";
import { testContext } from "./tables/fakes.ts";
import { TABLES } from "./tables.ts";

const EQUAL = { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null };
const item = fakeCase({ ref: () => 1 });
const timed = (variant: string, ms: number, of: Case = item) => ({
  item: of,
  row: timedRow({ ...of, backend: "cpu" as const, variant }, EQUAL, [ms], { flops: 1, bytes: 1 }),
});
const skipped = (variant: string, of: Case = item) => ({
  item: of,
  row: skippedRow({ ...of, backend: "cpu" as const, variant }, "too slow"),
});

Deno.test("Rows finds the rows of a case by itself and by its name, in the order they ran", () => {
  const half = { ...item, dtype: "bf16" as const };
  const rows = new Rows([timed("b", 2), skipped("ref"), timed("a", 1), timed("b", 9, half)]);
  assertEquals(rows.all("fake/n=1").map(({ variant }) => variant), ["b", "ref", "a"]);
  assertEquals(rows.one(item)?.variant, "b");
  assertEquals(rows.one(item, "a")?.medianMs, 1);
  assertEquals(rows.fastest(item)?.variant, "a");
  assertEquals(rows.one(half)?.medianMs, 9);
  assertEquals(rows.one("other"), undefined);
});

Deno.test("whyMissing() tells why there is no time", () => {
  assertEquals(whyMissing(undefined), "not run");
  assertEquals(whyMissing(skipped("ref").row), "too slow");
});

Deno.test("casesNamed() refuses a name that no case has", () => {
  assertEquals(casesNamed([item], ["fake/n=1"]), [item]);
  assertThrows(() => casesNamed([item], ["fake/n=2"]), RangeError, "no case is called fake/n=2");
});

const names = (each: Case) => each.variants?.("cpu") ?? variants("cpu", each.op);

Deno.test("every table is one that the schema knows, whatever was timed and whatever was not", () => {
  for (const [id, { cases, build }] of Object.entries(TABLES)) {
    assertEquals([id, new Set(cases.map((each) => caseName(each))).size], [id, cases.length]);
    const all = cases.flatMap((each) => names(each).map((variant) => [each, variant] as const));
    const outcomesOf = [
      [],
      cases.flatMap((each) => names(each).slice(0, 1).map((variant) => timed(variant, 1, each))),
      all.map(([each, variant]) => timed(variant, 1, each)),
      all.map(([each, variant]) => skipped(variant, each)),
    ];
    for (const outcomes of outcomesOf) {
      const roofline = { fmaGflops: 1, triadGbps: 1 };
      const tables = build({ rows: new Rows(outcomes), roofline, context: testContext() });
      const found = benchResultSchema.shape.tables.safeParse(tables);
      assertEquals([id, found.success, tables.length > 0], [id, true, true]);
    }
  }
});
