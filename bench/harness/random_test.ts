import { assertEquals, assertNotEquals } from "@std/assert";
import { Random, randomFloats, sampleRows, shuffled } from "./random.ts";

Deno.test("randomFloats() gives the same numbers, when the seed is the same", () => {
  assertEquals(randomFloats(100, 7), randomFloats(100, 7));
  assertNotEquals(randomFloats(100, 7), randomFloats(100, 8));
});

Deno.test("randomFloats() stays in [-1, 1) with a mean near 0", () => {
  const values = randomFloats(100_000, 1);
  assertEquals(values.every((value) => value >= -1 && value < 1), true);
  assertEquals(Math.abs(values.reduce((a, b) => a + b, 0) / values.length) < 0.01, true);
});

Deno.test("shuffled() keeps all items and leaves the original alone", () => {
  const items = [1, 2, 3, 4, 5];
  assertEquals(shuffled(items, new Random(3)).sort(), items);
  assertEquals(items, [1, 2, 3, 4, 5]);
});

Deno.test("sampleRows() gives distinct ascending rows with both ends, when it must choose", () => {
  const rows = sampleRows(10_000, 500, 1);
  assertEquals([rows.length, rows[0], rows[63], rows.at(-1)], [500, 0, 63, 9999]);
  assertEquals(rows.every((row, i) => i === 0 || row > rows[i - 1]!), true);
});

Deno.test("sampleRows() gives all rows, when there are no more", () => {
  assertEquals(sampleRows(3, 5, 1), Int32Array.of(0, 1, 2));
  assertEquals(sampleRows(0, 5, 1), Int32Array.of());
});
