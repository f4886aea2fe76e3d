import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { cocoBboxTwin } from "../../datasets/twins/coco_bbox.ts";
import { cocoSegmTwin } from "../../datasets/twins/coco_segm.ts";
import { sharedPath, TestFolder } from "../../std/testing.ts";
import { refuses, resultOf, resultOfTwin } from "../test_benchmarks.ts";

const golden = sharedPath("golden/coco");

Deno.test({
  name: "coco-bbox and coco-segm equal pycocotools to the last digit",
  ignore: golden === undefined,
  async fn() {
    for (const [name, kind] of [["basic", "bbox"], ["basic", "segm"], ["ties", "bbox"]] as const) {
      const folder = `${golden}/${name}`;
      const files = { gt: `${folder}/instances.json`, pred: `${folder}/${kind}.json` };
      const expected = JSON.parse(Deno.readTextFileSync(`${folder}/expected.json`))[kind];
      const { metrics, perClass } = await resultOf(`coco-${kind}`, files);
      assertEquals<unknown>(metrics, expected.stats);
      for (const { cat, AP, AP50 } of expected["per_category"]) {
        assertEquals([perClass[`c${cat}`]!["AP"], perClass[`c${cat}`]!["AP50"]], [AP, AP50]);
      }
    }
  },
});

Deno.test("coco-bbox and coco-segm score a twin, with any number of threads the same", async () => {
  for (const twin of [cocoBboxTwin, cocoSegmTwin]) {
    const { metrics, inputs } = await resultOfTwin(twin, 20);
    assertStrictEquals(inputs["detections"], 1040);
    assertEquals(Number(metrics["AP"]) > 0.2 && Number(metrics["AP"]) < 0.9, true);
  }
});

/** A hit without a false one: the devkit adds 2^-52 below the fraction. */
const PERFECT = 0.9999999999999998;

const SQUARE = [[0, 0, 4, 0, 4, 4, 0, 4]];
const object = (more: object = {}) => ({
  id: 1,
  "image_id": 7,
  "category_id": 3,
  bbox: [0, 0, 4, 4],
  area: 16,
  iscrowd: 0,
  segmentation: SQUARE,
  ...more,
});
const detection = (more: object = {}) => ({
  "image_id": 7,
  "category_id": 3,
  bbox: [0, 0, 4, 4],
  score: 0.5,
  ...more,
});
const truthOf = (...annotations: object[]) => ({
  images: [{ id: 7, width: 8, height: 6 }],
  categories: [{ id: 3, name: "cup" }],
  annotations,
});

function files(folder: TestFolder, truth: string | object, results: string | object) {
  return { gt: folder.write("gt.json", truth), pred: folder.write("pred.json", results) };
}

async function apOf(
  kind: string,
  truth: string | object,
  results: string | object,
): Promise<unknown> {
  using folder = new TestFolder();
  return (await resultOf(`coco-${kind}`, files(folder, truth, results))).metrics["AP"];
}

Deno.test("coco-bbox takes a match with annotation 0 for none, as the devkit does", async () => {
  assertStrictEquals(await apOf("bbox", truthOf(object()), [detection()]), PERFECT);
  assertStrictEquals(await apOf("bbox", truthOf(object({ id: 0 })), [detection()]), 0);
});

Deno.test("coco-bbox ranks NaN scores last and reads the tokens of Python's json", async () => {
  const wrong = '{"image_id":7,"category_id":3,"bbox":[5,5,1,1],"score":NaN}';
  const right = JSON.stringify(detection({ score: -1e9 }));
  assertStrictEquals(await apOf("bbox", truthOf(object()), `[${wrong},${right}]`), PERFECT);
  const infinite = wrong.replace("NaN", "Infinity");
  assertStrictEquals(await apOf("bbox", truthOf(object()), `[${infinite},${right}]`), 0.5);
});

Deno.test("coco-segm scores boxes as masks, and polygons of four numbers as boxes", async () => {
  const boxed = object({ segmentation: [[0, 0, 4, 4]] });
  assertStrictEquals(await apOf("segm", truthOf(object()), [detection()]), PERFECT);
  assertStrictEquals(await apOf("segm", truthOf(boxed), [detection()]), PERFECT);
});

Deno.test("coco-bbox scores the boxes around masks where there are no others", async () => {
  // Columns 0 to 3, rows 0 to 3 of six.
  const counts = [0, 4, 2, 4, 2, 4, 2, 4, 26];
  const mask = {
    "image_id": 7,
    "category_id": 3,
    score: 1,
    segmentation: { size: [6, 8], counts },
  };
  assertStrictEquals(await apOf("bbox", truthOf(object()), [mask]), PERFECT);
});

Deno.test("coco-segm warns of masks of another size, which match nothing", async () => {
  using folder = new TestFolder();
  const mask = { size: [4, 4], counts: [0, 16] };
  const results = [{ "image_id": 7, "category_id": 3, score: 1, segmentation: mask }];
  const { metrics, warnings } = await resultOf(
    "coco-segm",
    files(folder, truthOf(object()), results),
  );
  assertStrictEquals(metrics["AP"], 0);
  assertMatch(warnings.join(), /different sizes/);
});

Deno.test("coco-bbox leaves out unknown categories with a warning", async () => {
  using folder = new TestFolder();
  const results = [detection(), detection({ "category_id": 99 })];
  const inputs = files(folder, truthOf(object(), object({ id: 2, "image_id": 8 })), results);
  const { metrics, warnings } = await resultOf("coco-bbox", inputs);
  assertStrictEquals(metrics["AP"], PERFECT);
  assertMatch(warnings[0]!, /^1 detections are of categories/);
  assertMatch(warnings[1]!, /^1 annotations are of images or categories/);
});

Deno.test("coco-bbox gives -1 where there is nothing to score", async () => {
  assertStrictEquals(await apOf("bbox", truthOf(), [detection()]), -1);
});

Deno.test("coco-bbox and coco-segm refuse bad input, naming file and place", async () => {
  using folder = new TestFolder();
  const refusesBoth = async (
    kind: string,
    truth: string | object,
    results: string | object,
    ...parts: string[]
  ) => await refuses(`coco-${kind}`, files(folder, truth, results), ...parts);
  const good = truthOf(object());
  const mask = (segmentation: unknown) => [detection({ bbox: [], segmentation })];
  await refusesBoth("bbox", good, [], "pred.json", "no detections");
  await refusesBoth("bbox", good, {}, "pred.json", "line 1, column 1", "an array");
  await refusesBoth("bbox", good, "[{]", "line 1, column 3");
  await refusesBoth("bbox", good, [detection({ "image_id": 8 })], "detection 0 is of image 8");
  await refusesBoth("bbox", good, [{ ...detection(), score: "1" }], "a number");
  await refusesBoth("bbox", good, [detection({ bbox: [1, 2] })], "2 numbers, and 4 are needed");
  await refusesBoth("bbox", good, [detection(), { ...detection(), bbox: [] }], "detection 1");
  await refusesBoth("bbox", truthOf(object(), object()), [detection()], "annotation 1 comes twice");
  await refusesBoth("bbox", truthOf({ ...object(), area: undefined }), [detection()], '"area"');
  await refusesBoth("bbox", {}, [detection()], "gt.json", '"images"');
  const short = { size: [6, 8], counts: [0, 47] };
  await refusesBoth("segm", good, mask(short), "detection 0", "47 pixels, and 6 x 8 = 48");
  await refusesBoth("segm", good, mask({ size: [6, 8], counts: "0o" }), "end within a number");
  await refusesBoth("segm", good, mask({ size: [6, 8], counts: "~" }), '"~" at position 0');
  await refusesBoth("segm", good, mask({ size: [2 ** 30, 2 ** 30], counts: [0] }), "below 2^32");
  const polygon = truthOf(object({ segmentation: [[1, 2]] }));
  await refusesBoth("segm", polygon, [detection()], "annotation 1", "a polygon of 2 numbers");
  const far = truthOf(object({ segmentation: [[0, 0, 1e12, 0, 0, 1]] }));
  await refusesBoth("segm", far, [detection()], "coordinate 1000000000000");
});
