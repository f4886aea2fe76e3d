import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parsePublished } from "./published/schema.ts";
import { publishedPages, tablesIndex } from "./published_page.ts";
import { parseBenchResult } from "./schema.ts";

const TABLE = parsePublished(
  JSON.stringify({
    id: "thesis-4.2",
    document: "thesis",
    number: "Table 4.2",
    caption: "Grouping | strategies",
    hardware: "NVIDIA RTX 2080 Ti",
    needs: ["gpu"],
    reproducedBy: "layers",
    columns: [{ title: "Grouping" }, { title: "Latency", unit: "ms" }],
    rows: [["Separate", "8.10"], ["Fixed", null]],
  }),
  "t/thesis-4.2.json",
);

/** A stored run of that day that holds a table of that id. */
function run(name: string, date: string, table: string) {
  const file = new URL("./testdata/bench_tour.json", import.meta.url);
  const result = parseBenchResult(Deno.readTextFileSync(file), "bench_tour.json");
  const tables = [{ ...result.tables[0]!, id: table }];
  return { name, result: { ...result, context: { ...result.context, date }, tables } };
}

Deno.test("tablesIndex() links the newest stored run of a table", () => {
  const runs = [
    run("bench/b", "2026-11-02T00:00:00Z", "layers"),
    run("bench/a", "2026-11-01T00:00:00Z", "layers"),
  ];
  const text = tablesIndex([TABLE], runs, "pages/");
  assertStringIncludes(text, "[Table 4.2](pages/published/thesis-4.2.md)");
  assertStringIncludes(text, "[measured here](pages/bench/b.md)");
  assertStringIncludes(text, "1 of them have a stored measurement");
});

Deno.test("tablesIndex() names the command of a table without a stored run", () => {
  const text = tablesIndex([TABLE], [run("bench/a", "2026-11-01T00:00:00Z", "other")], "");
  assertStringIncludes(text, "not measured yet: deno task bench layers");
  assert(!text.includes("](bench/a.md)"));
});

Deno.test("publishedPages() shows cells as they were printed", () => {
  const [page] = publishedPages([TABLE], []);
  assertEquals(page!.path, "published/thesis-4.2.md");
  assertStringIncludes(page!.text, "# Grouping \\| strategies");
  assertStringIncludes(page!.text, "Hardware: NVIDIA RTX 2080 Ti.");
  assertStringIncludes(page!.text, "| Separate | 8.10");
  assertStringIncludes(page!.text, "| Fixed    | –");
  assertStringIncludes(page!.text, "Latency, ms");
});
