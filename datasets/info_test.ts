import { assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { sharedPath, TestFolder } from "../std/testing.ts";
import { writeScans } from "./arrow_writer.ts";
import { convert } from "./convert.ts";
import { describe, formatInfo } from "./info.ts";
import { semanticKitti } from "./semantic_kitti.ts";
import { bareScan, fullScan, inputError, TINY } from "./test_scans.ts";

const noTick = () => {};

Deno.test("describe() sums up points, classes, boxes and density", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.arrow`;
  await writeScans(path, TINY, [fullScan("a"), bareScan("b")]);
  const info = await describe(path, noTick);
  assertEquals(info.metadata, TINY);
  assertEquals(info.points, { min: 1, mean: 2, max: 3, total: 4 });
  assertEquals(info.extent, { min: [1, 2, 3], max: [7, 8, 9] });
  assertEquals(info.intensity, { min: 0.25, mean: 0.5, max: 0.75 });
  assertEquals(info.posedScans, 1);
  assertEquals(info.labels.map(({ name, count }) => `${name} ${count}`), [
    "unlabeled 1",
    "car 1",
    "road 1",
  ]);
  assertEquals(info.boxes, [{ id: 10, name: "car", count: 1 }]);
  assertEquals(info.occupancy[0], { size: 0.05, voxels: 2, neighbours: 1 });
});

Deno.test("describe() refuses points that are not finite or too far apart", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.arrow`;
  await writeScans(path, TINY, [{ id: "a", points: Float32Array.of(1, NaN, 3, 4) }]);
  assertStringIncludes(
    await inputError(() => describe(path, noTick)),
    'point 0 of scan "a" is not finite',
  );
  const far = Float32Array.of(0, 0, 0, 0, 1e30, 1e30, 1e30, 0);
  await writeScans(path, TINY, [{ id: "a", points: far }]);
  assertStringIncludes(await inputError(() => describe(path, noTick)), "at most 2^53 fit");
});

Deno.test("formatInfo() says so when there are no labels", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.arrow`;
  await writeScans(path, TINY, [bareScan("a")]);
  const text = formatInfo(await describe(path, noTick));
  assertStringIncludes(text, "data set   tiny version 1\n");
  assertStringIncludes(text, "points by class: none\nboxes by class: none");
});

Deno.test("describe() gives the known figures of a real scan", async () => {
  const src = sharedPath("data/semantickitti");
  if (src === undefined) return;
  using folder = new TestFolder();
  const options = { dropInvalid: false, sequences: ["00"], warn: noTick };
  const { paths } = await convert(semanticKitti, src, folder.path, options);
  const info = await describe(paths[0]!, noTick);
  assertEquals(info.points.total, 124668);
  assertEquals(info.labels.find(({ name }) => name === "road")?.count, 34228);
  assertEquals(info.occupancy[0]?.voxels, 91767);
  assertAlmostEquals(info.occupancy[0]!.neighbours, 3.77, 0.005);
  assertAlmostEquals(info.intensity!.mean, 0.294, 0.0005);
});
