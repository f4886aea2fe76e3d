import { assertEquals, assertStrictEquals } from "@std/assert";
import { type LabelCounts, labelMap } from "./label_counts.ts";
import { semanticKittiMiou, spvnasMiou } from "./semantic_kitti_miou.ts";

/** Raw id = class, for classes 0..19. */
const map = labelMap(Object.fromEntries([...Array(20).keys()].map((k) => [k, k])), {
  classes: 20,
  limit: 20,
});

function stateOf(confusion: Float64Array): LabelCounts {
  const state = semanticKittiMiou.create(map);
  state.confusion.set(confusion);
  return state;
}

/** Counts of [predicted, truth, points]. */
function counts(...cells: readonly (readonly [number, number, number])[]): LabelCounts {
  const confusion = new Float64Array(400);
  for (const [predicted, truth, points] of cells) confusion[predicted * 20 + truth] = points;
  return stateOf(confusion);
}

/**
 * Ground truth of five classes only. The counts, and the scores in the tests below, are those of
 * PRBonn/semantic-kitti-api a9c749e, evaluate_semantics.py -s valid (numpy 1.26.4), on 3000 points.
 */
function fiveClasses(): LabelCounts {
  const columns = [1, 9, 11, 13, 15];
  // deno-fmt-ignore
  const rows = [
    [5, 2, 3, 7, 7], [578, 2, 2, 3, 4], [4, 0, 3, 6, 1], [2, 1, 2, 1, 3], [2, 0, 3, 3, 4],
    [5, 1, 0, 3, 8], [1, 2, 2, 5, 5], [0, 3, 4, 5, 0], [2, 1, 4, 2, 3], [6, 312, 0, 3, 6],
    [1, 3, 4, 1, 8], [3, 2, 535, 5, 2], [4, 1, 3, 1, 7], [1, 1, 3, 566, 3], [6, 3, 3, 7, 8],
    [1, 3, 2, 1, 716], [3, 0, 3, 2, 3], [3, 0, 7, 5, 1], [6, 3, 2, 4, 3], [6, 1, 3, 5, 5],
  ];
  const confusion = new Float64Array(400);
  rows.forEach((row, p) => row.forEach((n, j) => confusion[p * 20 + columns[j]!] = n));
  return stateOf(confusion);
}

Deno.test("semanticKittiMiou equals the devkit to the last digit, absent classes counting 0", () => {
  const { iou, iouMean, accuracy } = semanticKittiMiou.compute(fiveClasses());
  const expected = new Float64Array(20);
  expected.set([0.8892307692307693], 1);
  expected.set([0.8764044943820225], 9);
  expected.set([0.8916666666666667], 11);
  expected.set([0.880248833592535], 13);
  expected.set([0.8905472636815921], 15);
  assertEquals(iou, expected);
  assertStrictEquals(iouMean, 0.2330577909238729);
  assertStrictEquals(accuracy, 0.9096102150537635);
});

Deno.test("spvnasMiou equals the training callback, absent classes counting 1", () => {
  const { iou, iouMean, accuracy } = spvnasMiou.compute(fiveClasses());
  assertStrictEquals(iouMean, 0.9698998961870308);
  assertStrictEquals(iou[1], 0.8892307692307693);
  assertStrictEquals(iou[2], 1);
  assertStrictEquals(accuracy, undefined);
});

Deno.test("semanticKittiMiou leaves out points whose true class is 0", () => {
  const { iou, predictedPoints } = semanticKittiMiou.compute(counts([1, 1, 30], [1, 0, 1000]));
  assertStrictEquals(iou[1], 1);
  assertStrictEquals(predictedPoints[1], 30);
});

Deno.test("semanticKittiMiou counts points predicted as 0 against IoU but not accuracy", () => {
  const { iou, accuracy, truthPoints } = semanticKittiMiou.compute(counts([1, 1, 30], [0, 1, 10]));
  assertStrictEquals(iou[1], 0.75);
  assertStrictEquals(accuracy, 1);
  assertStrictEquals(truthPoints[1], 40);
});

Deno.test("semanticKittiMiou keeps the devkit's epsilon, which shows in small unions", () => {
  const { iou } = semanticKittiMiou.compute(counts([1, 1, 1]));
  assertStrictEquals(iou[1], 0.9999999999999989);
});

Deno.test("semanticKittiMiou is 0 and spvnasMiou 1 when there are no points", () => {
  assertStrictEquals(semanticKittiMiou.compute(counts()).iouMean, 0);
  assertStrictEquals(semanticKittiMiou.compute(counts()).accuracy, 0);
  assertStrictEquals(spvnasMiou.compute(counts()).iouMean, 1);
});

Deno.test("semanticKittiMiou of merged shards equals that of the whole", () => {
  const truth = Uint32Array.from({ length: 1000 }, (_, i) => i * 7 % 20);
  const predicted = Uint32Array.from({ length: 1000 }, (_, i) => i * i % 20);
  const score = (from: number, to: number) => {
    const state = semanticKittiMiou.create(map);
    const part = { truth: truth.subarray(from, to), predicted: predicted.subarray(from, to), map };
    semanticKittiMiou.update(state, part);
    return state;
  };
  const merged = score(300, 1000);
  semanticKittiMiou.merge(merged, score(0, 300));
  assertEquals(semanticKittiMiou.compute(merged), semanticKittiMiou.compute(score(0, 1000)));
});
