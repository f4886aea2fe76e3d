import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { sharedPath, TestFolder } from "../std/testing.ts";
import { toJson } from "./render.ts";
import { runBenchmark } from "./run.ts";
import { resultOf } from "./test_benchmarks.ts";
import { TestRoot } from "./test_labels.ts";

const golden = sharedPath("golden/semantickitti");

interface Golden {
  readonly scores: Record<string, number>;
  readonly "spvnas_callback": { readonly "ious_19": number[]; readonly miou: number };
}

/** Threads are started however small the work is. */
const score = (root: string, rule = "devkit", jobs = 1) =>
  runBenchmark(
    "semantickitti",
    { gt: root, pred: root, options: { split: "valid", rule } },
    { jobs, secondsPerJob: 1e-12 },
  );

for (const name of ["basic", "missing_classes"]) {
  const expected = (): Golden =>
    JSON.parse(Deno.readTextFileSync(`${golden}/${name}/expected.json`));

  Deno.test({
    name: `runBenchmark() equals the devkit in every digit, on golden case ${name}`,
    ignore: golden === undefined,
    async fn() {
      const { result } = await score(`${golden}/${name}`);
      const { scores } = expected();
      assertEquals(Object.keys(result.metrics).sort(), Object.keys(scores).sort());
      for (const [metric, value] of Object.entries(scores)) {
        assertStrictEquals(result.metrics[metric], value, metric);
      }
      assertEquals(result.warnings, []);
    },
  });

  Deno.test({
    name: `runBenchmark() equals the SPVNAS callback with rule spvnas, on golden case ${name}`,
    ignore: golden === undefined,
    async fn() {
      const { result: { metrics } } = await score(`${golden}/${name}`, "spvnas");
      const { miou, ious_19: ious } = expected().spvnas_callback;
      const { iou_mean: mean, ...byClass } = metrics;
      assertStrictEquals(mean, miou);
      assertEquals(Object.values(byClass), ious);
    },
  });
}

Deno.test("runBenchmark() gives the same bytes for any number of jobs", async () => {
  using root = new TestRoot();
  const ids = [0, 10, 40, 48, 50, 70, 2, 252];
  const labels = (seed: number) =>
    Array.from({ length: 500 + seed }, (_, i) => ids[(i * i + seed * i) % ids.length]!);
  root.frames(
    ...Array.from({ length: 9 }, (_, k) =>
      [
        labels(k),
        labels(k).map((id, i) => i % 3 === 0 ? 40 : id),
      ] as const),
  );
  const one = await score(root.path);
  assertStrictEquals(one.jobs, 1);
  for (const jobs of [2, 3]) {
    const several = await score(root.path, "devkit", jobs);
    assertStrictEquals(several.jobs, jobs);
    assertStrictEquals(toJson(several.result), toJson(one.result));
  }
});

Deno.test("runBenchmark() reports the first bad file for any number of jobs", async () => {
  using root = new TestRoot();
  root.frames(
    ...Array.from({ length: 12 }, (_, k) => [[10, 40], k >= 5 ? [10, 400 + k] : [10, 40]] as const),
  );
  for (const jobs of [1, 2, 3]) {
    await assertRejects(
      () => score(root.path, "devkit", jobs),
      InputError,
      'predictions/000005.label": point 1 has class id 405',
    );
  }
});

Deno.test("runBenchmark() starts no more threads than there are files", async () => {
  using root = new TestRoot();
  root.frames([[10], [10]], [[40], [40]]);
  assertStrictEquals((await score(root.path, "devkit", 8)).jobs, 2);
});

Deno.test("runBenchmark() starts no thread when the work is small", async () => {
  using root = new TestRoot();
  root.frames([[10], [10]], [[40], [40]]);
  const request = { gt: root.path, pred: root.path, options: { split: "valid", rule: "devkit" } };
  assertStrictEquals((await runBenchmark("semantickitti", request, { jobs: 8 })).jobs, 1);
});

Deno.test("runBenchmark() writes infinite scores as words, which JSON has no numbers for", async () => {
  using folder = new TestFolder();
  const files = { gt: folder.write("gt.txt", "1\n"), pred: folder.write("pred.txt", "-2000\n") };
  const { metrics } = await resultOf("perplexity", files);
  assertStrictEquals(metrics["perplexity"], "Infinity");
});
