import { assertAlmostEquals, assertEquals, assertStrictEquals } from "@std/assert";
import { cross } from "./exact_cross.ts";
import { intersectionArea } from "./rectangles.ts";
import { groundCorners } from "./upright_boxes.ts";
import { outlineOf, sharedArea } from "./waymo_polygons.ts";

const box = (x: number, y: number, length: number, width: number, heading = 0) =>
  Float64Array.of(x, y, 0, length, width, 1, heading);
const shared = (a: Float64Array, b: Float64Array) => sharedArea(outlineOf(a, 0), outlineOf(b, 0));

Deno.test("cross() has the right sign where rounding would lose it", () => {
  const tiny = 2 ** -52;
  assertEquals(Math.sign(cross([0, 0], [1, 1], [0, 0], [1 + tiny, 1 + tiny])), 0);
  assertEquals(Math.sign(cross([0, 0], [1, 1], [0, 0], [1, 1 + tiny])), 1);
  assertEquals(Math.sign(cross([0, 0], [1, 1], [0, 0], [1 + tiny, 1])), -1);
  // (1 + e)(1 - e) is 1 less e squared, which a product in double does not see.
  assertEquals(Math.sign(cross([0, 0], [1 + tiny, 1], [0, 0], [1, 1 - tiny])), -1);
});

Deno.test("sharedArea() is the true area of boxes that cross, are equal, nested or apart", () => {
  const a = box(1, 2, 4, 2);
  assertStrictEquals(shared(a, a), 8);
  assertStrictEquals(shared(a, box(1, 2, 1, 0.5)), 0.5);
  assertStrictEquals(shared(box(1, 2, 1, 0.5), a), 0.5);
  assertStrictEquals(shared(a, box(5, 2, 4, 2)), 0, "a common edge");
  assertStrictEquals(shared(a, box(50, 2, 4, 2)), 0);
  for (let i = 0; i < 60; i++) {
    const b = box(1 + Math.cos(i), 2 + Math.sin(5 * i) / 2, 2.5, 2, 2.3 * i);
    const area = intersectionArea(groundCorners(a), 0, groundCorners(b), 0);
    assertAlmostEquals(shared(a, b), area, 1e-13);
  }
});
