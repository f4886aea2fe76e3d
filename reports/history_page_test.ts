import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { historyPages, historyPoints } from "./history_page.ts";
import { type BenchResult, parseBenchResult } from "./schema.ts";

const TOUR = parseBenchResult(
  Deno.readTextFileSync(new URL("./testdata/bench_tour.json", import.meta.url)),
  "bench_tour.json",
);

/** The tour, all times multiplied, on another day. */
function run(name: string, date: string, factor: number, threads = TOUR.context.threads) {
  const times = (value: number | null) => value === null ? null : value * factor;
  const cases: BenchResult["cases"] = TOUR.cases.map((item) => ({
    ...item,
    medianMs: times(item.medianMs),
    p10Ms: times(item.p10Ms),
    p90Ms: times(item.p90Ms),
  }));
  return { name, result: { ...TOUR, context: { ...TOUR.context, date, threads }, cases } };
}

Deno.test("historyPoints(): ratios to the first run that timed a case", () => {
  const points = historyPoints([
    run("bench/1", "2026-11-01T00:00:00Z", 1),
    run("bench/2", "2026-11-02T00:00:00Z", 0.5),
    run("bench/3", "2026-11-03T00:00:00Z", 0.25),
  ]);
  assertEquals(new Set(points.map(({ run }) => run)), new Set(["bench/2", "bench/3"]));
  for (const { run, ratio } of points) {
    assertAlmostEquals(ratio, run === "bench/2" ? 0.5 : 0.25, 1e-12);
  }
});

Deno.test("historyPoints(): another number of threads starts anew", () => {
  const points = historyPoints([
    run("bench/1", "2026-11-01T00:00:00Z", 1, 2),
    run("bench/2", "2026-11-02T00:00:00Z", 0.5, 4),
  ]);
  assertEquals(points, []);
});

Deno.test("historyPages(): runs by date, whatever their order in the store", async () => {
  const [page, chart] = await historyPages([
    run("bench/new", "2026-11-02T00:00:00Z", 0.5),
    run("bench/old", "2026-11-01T00:00:00Z", 1),
  ]);
  assertEquals(page!.path, "history.md");
  assert(page!.text.indexOf("bench/old.md") < page!.text.indexOf("bench/new.md"));
  assertStringIncludes(page!.text, "0.50×");
  assertEquals(chart!.path, "history/machine-1.svg");
  assertStringIncludes(chart!.text, "<svg");
});

Deno.test("historyPages() of nothing says so", async () => {
  const pages = await historyPages([]);
  assertEquals(pages.length, 1);
  assertStringIncludes(pages[0]!.text, "No run is stored yet.");
});
