import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { caseState, parseBenchResult, parseEvalResult, toJsonNumber } from "./schema.ts";
import { readBench, readEval, readText } from "./testdata/read.ts";

/** The error of reading the sample run after a change to its text. */
function errorAfter(change: (text: string) => string): string {
  const text = change(readText("bench_tour.json"));
  const error = assertThrows(() => parseBenchResult(text, "run.json"), InputError);
  assertEquals(error.message.includes("\n"), false);
  return error.message;
}

Deno.test("parseBenchResult() and parseEvalResult() read back what was written", () => {
  const bench = readBench();
  assertEquals(parseBenchResult(JSON.stringify(bench), "again"), bench);
  const scores = readEval();
  assertEquals(parseEvalResult(JSON.stringify(scores), "again"), scores);
});

Deno.test("parseBenchResult() names the file and the place of a wrong value", () => {
  const message = errorAfter((text) => text.replace('"points": 480000', '"points": "many"'));
  assertStringIncludes(message, '"run.json"');
  assertStringIncludes(message, "context.data.points");
});

Deno.test("parseBenchResult() names a field that it does not know", () => {
  const message = errorAfter((text) => text.replace('"threads": 2', '"threads": 2, "thread": 2'));
  assertStringIncludes(message, '"thread"');
});

Deno.test("parseBenchResult() refuses another version, text that is no JSON, and an empty file", () => {
  const version = errorAfter((text) => text.replace('"schemaVersion": 1', '"schemaVersion": 2'));
  assertStringIncludes(version, "schemaVersion");
  assertStringIncludes(errorAfter(() => "{"), "not JSON");
  assertStringIncludes(errorAfter(() => ""), "not JSON");
});

Deno.test("parseBenchResult() wants samples or a reason, not both and not neither", () => {
  const bench = readBench();
  const first = bench.cases[0]!;
  const skipped = bench.cases.find((value) => value.skipped !== null)!;
  const messageOf = (value: typeof first) => {
    const text = JSON.stringify({ ...bench, cases: [value] });
    return assertThrows(() => parseBenchResult(text, "run.json"), InputError).message;
  };
  assertStringIncludes(messageOf({ ...first, skipped: "why" }), "samples beside a reason");
  assertStringIncludes(messageOf({ ...skipped, skipped: null }), "no samples and no reason");
  assertStringIncludes(messageOf({ ...first, p90Ms: null }), "needs median, p10 and p90");
});

Deno.test("parseBenchResult() refuses a case id that stands twice and a cell without a column", () => {
  const bench = readBench();
  const twice = { ...bench, cases: [bench.cases[0], bench.cases[0]] };
  const message = (value: unknown) =>
    assertThrows(() => parseBenchResult(JSON.stringify(value), "run.json"), InputError).message;
  assertStringIncludes(message(twice), "cases[1].id");
  const table = { ...bench.tables[0], rows: [{ stray: 1 }] };
  assertStringIncludes(message({ ...bench, tables: [table] }), "tables[0].rows[0].stray");
});

Deno.test("parseEvalResult() takes NaN as a word and no other text as a number", () => {
  assertEquals(readEval().metrics["iou_bicycle"], "NaN");
  const text = readText("eval_semantickitti.json").replace('"NaN"', '"none"');
  const error = assertThrows(() => parseEvalResult(text, "score.json"), InputError);
  assertStringIncludes(error.message, "metrics.iou_bicycle");
});

Deno.test("caseState() tells timed, unchecked, failed and skipped apart", () => {
  const states = readBench().cases.map(caseState);
  assertEquals([...new Set(states)].sort(), ["failed", "skipped", "timed", "unchecked"]);
});

Deno.test("toJsonNumber() survives a round trip through JSON", () => {
  const shown = [NaN, Infinity, -Infinity, 0.5].map(toJsonNumber);
  assertEquals(JSON.stringify(shown), '["NaN","Infinity","-Infinity",0.5]');
});
