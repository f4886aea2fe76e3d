import { assertEquals, assertStringIncludes } from "@std/assert";
import type { BenchTable } from "./schema.ts";
import { drawSvg } from "./svg.ts";
import { tableChart } from "./table_chart.ts";

const TABLE: BenchTable = {
  id: "growth",
  title: "Cost by size",
  source: null,
  columns: [
    { key: "n", title: "voxels", kind: "label" },
    { key: "map", title: "kernel map", kind: "measured" },
    { key: "conv", title: "convolution", kind: "measured" },
  ],
  rows: [
    { n: 1000, map: 10, conv: 50 },
    { n: 10_000, map: 11, conv: "not run" },
    { n: 100_000, map: null, conv: 70 },
  ],
  notes: [],
  chart: { x: "n", series: ["map", "conv"], axis: "ns a voxel" },
};

Deno.test("tableChart() draws a point for each number of a series, and none for what is missing", () => {
  const spec = tableChart(TABLE) as { data: { values: readonly unknown[] } };
  assertEquals(spec.data.values, [
    { at: 1000, value: 10, series: "kernel map" },
    { at: 10_000, value: 11, series: "kernel map" },
    { at: 1000, value: 50, series: "convolution" },
    { at: 100_000, value: 70, series: "convolution" },
  ]);
});

Deno.test("tableChart() gives null, when no chart is asked for or nothing was measured", () => {
  const { chart: _, ...without } = TABLE;
  assertEquals(tableChart(without), null);
  assertEquals(tableChart({ ...TABLE, rows: [{ n: 1000, map: "not run" }] }), null);
});

Deno.test("tableChart() shows the name of a series in full, when it is long", async () => {
  const title = "convolution 32 to 32 of everything";
  const columns = TABLE.columns.map((column) =>
    column.key === "conv" ? { ...column, title } : column
  );
  assertStringIncludes(await drawSvg(tableChart({ ...TABLE, columns })!), title);
});

Deno.test("tableChart() can be drawn, with its titles", async () => {
  const svg = await drawSvg(tableChart(TABLE)!);
  for (const text of ["Cost by size", "voxels", "ns a voxel", "convolution"]) {
    assertStringIncludes(svg, text);
  }
});
