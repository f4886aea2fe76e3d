import { assertEquals, assertStrictEquals } from "@std/assert";
import { labelTable } from "./confusion.ts";
import { s3disMiou } from "./s3dis_miou.ts";
import { scannetMiou } from "./scannet_miou.ts";

/** Three classes; every other true label is left out, every other predicted one is a column more. */
const tables = {
  truth: labelTable({ classes: 3, low: 0, high: 2, outside: "skip" }, (k) => k),
  predicted: labelTable({ classes: 4, low: -1, high: 2, outside: 3 }, (k) => k < 0 ? 3 : k),
};
const pairs = (truth: readonly number[], predicted: readonly number[]) => ({
  truth: Int32Array.from(truth),
  predicted: Int32Array.from(predicted),
  tables,
});
const FIRST = pairs([0, 0, 1], [0, -1, 1]);
const SECOND = pairs([1, 9], [2, 0]);

for (const metric of [s3disMiou, scannetMiou]) {
  Deno.test(`${metric.name}: merged shards are the whole`, () => {
    const [whole, into, from] = [0, 0, 0].map(() => metric.create(tables));
    metric.update(whole!, FIRST);
    metric.update(whole!, SECOND);
    metric.update(into!, FIRST);
    metric.update(from!, SECOND);
    metric.merge(into!, from!);
    assertEquals(metric.compute(into!), metric.compute(whole!));
  });
}

Deno.test("s3disMiou takes a point without a vote for one of the last class", () => {
  const state = s3disMiou.create(tables);
  s3disMiou.update(state, pairs([0, 0, 1, 1], [0, -1, 1, 2]));
  const { iou, accuracy, evalIou, overall, meterIou, meterClass } = s3disMiou.compute(state);
  assertEquals([...iou], [0.5, 0.5, 0]);
  assertEquals([...accuracy], [0.5, 0.5, NaN]);
  assertStrictEquals(evalIou, 1 / 3);
  assertStrictEquals(overall, 0.5);
  // The last class has no ground truth: 1 in the meter.
  assertStrictEquals(meterIou, 2 / 3);
  assertStrictEquals(meterClass, 2 / 3);
});

Deno.test("s3disMiou: the meter takes a point without a vote for one of no class", () => {
  const state = s3disMiou.create(tables);
  s3disMiou.update(state, pairs([0, 1, 2, 2], [0, 1, 2, -1]));
  s3disMiou.update(state, pairs([0, 0], [-1, 0]));
  const { iou, meterIou } = s3disMiou.compute(state);
  // Class 2: one hit of two points, and of three predictions with the two of no vote.
  assertEquals([...iou], [2 / 3, 1, 1 / 4]);
  assertStrictEquals(meterIou, (2 / 3 + 1 + 1 / 2) / 3);
});

Deno.test("scannetMiou counts other predictions against the true class, and no other truth", () => {
  const state = scannetMiou.create(tables);
  scannetMiou.update(state, FIRST);
  scannetMiou.update(state, pairs([9, 9], [0, 1]));
  const { iou, mean, meanOfPresent } = scannetMiou.compute(state);
  assertEquals([...iou], [0.5, 1, NaN]);
  assertStrictEquals(mean, NaN);
  assertStrictEquals(meanOfPresent, 0.75);
});
