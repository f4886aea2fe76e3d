import { assertEquals, assertStrictEquals } from "@std/assert";
import { type H5Array, writeH5 } from "../../datasets/raw/h5_writer.ts";
import { TestFolder } from "../../std/testing.ts";
import { refuses, resultOf } from "../test_benchmarks.ts";

const ID = "partnet-instance";
const TRUTH = ["gt_mask", "gt_mask_label", "gt_mask_valid", "gt_mask_other"];
const PREDICTED = ["mask", "label", "valid", "conf"];
/** Two shapes of two masks and four points; the second shape has one mask. */
const truth = {
  "gt_mask": array([2, 2, 4], [1, 1, 0, 0, 0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0]),
  "gt_mask_label": array([2, 2], [0, 1, 1, 0]),
  "gt_mask_valid": array([2, 2], [1, 1, 1, 0]),
  "gt_mask_other": array([2, 4], [0, 0, 0, 1, 0, 0, 0, 0]),
};
/** Three masks: a hit, an equal one that comes too late, a false one. Then a miss. */
const predicted = {
  mask: array([2, 3, 4], [1, 1, 0, 1, 1, 1, 0, 0, 0, 1, 0, 0, ...new Array(12).fill(0)]),
  label: array([2, 3], [0, 0, 1, 0, 0, 0]),
  valid: array([2, 3], [1, 1, 1, 0, 0, 0]),
  conf: array([2, 3], [0.9, 0.8, 0.7, 0, 0, 0]),
};

function array(shape: readonly number[], values: readonly number[]): Omit<H5Array, "name"> {
  const whole = values.every(Number.isInteger);
  return { shape, data: whole ? Uint8Array.from(values) : Float32Array.from(values) };
}

async function write(path: string, arrays: Record<string, Omit<H5Array, "name">>) {
  await writeH5(path, Object.entries(arrays).map(([name, each]) => ({ name, ...each })));
  return path;
}

async function files(folder: TestFolder, more: { gt?: object; pred?: object } = {}) {
  return {
    gt: await write(`${folder.path}/gt/test-00.h5`, { ...truth, ...more.gt }),
    pred: await write(`${folder.path}/pred/test-00.h5`, { ...predicted, ...more.pred }),
  };
}

Deno.test("partnet-instance scores masks of HDF5 files, by the names of a list", async () => {
  using folder = new TestFolder();
  const paths = await files(folder);
  const parts = folder.write("Chair-3.txt", "1 chair/arm leaf\n2 chair/leg leaf\n");
  const { metrics, perClass, inputs } = await resultOf(ID, { ...paths, options: { parts } });
  const missed = Math.fround(1 / 101);
  assertEquals(metrics, {
    map: Math.fround(1 + missed) / 2,
    // The second shape has one part, which is missed.
    "shape_map": Math.fround(Math.fround(1 + missed) / 2) / 2,
    "ap_chair/arm": 1,
    "ap_chair/leg": missed,
  });
  assertEquals(perClass["chair/arm"], { ap: 1, truths: 1, predictions: 2 });
  assertStrictEquals(inputs["shapes"], 2);
  const numbered = await resultOf(ID, paths);
  assertStrictEquals(numbered.metrics["map"], metrics["map"]);
  assertStrictEquals(numbered.metrics["ap_1"], missed);
});

Deno.test("partnet-instance scores folders, with any number of threads the same", async () => {
  using folder = new TestFolder();
  await files(folder);
  await write(`${folder.path}/gt/test-01.h5`, truth);
  await write(`${folder.path}/pred/test-01.h5`, predicted);
  const folders = { gt: `${folder.path}/gt`, pred: `${folder.path}/pred` };
  const one = await resultOf(ID, folders);
  assertStrictEquals(one.inputs["shapes"], 4);
  assertEquals(await resultOf(ID, folders, 2), one);
});

Deno.test("partnet-instance refuses bad input, naming file and place", async () => {
  using folder = new TestFolder();
  for (const name of [...TRUTH, ...PREDICTED]) {
    const side = TRUTH.includes(name) ? "gt" : "pred";
    const cut = array([1, 1], [1]);
    await refuses(ID, await files(folder, { [side]: { [name]: cut } }), `${side}/test-00.h5`);
  }
  const label = array([2, 2], [0, 7, 1, 0]);
  const labelled = await files(folder, { gt: { "gt_mask_label": label } });
  const parts = folder.write("list.txt", "1 arm\n2 leg\n");
  await refuses(ID, { ...labelled, options: { parts } }, "mask 1 of shape 0 has label 7");
  const bad = folder.write("bad.txt", "1 arm\nleg\n");
  await refuses(ID, { ...labelled, options: { parts: bad } }, "bad.txt", 'line 2 is "leg"');
  const twice = folder.write("twice.txt", "1 arm\n2 arm\n");
  await refuses(ID, { ...labelled, options: { parts: twice } }, 'line 2 is "2 arm"', "twice");
  const text = folder.write("text/test-00.h5", "no HDF5");
  await refuses(ID, { gt: text, pred: labelled.pred }, "text/test-00.h5");
});
