/**
 * Pages, charts and terminal text against the files in `testdata/expected`. After a change that is
 * meant: `deno test --allow-read --allow-write reports/pages_test.ts -- --update`, then look at the
 * difference before committing it.
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { benchPage, type PageFile } from "./bench_page.ts";
import { evalPage } from "./eval_page.ts";
import { compareFiles, writeFiles } from "./files.ts";
import { indexPage } from "./index_page.ts";
import { drawSvg } from "./svg.ts";
import { readBench, readEval } from "./testdata/read.ts";
import { benchText } from "./terminal.ts";

const EXPECTED = `${import.meta.dirname}/testdata/expected`;

async function allFiles(): Promise<PageFile[]> {
  const bench = readBench();
  const scores = readEval();
  return [
    indexPage([{ name: "bench/tour", result: bench }], [{ name: "eval/kitti", result: scores }]),
    ...await benchPage(bench, "bench/tour"),
    ...evalPage(scores, "eval/kitti"),
    { path: "tour.txt", text: `${benchText(bench)}\n` },
  ];
}

Deno.test("pages, charts and terminal text equal the expected files byte for byte", async () => {
  const files = await allFiles();
  if (Deno.args.includes("--update")) await writeFiles(EXPECTED, files);
  assertEquals(await compareFiles(EXPECTED, files), []);
});

Deno.test("benchPage() gives the same bytes twice, also after another chart was drawn", async () => {
  const first = await benchPage(readBench(), "a/b");
  await drawSvg({ data: { values: [{ x: 1 }] }, mark: "bar", encoding: { x: { field: "x" } } });
  const second = await benchPage(readBench(), "a/b");
  const changed = second.filter(({ path, text }, i) =>
    path !== first[i]?.path || text !== first[i].text
  );
  assertEquals([second.length, changed.map(({ path }) => path)], [first.length, []]);
});

Deno.test("benchPage() says that nothing was timed when there are no cases", async () => {
  const empty = { ...readBench(), roofline: null, cases: [], tables: [] };
  const files = await benchPage(empty, "empty");
  assertEquals(files.map(({ path }) => path), ["empty.md"]);
  assertStringIncludes(files[0]!.text, "0 cases timed, none failed the check, 0 skipped.");
  assertStringIncludes(files[0]!.text, "The roof was not measured");
});

Deno.test("benchPage() shows skipped and failed rows with their reason", async () => {
  const [page] = await benchPage(readBench(), "x");
  assertStringIncludes(page!.text, "skipped: no CUDA library: nvcc was not found");
  assertStringIncludes(page!.text, "✗ check failed: worst \\|a-b\\| NaN");
});

Deno.test("indexPage() says that nothing is stored and shows the newest run of a machine", () => {
  assertStringIncludes(indexPage([], []).text, "None stored yet.");
  const old = readBench();
  const context = { ...old.context, date: "2026-12-01T00:00:00Z" };
  const stored = [{ name: "old", result: old }, { name: "new", result: { ...old, context } }];
  const [newest, everything] = indexPage(stored, []).text.split("## Everything");
  assertStringIncludes(newest!, "(new.md)");
  assert(!newest!.includes("(old.md)"));
  assertStringIncludes(everything!, "(old.md)");
});
