import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { countPairs, createConfusion, labelTable, mergeConfusion } from "./confusion.ts";
import { LabelIdError } from "./label_counts.ts";
import { nuscenesLidarsegMiou } from "./nuscenes_lidarseg_miou.ts";
import { segMiou } from "./seg_miou.ts";

/** True labels 10 and 11 are classes 0 and 1, 12 is an error, others are left out; 0 and 1 predicted. */
const tables = {
  truth: labelTable(
    { classes: 2, low: 10, high: 12, outside: "skip" },
    (k) => k === 12 ? "error" : k - 10,
  ),
  predicted: labelTable({ classes: 2, low: 0, high: 1, outside: "error" }, (k) => k),
};

function count(truth: readonly number[], predicted: readonly number[]) {
  const state = createConfusion(tables);
  countPairs(state, {
    truth: Int32Array.from(truth),
    predicted: Int32Array.from(predicted),
    tables,
  });
  return state;
}

Deno.test("countPairs() counts by true row, and leaves points out by their true label alone", () => {
  const { counts, skipped } = count([10, 10, 11, -5, 99], [0, 1, 1, 7, 0]);
  assertEquals([...counts], [1, 1, 0, 1]);
  assertEquals([...skipped], [2]);
});

Deno.test("countPairs() names the first label that is an error, and counts nothing", () => {
  const truth = assertThrows(() => count([10, 12], [0, 0]), LabelIdError);
  assertInstanceOf(truth, LabelIdError);
  assertEquals([truth.side, truth.index, truth.id], ["truth", 1, 12]);
  const predicted = assertThrows(() => count([9, 10], [5, -3]), LabelIdError);
  assertInstanceOf(predicted, LabelIdError);
  assertEquals([predicted.side, predicted.index, predicted.id], ["predicted", 1, -3]);
  assertThrows(() => count([10], []), RangeError, "1 are true and 0 predicted");
});

Deno.test("mergeConfusion() of shards equals the whole", () => {
  const a = count([10, 11, 0], [0, 0, 0]);
  mergeConfusion(a, count([11], [1]));
  assertEquals(a, count([10, 11, 0, 11], [0, 0, 0, 1]));
});

Deno.test("nuscenesLidarsegMiou rounds a union above 2^24 to float32", () => {
  const classes = { classes: 2, low: 0, high: 1, outside: "error" } as const;
  const table = labelTable(classes, (k) => k);
  const state = nuscenesLidarsegMiou.create({ truth: table, predicted: table });
  state.counts[3] = 2 ** 24 + 1;
  assertStrictEquals(nuscenesLidarsegMiou.compute(state).miou, (2 ** 24 + 1) / 2 ** 24);
});

Deno.test("segMiou leaves the IoU of an ignored class out by every rule", () => {
  for (const rule of ["nan", "zero", "one"] as const) {
    const { iou, miou } = segMiou(rule, [1]).compute(count([10, 10], [0, 0]));
    assertEquals([iou[0], iou[1], miou], [1, NaN, 1]);
  }
});
