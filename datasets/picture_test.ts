import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { birdsEyeSvg } from "./picture.ts";
import { LEGEND } from "./svg_page.ts";
import { fullScan, TINY } from "./test_scans.ts";

Deno.test("birdsEyeSvg() holds the whole of a box far from the points, at a pixel each 20 cm", () => {
  const scan = fullScan("far");
  const boxes = { ...scan.boxes!, geometry: Float32Array.of(300, 5, 6, 12, 2, 1.5, 0.25) };
  const svg = birdsEyeSvg({ ...scan, boxes }, TINY);
  const [width, height] = /width="(\d+)" height="(\d+)"/.exec(svg)!.slice(1).map(Number);
  const outline = /<path d="M([^"]*)" fill="none"/.exec(svg)![1]!;
  const corners = outline.split("L").map((at) => at.split(" ").map(Number));
  assert(corners.every(([x, y]) => x! >= 0 && x! <= width! - LEGEND && y! >= 0 && y! <= height!));
  // 305 m lie between the last point and the front of the box.
  assertEquals(Math.abs(height! - 305 / 0.2) < 10, true, `${height}`);
  assertStringIncludes(svg, "car: 1 box<");
});
