import { assertEquals, assertStrictEquals } from "@std/assert";
import { hungarian } from "./hungarian.ts";

/** The largest weight of a perfect matching, by trying them all. */
function best(n: number, weights: Int32Array, row = 0, used = 0): number {
  if (row === n) return 0;
  let most = -Infinity;
  for (let j = 0; j < n; j++) {
    if ((used >> j & 1) === 1) continue;
    most = Math.max(most, weights[row * n + j]! + best(n, weights, row + 1, used | 1 << j));
  }
  return most;
}

Deno.test("hungarian() finds a perfect matching of the largest weight, with zeros and ties", () => {
  let seed = 7;
  const next = () => (seed = seed * 16807 % 2147483647) / 2147483647;
  for (let round = 0; round < 300; round++) {
    const n = 1 + round % 6;
    const weights = Int32Array.from(
      { length: n * n },
      () => next() < 0.5 ? 0 : Math.floor(next() * (round % 2 === 0 ? 4 : 1e6)),
    );
    const columns = hungarian(n, weights);
    assertEquals([...columns].sort((a, b) => a - b), Array.from({ length: n }, (_, i) => i));
    let sum = 0;
    columns.forEach((j, i) => sum += weights[i * n + j]!);
    assertStrictEquals(sum, best(n, weights));
  }
});

Deno.test("hungarian() gives the first of equal columns to the first row that wants it", () => {
  assertEquals([...hungarian(2, Int32Array.of(5, 5, 5, 5))], [0, 1]);
  assertEquals([...hungarian(2, Int32Array.of(0, 5, 5, 5))], [1, 0]);
});
