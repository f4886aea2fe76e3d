import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { compareRuns, comparisonPage, geometricMean } from "./compare.ts";
import { type BenchCase, type BenchResult, parseBenchResult } from "./schema.ts";

const TOUR = parseBenchResult(
  Deno.readTextFileSync(new URL("./testdata/bench_tour.json", import.meta.url)),
  "bench_tour.json",
);

/** A run whose cases took these samples. */
function run(samples: Readonly<Record<string, readonly number[] | string>>): BenchResult {
  const base = TOUR.cases.find(({ skipped }) => skipped === null)!;
  const cases = Object.entries(samples).map(([id, values]): BenchCase => {
    if (typeof values === "string") {
      const empty = { samplesMs: [], medianMs: null, p10Ms: null, p90Ms: null };
      return { ...base, id, ...empty, skipped: values };
    }
    const medianMs = values.toSorted((a, b) => a - b)[values.length >> 1]!;
    return { ...base, id, samplesMs: [...values], medianMs, p10Ms: medianMs, p90Ms: medianMs };
  });
  return { ...TOUR, context: { ...TOUR.context, noise: { noisy: false } }, cases };
}

const around = (ms: number) => Array.from({ length: 12 }, (_, i) => ms * (1 + i / 1000));

Deno.test("compareRuns(): a slower case is a regression only past the threshold", () => {
  const before = run({ a: around(10), b: around(10), c: around(10) });
  const after = run({ a: around(12), b: around(10.4), c: around(5) });
  const { rows, regressions, geometricMean: mean } = compareRuns(before, after, 0.05);
  assertEquals(rows.map(({ verdict }) => verdict), ["slower", "slower", "faster"]);
  assertEquals(regressions.map(({ id }) => id), ["a"]);
  assertAlmostEquals(mean!, Math.cbrt(1.2 * 1.04 * 0.5), 1e-12);
});

Deno.test("compareRuns(): overlapping samples are within noise however far their medians are", () => {
  const wide = [1, 20, 2, 19, 3, 18];
  const { rows, regressions } = compareRuns(run({ a: wide }), run({ a: [4, 21, 5, 22, 6, 17] }), 0);
  assertEquals(rows[0]!.verdict, "same");
  assertEquals(regressions, []);
});

Deno.test("compareRuns() tells what is gone, why, and what is new", () => {
  const before = run({ a: around(1), b: around(1) });
  const after = run({ a: "out of memory", n: around(1) });
  const { rows, lost, added, geometricMean: mean } = compareRuns(before, after, 0.05);
  assertEquals(rows, []);
  assertEquals(mean, null);
  assertEquals(lost, [
    { id: "a", reason: "out of memory" },
    { id: "b", reason: "not in the later run" },
  ]);
  assertEquals(added, ["n"]);
});

Deno.test("compareRuns() warns of another machine and of noise", () => {
  const before = run({ a: around(1) });
  const context = { ...before.context, threads: 7, noise: { noisy: true } };
  const { warnings } = compareRuns(before, { ...before, context }, 0.05);
  assert(warnings.some((text) => text.startsWith("not the same threads")));
  assert(warnings.includes("the later run was noisy"));
  assertEquals(compareRuns(before, before, 0).warnings, []);
});

Deno.test("comparisonPage() puts regressions first", () => {
  const before = run({ a: around(10), b: around(10) });
  const comparison = compareRuns(before, run({ a: around(5), b: around(20) }), 0.05);
  const text = comparisonPage(comparison, { before: "old.json", after: "new.json" }, 0.05);
  assertStringIncludes(text, "# new.json against old.json");
  assertStringIncludes(text, "1 regression beyond 5.00 %");
  assert(text.indexOf("`b`") < text.indexOf("`a`"));
  assertStringIncludes(text, "**regression**");
});

Deno.test("geometricMean() of nothing is nothing", () => {
  assertEquals(geometricMean([]), null);
  assertAlmostEquals(geometricMean([2, 8])!, 4, 1e-12);
});
