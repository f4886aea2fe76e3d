import { assertEquals, assertMatch, assertNotMatch, assertStringIncludes } from "@std/assert";
import { type ChartSpec, drawSvg } from "./svg.ts";

const CLIPPED: ChartSpec = {
  data: { values: [{ x: 1, y: 1 / 3 }, { x: 2, y: 2 / 3 }] },
  mark: { type: "line", clip: true },
  encoding: {
    x: { field: "x", type: "quantitative" },
    y: { field: "y", type: "quantitative", axis: { title: "a < b & 0.12345" } },
  },
};

Deno.test("drawSvg() numbers clip paths from 1 in every chart", async () => {
  const first = await drawSvg(CLIPPED);
  assertStringIncludes(first, 'clip-path="url(#clip1)"');
  assertStringIncludes(first, 'id="clip1"');
  assertEquals(await drawSvg(CLIPPED), first);
});

Deno.test("drawSvg() draws charts at the same time as it does one after another", async () => {
  const alone = await drawSvg(CLIPPED);
  assertEquals(await Promise.all([drawSvg(CLIPPED), drawSvg(CLIPPED)]), [alone, alone]);
});

Deno.test("drawSvg() shortens coordinates and not the text, on a white ground", async () => {
  const svg = await drawSvg(CLIPPED);
  assertStringIncludes(svg, ">a &lt; b &amp; 0.12345</text>");
  assertNotMatch(svg.replaceAll(/aria-label="[^"]*"/g, ""), /="[^"]*\d\.\d{3}/);
  assertMatch(svg, /<rect [^>]*fill="white"/);
});
