import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { BenchCase, BenchResult } from "./schema.ts";
import { groupCases, rankTest, summarize } from "./speedup.ts";
import { readBench } from "./testdata/read.ts";

/** Ten times around `medianMs`, 1 % apart. */
function timed(variant: string, medianMs: number, n = 1): BenchCase {
  const samplesMs = Array.from({ length: 10 }, (_, i) => medianMs * (1 + (i - 4.5) / 100));
  const [p10Ms, p90Ms] = [medianMs * 0.96, medianMs * 1.04];
  const rest = { gflops: null, gbps: null, roofline: null, maxAbsErr: 0, maxRelErr: 0 };
  const id = `op/${variant}/n=${n}`;
  const names = { id, op: "op", params: { n }, backend: "cpu" as const, variant, dtype: "f32" };
  return { ...names, samplesMs, medianMs, p10Ms, p90Ms, ...rest, verified: true, skipped: null };
}

function resultOf(cases: BenchCase[], baselines?: Record<string, string>): BenchResult {
  const { baselines: _, ...result } = readBench();
  return { ...result, cases, ...(baselines === undefined ? {} : { baselines }) };
}

Deno.test("rankTest() sees a clear difference and no difference", () => {
  const low = [1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7];
  const high = low.map((time) => time + 2);
  assertEquals([rankTest(low, high), rankTest(high, low)], ["faster", "slower"]);
  assertEquals([rankTest(low, low), rankTest([1, 1, 1], [1, 1, 1])], ["same", "same"]);
});

Deno.test("rankTest() claims nothing from few samples", () => {
  const ones = (n: number) => Array.from({ length: n }, (_, i) => 1 + i / 100);
  const nines = (n: number) => ones(n).map((time) => time + 8);
  const verdicts = [0, 1, 3, 5, 6].map((n) => rankTest(ones(n), nines(n)));
  assertEquals(verdicts, ["same", "same", "same", "same", "faster"]);
});

Deno.test("groupCases() sorts by time and compares with ref", () => {
  const [group] = groupCases(resultOf([timed("slow", 8), timed("ref", 4), timed("fast", 2)]));
  assertEquals(group!.rows.map((row) => [row.case.variant, row.speedup, row.verdict]), [
    ["fast", 2, "faster"],
    ["ref", 1, "baseline"],
    ["slow", 0.5, "slower"],
  ]);
});

Deno.test("groupCases() takes the named baseline, and the first timed one where it is missing", () => {
  const cases = [timed("first", 8), timed("gather", 4)];
  const baselineOf = (result: BenchResult) => groupCases(result)[0]!.baseline?.variant;
  assertEquals(baselineOf(resultOf(cases, { op: "gather" })), "gather");
  assertEquals(baselineOf(resultOf(cases)), "first");
});

Deno.test("groupCases() never compares two dtypes", () => {
  const half = { ...timed("ref", 1), id: "half", dtype: "f16" };
  assertEquals(groupCases(resultOf([timed("ref", 4), half])).length, 2);
});

Deno.test("summarize() takes the geometric mean over rows and counts losses", () => {
  const cases = [timed("ref", 8), timed("fast", 2), timed("ref", 8, 2), timed("fast", 8 * 1.5, 2)];
  const [row, ...others] = summarize(groupCases(resultOf(cases)));
  assertEquals([others.length, row!.groups, row!.faster, row!.slower], [0, 2, 1, 1]);
  assertAlmostEquals(row!.geometricMean, Math.sqrt(4 / 1.5), 1e-12);
});
