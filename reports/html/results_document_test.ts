import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { loadPublished } from "../published/load.ts";
import { readBench, readEval } from "../testdata/read.ts";
import { asset } from "./assets.ts";
import { findChromium, Tab } from "./chromium.ts";
import { resultsDocument } from "./results_document.ts";

const chromium = await findChromium();

async function document(bench = readBench()): Promise<string> {
  return await resultsDocument({
    bench: [{ name: "bench/20261121/tour", result: bench }],
    scores: [{ name: "eval/kitti", result: readEval() }],
    published: await loadPublished(),
    style: await asset("style.css"),
    script: await asset("tables.js"),
  });
}

Deno.test("resultsDocument() gives the same bytes twice, with nothing to fetch and no id twice", async () => {
  const text = await document();
  assertEquals(await document() === text, true);
  assertEquals(text.match(/(?:src|href)="(?!#|data:,)[^"]*"|@import|url\((?!#)/g), null);
  const ids = [...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!);
  assertEquals(new Set(ids).size, ids.length);
  for (const [, target] of text.matchAll(/(?:href="#|url\(#)([^")]+)/g)) {
    assert(ids.includes(target!), target);
  }
  for (const part of ["<h1>Scores: semantickitti", "<svg", "3.21", "Table 4.2", "History"]) {
    assertStringIncludes(text, part);
  }
});

Deno.test("resultsDocument() shows markup in a result as text", async () => {
  const result = readBench();
  const machine = "</script><img src=x onerror=alert(1)>";
  const text = await document({ ...result, context: { ...result.context, machine } });
  assert(!text.includes("<img"));
  assertEquals(text.match(/<\/script>/g)?.length, 1);
});

Deno.test("resultsDocument() shows the newest of the runs that share a name", async () => {
  const result = readBench();
  const newer = { ...result.context, date: "2027-02-03T00:00:00Z", machine: "newer" };
  const text = await resultsDocument({
    bench: [
      { name: "bench/20270203/tour", result: { ...result, context: newer } },
      { name: "bench/20261121/tour", result },
    ],
    scores: [],
    published: [],
    style: "",
    script: "",
  });
  assertEquals([...text.matchAll(/<h1>(Bench[^<]*)/g)].map(([, title]) => title), [
    "Bench on newer, 2027-02-03",
  ]);
});

Deno.test({
  name: "the results in Chromium: no complaint, tables sort, the filter filters" +
    (chromium === undefined ? " (skipped: no Chromium is installed)" : ""),
  ignore: chromium === undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      await Deno.writeTextFile(`${folder}/results.html`, await document());
      await using tab = await Tab.open(chromium!, `${folder}/results.html`);
      const column = "[...document.querySelectorAll('#bench-20261121-tour-1 tbody tr')]" +
        ".map((row) => row.cells[4].textContent)";
      const click = "document.querySelectorAll('#bench-20261121-tour-1 th')[4]" +
        ".firstChild.click()";
      const numbers = async () => (await tab.evaluate(column)).map(parseFloat);
      await tab.evaluate(click);
      const up = await numbers();
      assert(up.length > 2);
      assertEquals(up, up.toSorted((a: number, b: number) => a - b));
      await tab.evaluate(click);
      assertEquals(await numbers(), up.toReversed());

      const shown =
        "[...document.querySelectorAll('.block')].filter((e) => e.offsetHeight > 0).length";
      const before = await tab.evaluate(shown);
      await tab.evaluate(`{
        const input = document.querySelector("input");
        input.value = "table 4.2";
        input.dispatchEvent(new Event("input"));
      }`);
      const after = await tab.evaluate(shown);
      assert(after > 0 && after < before / 5, `${before} to ${after}`);
      assertEquals(
        await tab.evaluate("document.querySelector('#published-thesis-4-2').open"),
        true,
      );
      assertEquals(tab.complaints, []);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});
