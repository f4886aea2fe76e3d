import { assertEquals } from "@std/assert";
import { hungarian } from "./hungarian.ts";
import { matchPairs, type Pair } from "./waymo_matching.ts";

const gts = [0, 1, 2];
const preds = [0, 1, 2, 3];

function taken(pairs: readonly Pair[]): number[] {
  const into = new Int32Array(preds.length).fill(-1);
  matchPairs(pairs, { gts, preds, taken: into });
  return [...into];
}

const pair = (pred: number, gt: number, weight: number): Pair => ({ pred, gt, weight });

Deno.test("matchPairs() gives a box to the best of the predictions that meet only it", () => {
  assertEquals(taken([pair(0, 1, 5), pair(2, 1, 9), pair(3, 0, 4)]), [-1, -1, 1, 0]);
  assertEquals(taken([pair(1, 0, 5), pair(1, 2, 7)]), [-1, 2, -1, -1]);
});

Deno.test("matchPairs() makes the sum largest where predictions compete", () => {
  // 0 alone would take box 0; then 1 would have none.
  assertEquals(taken([pair(0, 0, 9), pair(0, 1, 8), pair(1, 0, 7)]), [1, 0, -1, -1]);
});

Deno.test("matchPairs() equals the official algorithm on all objects, ties among them", () => {
  const n = preds.length;
  let seed = 1;
  const random = (below: number) => (seed = seed * 48271 % 2147483647) % below;
  for (let round = 0; round < 2000; round++) {
    const pairs = preds.flatMap((pred) =>
      gts.flatMap((gt) => random(3) === 0 ? [pair(pred, gt, 5 + random(4))] : [])
    );
    const weights = new Int32Array(n * n);
    for (const { pred, gt, weight } of pairs) weights[pred * n + gt] = weight;
    const columns = hungarian(n, weights);
    const expected = preds.map((pred) =>
      weights[pred * n + columns[pred]!]! > 0 ? columns[pred]! : -1
    );
    assertEquals(taken(pairs), expected);
  }
});
