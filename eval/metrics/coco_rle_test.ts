import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { maskIous } from "./coco_iou.ts";
import { rleOfBox, rleOfPolygon } from "./coco_polygon.ts";
import { areaOf, boxOf, MaskError, mergeRles, parseCounts, rleIou, rleOf } from "./coco_rle.ts";

const runs = (text: string, height: number, width: number) =>
  rleOf(height, width, parseCounts(text));

// The corners and texts below are rleFrPoly, rleToString, rleIou of cocoapi 8c9bcc3 (gcc 12).
const CANVAS = { height: 10, width: 12 };

Deno.test("rleOfBox() fills whole pixels", () => {
  assertEquals([...rleOfBox([2, 1, 3, 4], CANVAS).counts], [21, 4, 6, 4, 6, 4, 75]);
  assertEquals([...rleOfBox([-5, -5, 100, 100], CANVAS).counts], [0, 120]);
  assertEquals([...rleOfBox([3, 3, 0, 0], CANVAS).counts], [120]);
});

Deno.test("rleOfPolygon() ignores an odd last number and draws two points as nothing", () => {
  const square = [1, 1, 4, 1, 4, 4, 1, 4];
  assertEquals(rleOfPolygon([...square, 9], CANVAS), rleOfPolygon(square, CANVAS));
  assertStrictEquals(areaOf(rleOfPolygon([1, 1, 7, 5], CANVAS)), 0);
});

Deno.test("rleOfPolygon() takes no time or memory for corners far outside", () => {
  const far = [-1e8, -1e8, 1e8, -1e8, 1e8, 1e8, -1e8, 1e8];
  assertEquals([...rleOfPolygon(far, CANVAS).counts], [0, 120]);
  assertThrows(() => rleOfPolygon([NaN, 0, 1, 1, 2, 0], CANVAS), MaskError, "out of range");
});

Deno.test("parseCounts() reads signs, several characters and differences", () => {
  assertEquals(parseCounts("0"), [0]);
  assertEquals(parseCounts("1234"), [1, 2, 3, 6]);
  assertEquals(parseCounts("123O"), [1, 2, 3, 1]);
});

Deno.test("boxOf() spans all rows when a run reaches over columns", () => {
  const box = new Float64Array(4);
  boxOf(rleOf(4, 4, [2, 1, 13]), box);
  assertEquals([...box], [0, 2, 1, 1]);
  boxOf(rleOf(4, 4, [3, 2, 11]), box);
  assertEquals([...box], [0, 0, 2, 4]);
  boxOf(rleOf(4, 4, [16]), box);
  assertEquals([...box], [0, 0, 0, 0]);
});

Deno.test("rleIou() counts pixels, and a crowd's over the detection", () => {
  const a = rleOf(4, 4, [0, 8, 8]);
  const b = rleOf(4, 4, [4, 12]);
  assertStrictEquals(rleIou(a, b, false), 0.25);
  assertStrictEquals(rleIou(a, b, true), 0.5);
  assertStrictEquals(rleIou(a, rleOf(4, 4, [8, 8]), false), 0);
});

Deno.test("maskIous() is -1 for masks of different sizes that meet", () => {
  const ious = maskIous([rleOf(4, 4, [0, 16])], [rleOf(2, 2, [0, 4]), rleOf(4, 4, [0, 16])], [
    false,
    false,
  ]);
  assertEquals([...ious], [-1, 1]);
});

Deno.test("mergeRles() is the union", () => {
  const merged = mergeRles([
    rleOf(4, 4, [0, 4, 12]),
    rleOf(4, 4, [2, 4, 10]),
    rleOf(4, 4, [15, 1]),
  ]);
  assertEquals([...merged.counts], [0, 6, 9, 1]);
});

Deno.test("rleOf() refuses runs that do not fill the size", () => {
  assertThrows(() => runs("4", 2, 4), MaskError, "4 pixels, and 2 x 4 = 8 are needed");
  assertThrows(() => rleOf(2, 2, [5, -1]), MaskError, "run 1 is -1");
  assertStrictEquals(areaOf(rleOf(2, 2, [])), 0);
});
