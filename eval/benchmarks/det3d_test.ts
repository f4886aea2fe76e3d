import { assertEquals } from "@std/assert";
import { TestFolder } from "../../std/testing.ts";
import { refuses, resultOf } from "../test_benchmarks.ts";

const OPTIONS = { iou: "0.5", overlap: "3d" };
const box = (x: number, z = 0) => [x, 0, z, 4, 2, 1.5, 0];

/** Scores of ground truth and predictions as they stand. */
async function scores(gt: unknown, pred: unknown, options: Record<string, string> = OPTIONS) {
  using folder = new TestFolder();
  const run = { gt: folder.write("gt.json", JSON.stringify(gt)), options };
  return await resultOf("det3d", { ...run, pred: folder.write("pred.json", JSON.stringify(pred)) });
}

Deno.test("det3d gives the area under the precision envelope, worked out by hand", async () => {
  const gt = { a: [{ class: "car", box: box(0) }, { class: "car", box: box(10) }], b: [] };
  const pred = {
    a: [
      { class: "car", box: box(0), score: 0.9 },
      { class: "car", box: box(0), score: 0.8 },
      { class: "car", box: box(10), score: 0.7 },
    ],
  };
  const { metrics, warnings } = await scores(gt, pred);
  // Hit, a second one of the same box, hit: precisions 1, 1/2, 2/3 at recalls 1/2, 1/2, 1.
  assertEquals([metrics["ap_car"], metrics["recall_car"]], [(1 + 2 / 3) / 2, 1]);
  assertEquals(warnings, ["1 frames have no predictions: their objects count as missed"]);
});

Deno.test("det3d --overlap bev does not look at heights, and classes do not mix", async () => {
  const gt = { a: [{ class: "car", box: box(0) }, { class: "bus", box: box(20) }] };
  const pred = {
    a: [{ class: "car", box: box(0, 5), score: 1 }, { class: "van", box: box(20), score: 1 }],
  };
  const flat = (await scores(gt, pred, { ...OPTIONS, overlap: "bev" })).metrics;
  assertEquals([flat["ap_car"], flat["ap_bus"], flat["ap_van"], flat["map"]], [1, 0, "NaN", 0.5]);
  assertEquals((await scores(gt, pred)).metrics["ap_car"], 0);
});

Deno.test("det3d refuses frames that are unknown or twice, and objects that lack something", async () => {
  using folder = new TestFolder();
  const gt = folder.write("gt.json", '{"a": []}');
  const cases = [
    ['{"b": []}', 'frame "b" is not in the ground truth'],
    ['{"a": [], "a": []}', 'frame "a" is there twice'],
    ['{"a": [{"class": "car", "box": [1,2,3,4,5,6,7]}]}', '"class", "box" and "score" once each'],
    ['{"a": [{"class": "car", "box": [1,2,3]}]}', "7 numbers, not 3"],
    ['{"a": [{"box": [1,2,3,4,5,6,NaN]}]}', "found NaN, and finite numbers are needed"],
    ['{"a": [{"box": [1,2,3,4,-5,6,7]}]}', "found a side of -5, and sides of 0 or more"],
  ] as const;
  for (const [text, message] of cases) {
    const pred = folder.write("pred.json", text);
    await refuses("det3d", { gt, pred, options: OPTIONS }, "pred.json", message);
  }
});
