import { assertEquals, assertStrictEquals } from "@std/assert";
import type { EvalResult } from "../reports/schema.ts";
import { toJson, toMarkdown, toSpeed, toText } from "./render.ts";

const result: EvalResult = {
  schemaVersion: 1,
  benchmark: "tiny",
  reference: "a devkit 1.0",
  inputs: { gt: "a", pred: "b", split: "valid", points: 1234567 },
  metrics: { iou_mean: 0.41666, iou_car: 1, iou_tree: "NaN" },
  perClass: { car: { iou: 1, points: 1234 }, tree: { iou: "NaN", points: 0 } },
  warnings: ["one thing"],
};

Deno.test("toText() aligns the table and leaves class scores out of the headline", () => {
  assertStrictEquals(
    toText(result),
    `tiny, equal to a devkit 1.0
split valid, points 1,234,567

iou_mean  0.4167

class     iou  points
car    1.0000   1,234
tree      NaN       0`,
  );
});

Deno.test("toMarkdown() holds the same tables and the warnings", () => {
  assertStrictEquals(
    toMarkdown(result),
    `# tiny

Equal to a devkit 1.0. split valid, points 1,234,567.

| metric | value |
| --- | ---: |
| iou_mean | 0.4167 |

| class | iou | points |
| --- | ---: | ---: |
| car | 1.0000 | 1,234 |
| tree | NaN | 0 |

- Warning: one thing
`,
  );
});

Deno.test("toJson() writes NaN as a word and keeps every digit", () => {
  assertEquals(JSON.parse(toJson(result)), result);
});

Deno.test("toSpeed() gives the amount, the wall time, the rate, the threads and the memory", () => {
  const work = { count: 12_000_000, unit: "points" };
  assertStrictEquals(
    toSpeed({ result, work, seconds: 0.03125, jobs: 2, peakMiB: 1024 }),
    "12,000,000 points in 0.031 s, 384 M points/s, 2 jobs, at most 1,024 MiB",
  );
});
