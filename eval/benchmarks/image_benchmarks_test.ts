import { assertAlmostEquals, assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { cityscapesTwin } from "../../datasets/twins/cityscapes.ts";
import { cocoPanopticTwin } from "../../datasets/twins/coco_panoptic.ts";
import { CITYSCAPES_LABELS } from "../../datasets/published/cityscapes.ts";
import { encodePng } from "../../std/png_writer.ts";
import { sharedPath, TestFolder } from "../../std/testing.ts";
import { cityscapesScores } from "../metrics/cityscapes_scores.ts";
import { refuses, resultOf, resultOfTwin } from "../test_benchmarks.ts";
import { findImages } from "./cityscapes_files.ts";
import { readIds } from "./image_files.ts";

const panoptic = sharedPath("golden/coco_panoptic");
const cityscapes = sharedPath("golden/cityscapes");

/** A grey image of 4 x 2 pixels. */
const grey = (...samples: number[]) =>
  encodePng({ width: 4, height: 2, channels: 1, samples: Uint8Array.from(samples) });
const grey16 = (...samples: number[]) =>
  encodePng({ width: 4, height: 2, channels: 1, samples: Uint16Array.from(samples) });
/** An RGB image of 4 x 2 pixels with these ids. */
const rgb = (...ids: number[]) => {
  const samples = Uint8Array.from(ids.flatMap((id) => [id, id >> 8, id >> 16]));
  return encodePng({ width: 4, height: 2, channels: 3, samples });
};

Deno.test({
  name: "coco-panoptic equals panopticapi to the last digit",
  ignore: panoptic === undefined,
  async fn() {
    const folder = `${panoptic}/basic`;
    const expected = JSON.parse(Deno.readTextFileSync(`${folder}/expected.json`));
    const files = { gt: `${folder}/gt.json`, pred: `${folder}/pred.json` };
    const { metrics, perClass } = await resultOf("coco-panoptic", files);
    for (const group of ["All", "Things", "Stuff"]) {
      for (const name of ["pq", "sq", "rq", "n"]) {
        assertStrictEquals(metrics[`${group.toLowerCase()}_${name}`], expected[group][name]);
      }
    }
    for (const [id, scores] of Object.entries<object>(expected["per_class"])) {
      const { pq, sq, rq } = perClass[`c${id}`]!;
      assertEquals<unknown>({ pq, sq, rq }, scores);
    }
  },
});

Deno.test({
  name: "cityscapes equals the devkit; weighted sums, which it adds in directory order, to 1e-15",
  ignore: cityscapes === undefined,
  async fn() {
    for (const name of ["basic", "missing_classes"]) {
      const folder = `${cityscapes}/${name}`;
      const expected = JSON.parse(Deno.readTextFileSync(`${folder}/expected.json`));
      const files = { gt: `${folder}/gtFine`, pred: `${folder}/results` };
      const { metrics } = await resultOf("cityscapes", files);
      const scores = (prefix: string, of: Record<string, number | string>) => {
        for (const [label, score] of Object.entries(of)) {
          const found = metrics[`${prefix}${label}`] ?? "NaN";
          if (score === "NaN" || !prefix.includes("iiou")) assertStrictEquals(found, score, label);
          else assertAlmostEquals(Number(found), Number(score), 1e-15);
        }
      };
      scores("iou_", expected.classScores);
      scores("iiou_", expected.classInstScores);
      scores("category_iou_", expected.categoryScores);
      scores("category_iiou_", expected.categoryInstScores);
      assertStrictEquals(metrics["averageScoreClasses"], expected.averageScoreClasses);
      assertStrictEquals(metrics["averageScoreCategories"], expected.averageScoreCategories);
      for (const mean of ["averageScoreInstClasses", "averageScoreInstCategories"]) {
        assertAlmostEquals(Number(metrics[mean]), expected[mean], 1e-15);
      }
    }
  },
});

Deno.test({
  name: "cityscapes equals every digit of the devkit's weighted sums in its directory's order",
  ignore: cityscapes === undefined,
  fn() {
    // Places in the sorted list, in the order in which the devkit's run took the images.
    for (const [name, order] of [["basic", [0, 2, 1]], ["missing_classes", [1, 0]]] as const) {
      const folder = `${cityscapes}/${name}`;
      const expected = JSON.parse(Deno.readTextFileSync(`${folder}/expected.json`));
      const paths = { gt: `${folder}/gtFine`, pred: `${folder}/results` };
      const { items } = findImages({ ...paths, options: { split: "val" } });
      const state = cityscapesScores.create(CITYSCAPES_LABELS);
      order.forEach((place, index) => {
        const { truth, predicted, instances } = items[place]!;
        cityscapesScores.update(state, {
          truth: readIds(truth).samples as Uint8Array,
          predicted: readIds(predicted).samples as Uint8Array,
          instances: readIds(instances).samples,
          index,
        });
      });
      const { instanceClasses, instanceCategories, means } = cityscapesScores.compute(state);
      for (const [label, score] of [...instanceClasses, ...instanceCategories]) {
        const wanted = expected.classInstScores[label] ?? expected.categoryInstScores[label];
        assertStrictEquals(Number.isNaN(score) ? "NaN" : score, wanted, label);
      }
      assertStrictEquals(means[1], expected.averageScoreInstClasses);
      assertStrictEquals(means[3], expected.averageScoreInstCategories);
    }
  },
});

Deno.test("coco-panoptic and cityscapes score a twin, with any number of threads the same", async () => {
  const { metrics } = await resultOfTwin(cocoPanopticTwin, 3);
  assertEquals(Number(metrics["all_pq"]) > 0.3, true);
  const streets = await resultOfTwin(cityscapesTwin, 2);
  assertEquals(Number(streets.metrics["averageScoreClasses"]) > 0.3, true);
});

const HALVES = rgb(1, 1, 1, 1, 2, 2, 2, 2);

/** One image: truth and prediction of two segments. */
function panopticFiles(
  folder: TestFolder,
  { predicted = HALVES, segments = [3, 4], crowd = 0, area = 4 } = {},
) {
  folder.write("gt/a.png", HALVES);
  folder.write("pred/a.png", predicted);
  const categories = [3, 4].map((id) => ({ id, name: `c${id}`, isthing: id - 3 }));
  const info = (ids: number[]) =>
    ids.map((category, i) => ({ id: i + 1, "category_id": category, area, iscrowd: crowd * i }));
  const annotation = { "image_id": 5, "file_name": "a.png" };
  return {
    gt: folder.write("gt.json", {
      categories,
      annotations: [{ ...annotation, "segments_info": info([3, 4]) }],
    }),
    pred: folder.write("pred.json", {
      annotations: [{ ...annotation, "segments_info": info(segments) }],
    }),
  };
}

Deno.test("coco-panoptic ignores predictions in crowds and takes the folders too", async () => {
  using folder = new TestFolder();
  const { gt, pred } = panopticFiles(folder, { crowd: 1 });
  const { metrics } = await resultOf("coco-panoptic", {
    gt: gt.replace(".json", ""),
    pred: pred.replace(".json", "/"),
  });
  assertEquals([metrics["all_pq"], metrics["all_n"], metrics["things_pq"]], [1, 1, "NaN"]);
});

Deno.test("coco-panoptic refuses bad input, naming file and image", async () => {
  using folder = new TestFolder();
  const bad = (change: Parameters<typeof panopticFiles>[1], ...parts: string[]) =>
    refuses("coco-panoptic", panopticFiles(folder, change), ...parts);
  const grown = rgb(1, 1, 1, 1, 2, 2, 2, 9);
  await bad({ predicted: grown }, "pred/a.png", "image 5", "segment 9 is in the PNG and not");
  await bad({ segments: [3, 4, 3] }, "segment 3 is in the JSON and not in the PNG");
  await bad({ area: -1 }, "gt/a.png", "segment 1 has area -1 in the JSON and covers more");
  await bad({ segments: [3, 5] }, "segment 2 of image 5 has category 5");
  await bad({ predicted: grey(1, 1, 1, 1, 2, 2, 2, 2) }, "grey of 8 bits, and RGB");
  await bad(
    { predicted: HALVES.subarray(0, 50) },
    "pred/a.png",
    "before its last chunk",
  );
  await refuses("coco-panoptic", { gt: "nowhere.json", pred: "nowhere.json" }, "nowhere");
  const files = panopticFiles(folder);
  folder.write("pred.json", { annotations: [] });
  await refuses("coco-panoptic", files, "no prediction for image 5");
  const twice = { "image_id": 5, "file_name": "a.png", "segments_info": [] };
  folder.write("pred.json", { annotations: [twice, twice] });
  await refuses("coco-panoptic", files, "image 5 has two annotations");
  folder.write("pred.json", { annotations: [{ ...twice, "file_name": "../a.png" }] });
  await refuses("coco-panoptic", files, "leads out of the folder");
  folder.write("pred.json", '{"annotations": [}');
  await refuses("coco-panoptic", files, "pred.json", "line 1, column 18");
});

interface Street {
  readonly truth?: Uint8Array;
  readonly predicted?: Uint8Array;
  readonly instances?: Uint8Array;
}

const CAR = [26001, 26001, 7, 7, 26001, 26001, 7, 7];

/** One image whose left half is a car on a road. */
function street(folder: TestFolder, { truth, predicted, instances }: Street = {}) {
  const labels = grey(26, 26, 7, 7, 26, 26, 7, 7);
  const city = "gtFine/val/ulm/ulm_000001_000002_gtFine";
  folder.write(`${city}_labelIds.png`, truth ?? labels);
  folder.write(`${city}_instanceIds.png`, instances ?? grey16(...CAR));
  folder.write("results/deep/ulm_000001_000002_leftImg8bit_pred.png", predicted ?? labels);
  return { gt: `${folder.path}/gtFine`, pred: `${folder.path}/results` };
}

Deno.test("cityscapes weighs instances and counts other vehicles for their category", async () => {
  using folder = new TestFolder();
  // Half of the car is a caravan, which is not scored but a vehicle.
  const files = street(folder, { predicted: grey(26, 26, 7, 7, 29, 29, 7, 7) });
  const { metrics } = await resultOf("cityscapes", files);
  assertEquals([metrics["iou_car"], metrics["iiou_car"]], [0.5, 0.5]);
  assertEquals([metrics["category_iou_vehicle"], metrics["category_iiou_vehicle"]], [0.5, 1]);
});

Deno.test("cityscapes reads predictions of 16 bits and finds the folder of the data set", async () => {
  using folder = new TestFolder();
  street(folder, { predicted: grey16(26, 26, 7, 7, 26, 26, 7, 7) });
  const files = { gt: folder.path, pred: `${folder.path}/results` };
  assertStrictEquals((await resultOf("cityscapes", files)).metrics["averageScoreClasses"], 1);
  folder.write("results/aachen_000001_000002_pred.png", grey(0, 0, 0, 0, 0, 0, 0, 0));
  const { warnings } = await resultOf("cityscapes", files);
  assertMatch(warnings.join(), /^1 PNG files of --pred belong to no image/);
});

Deno.test("cityscapes refuses bad input, naming file and pixel", async () => {
  using folder = new TestFolder();
  const bad = (images: Street, ...parts: string[]) =>
    refuses("cityscapes", street(folder, images), ...parts);
  const ids = (id: number) => grey(26, 26, 7, 7, 26, id, 7, 7);
  await bad({ predicted: ids(34) }, "_pred.png", "column 1, row 1 has id 34");
  await bad({ truth: ids(255) }, "labelIds.png", "column 1, row 1 has id 255");
  await bad({ instances: grey16(...CAR.with(3, 7001)) }, "instanceIds.png", "row 0 has id 7001");
  await bad({ predicted: grey16(...CAR) }, "column 0, row 0 has id 26001");
  await bad({ predicted: rgb(1, 2, 3, 4, 5, 6, 7, 8) }, "rgb of 8 bits");
  const wide = encodePng({ width: 8, height: 1, channels: 1, samples: new Uint8Array(8) });
  await bad({ predicted: wide }, "8 x 1 pixels and the ground truth has 4 x 2");
  await bad({ predicted: ids(26).subarray(0, 60) }, "_pred.png", "before its last chunk");
  const files = street(folder);
  folder.write("results/ulm_000001_000002_again.png", ids(26));
  await refuses("cityscapes", files, "2 files of --pred match it");
  await refuses("cityscapes", { ...files, gt: files.pred }, "at least one is needed");
  folder.write("gtFine/val/ulm/ulm_000001_000003_gtFine_labelIds.png", ids(26));
  Deno.removeSync(`${folder.path}/results/ulm_000001_000002_again.png`);
  await refuses("cityscapes", files, "has no file ulm_000001_000003*.png");
});
