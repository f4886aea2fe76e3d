import { assertAlmostEquals, assertEquals, assertStrictEquals } from "@std/assert";
import { shapenetPartIou } from "./shapenet_part_iou.ts";

const CATEGORIES = [{ name: "cup", first: 0, parts: 2 }, { name: "lamp", first: 2, parts: 2 }];
const shape = (index: number, category: number, truth: number[], predicted: number[]) => ({
  index,
  category,
  truth: Int32Array.from(truth),
  predicted: Int32Array.from(predicted),
});
const CUP = shape(0, 0, [0, 0, 1, 1], [0, 1, 1, 1]);
const LAMP = shape(1, 1, [2, 2], [2, 2]);

function stateOf(...shapes: readonly typeof CUP[]) {
  const state = shapenetPartIou.create(CATEGORIES);
  for (const one of shapes) shapenetPartIou.update(state, one);
  return state;
}

Deno.test("shapenetPartIou averages parts, then shapes, and a part on neither side counts 1", () => {
  const result = shapenetPartIou.compute(stateOf(CUP, LAMP));
  // The cup: (1/2 + 2/3) / 2. The lamp: (1 + 1) / 2, though it has no part 3.
  assertAlmostEquals(result.iou[0]!, 7 / 12, 1e-15);
  assertStrictEquals(result.iou[1], 1);
  assertAlmostEquals(result.instanceMiou, 19 / 24, 1e-15);
  assertAlmostEquals(result.classMiou, 19 / 24, 1e-15);
  assertStrictEquals(result.accuracy, 5 / 6);
  assertStrictEquals(result.partAccuracy, NaN);
});

Deno.test("shapenetPartIou has no class mean where a category has no shape", () => {
  const result = shapenetPartIou.compute(stateOf(LAMP));
  assertStrictEquals(result.classMiou, NaN);
  assertStrictEquals(result.classMiouOfPresent, 1);
});

Deno.test("shapenetPartIou: merged shards are the whole, in either order", () => {
  const merged = stateOf(LAMP);
  shapenetPartIou.merge(merged, stateOf(CUP));
  assertEquals(shapenetPartIou.compute(merged), shapenetPartIou.compute(stateOf(CUP, LAMP)));
});

Deno.test("shapenetPartIou adds the categories of PVCNN's script as numpy does, by their parts", () => {
  // Sixteen categories of one part of one point, listed from the last to the first.
  const categories = Array.from({ length: 16 }, (_, k) => ({
    name: String(k),
    first: 15 - k,
    parts: 1,
  }));
  const state = shapenetPartIou.create(categories);
  const ious = categories.map((_, k) => 1 / (k + 3));
  ious.forEach((_, k) => {
    const truth = new Int32Array(k + 3).fill(15 - k);
    const predicted = truth.map((part, i) => i === 0 ? part : -1);
    shapenetPartIou.update(state, { index: k, category: k, truth, predicted });
  });
  const eight = ious.toReversed().slice(0, 8).map((iou, i) => iou + ious.toReversed()[i + 8]!);
  const [a, b, c, d, e, f, g, h] = eight;
  const summed = ((a! + b!) + (c! + d!)) + ((e! + f!) + (g! + h!));
  assertStrictEquals(shapenetPartIou.compute(state).evalMiou, summed / 16);
});
