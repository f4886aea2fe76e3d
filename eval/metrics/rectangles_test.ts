import { assertAlmostEquals, assertStrictEquals } from "@std/assert";
import { cornersArea, intersectionArea, writeCorners } from "./rectangles.ts";

/** Corners of a rectangle at (x, y), turned by an angle. */
function rectangle(x: number, y: number, length: number, width: number, angle = 0) {
  const corners = new Float64Array(8);
  writeCorners(corners, 0, { x, y, length, width, cos: Math.cos(angle), sin: Math.sin(angle) });
  return corners;
}
const shared = (a: Float64Array, b: Float64Array) => intersectionArea(a, 0, b, 0);

/** The shared area by counting cells of a fine grid. */
function counted(a: Float64Array, b: Float64Array): number {
  const inside = (c: Float64Array, x: number, y: number) =>
    [0, 2, 4, 6].every((i) => {
      const [x0, y0, x1, y1] = [c[i]!, c[i + 1]!, c[(i + 2) % 8]!, c[(i + 3) % 8]!];
      return (x1 - x0) * (y - y0) - (y1 - y0) * (x - x0) >= 0;
    });
  let cells = 0;
  for (let i = 0; i < 400; i++) {
    for (let j = 0; j < 400; j++) {
      const [x, y] = [(i + 0.5) / 50 - 4, (j + 0.5) / 50 - 4];
      if (inside(a, x, y) && inside(b, x, y)) cells++;
    }
  }
  return cells / 2500;
}

Deno.test("intersectionArea() is exact for rectangles that are equal, nested, touching or apart", () => {
  const a = rectangle(1, 2, 4, 2);
  assertStrictEquals(cornersArea(a, 0), 8);
  assertStrictEquals(shared(a, a), 8);
  assertStrictEquals(shared(a, rectangle(1, 2, 1, 0.5)), 0.5);
  assertStrictEquals(shared(rectangle(1, 2, 1, 0.5), a), 0.5);
  assertStrictEquals(shared(a, rectangle(5, 2, 4, 2)), 0, "a common edge");
  assertStrictEquals(shared(a, rectangle(5, 4, 4, 2)), 0, "a common corner");
  assertStrictEquals(shared(a, rectangle(50, 2, 4, 2)), 0);
  assertStrictEquals(shared(a, rectangle(2, 3, 4, 2)), 3);
  const turned = rectangle(70.25, -33.5, 4.17, 1.93, 0.7);
  assertStrictEquals(shared(turned, turned), cornersArea(turned, 0));
});

Deno.test("intersectionArea() is 0 where a side is 0, negative alone, or no number", () => {
  const a = rectangle(0, 0, 4, 2);
  for (const [length, width] of [[0, 2], [4, 0], [0, 0], [-4, 2], [4, NaN]] as const) {
    assertStrictEquals(shared(a, rectangle(0, 0, length, width)), 0);
    assertStrictEquals(shared(rectangle(0, 0, length, width), a), 0);
  }
  assertStrictEquals(shared(a, rectangle(0, 0, -4, -2)), 8, "turned around");
});

Deno.test("intersectionArea() agrees with counting cells, in both orders", () => {
  for (let i = 0; i < 12; i++) {
    const a = rectangle(Math.sin(i), Math.cos(3 * i), 3, 1.5, i);
    const b = rectangle(Math.cos(i) / 2, Math.sin(5 * i) / 2, 2.5, 2, 2.3 * i);
    assertAlmostEquals(shared(a, b), counted(a, b), 0.05);
    assertAlmostEquals(shared(a, b), shared(b, a), 1e-13);
  }
});
