import { assertAlmostEquals, assertEquals } from "@std/assert";
import { nuscenesDetectionTwin } from "../../datasets/twins/nuscenes_detection.ts";
import { sharedPath, TestFolder } from "../../std/testing.ts";
import { refuses, resultOf, resultOfTwin } from "../test_benchmarks.ts";

const golden = sharedPath("golden/nuscenes_detection");
const ID = "nuscenes-detection";
const MINI = { version: "v1.0-mini", split: "mini_val" };
const VAL = { version: "v1.0-trainval", split: "val" };
type Table = Record<string, Record<string, number>>;

Deno.test({
  name: "nuscenes-detection equals the devkit to the last digit, angles but for a few ulp",
  ignore: golden === undefined,
  async fn() {
    for (const name of ["basic", "ties_and_missing"]) {
      const gt = `${golden}/${name}`;
      const expected = JSON.parse(Deno.readTextFileSync(`${gt}/expected.json`));
      const { metrics, inputs } = await resultOf(ID, {
        gt,
        pred: `${gt}/results_nusc.json`,
        options: MINI,
      });
      const wanted: Record<string, number> = { "mean_ap": expected["mean_ap"] };
      Object.assign(wanted, expected["tp_errors"]);
      for (const [kind, row] of Object.entries(expected["label_aps"] as Table)) {
        for (const [distance, ap] of Object.entries(row)) wanted[`ap_${kind}_${distance}`] = ap;
      }
      for (const [kind, row] of Object.entries(expected["label_tp_errors"] as Table)) {
        for (const [error, value] of Object.entries(row)) wanted[`${error}_${kind}`] = value;
      }
      for (const [key, value] of Object.entries(wanted)) {
        // The arc tangent of V8 is not that of the C library.
        if (key.startsWith("orient_err") && typeof value === "number") {
          assertAlmostEquals(metrics[key] as number, value, 1e-15, key);
        } else assertEquals([key, metrics[key]], [key, value]);
      }
      assertAlmostEquals(metrics["nd_score"] as number, expected["nd_score"], 1e-15);
      assertEquals(inputs["scoredTruths"], expected["num_gt_after_filter"]);
      assertEquals(inputs["scoredPredictions"], expected["num_pred_after_filter"]);
    }
  },
});

Deno.test("nuscenes-detection scores a twin the same on one thread and on three", async () => {
  const { metrics } = await resultOfTwin(nuscenesDetectionTwin, 60, VAL);
  const score = metrics["mean_ap"] as number;
  assertEquals(score > 0.02 && score < 0.9, true, `${score}`);
});

/** A small twin whose submission is changed as text. */
async function changed(change: (text: string) => string) {
  const folder = new TestFolder();
  const { gt, pred } = await nuscenesDetectionTwin.write(folder.path, 3, 1);
  Deno.writeTextFileSync(pred, change(Deno.readTextFileSync(pred)));
  const dispose = () => folder[Symbol.dispose]();
  return { gt, pred, options: VAL, [Symbol.dispose]: dispose };
}

Deno.test("nuscenes-detection refuses submissions that break a rule, with line and column", async () => {
  const cases: readonly (readonly [(text: string) => string, string])[] = [
    [(text) => text.slice(0, -9), "the file ends"],
    [(text) => text.replace('"results"', '"result"'), 'there is no "results"'],
    [(text) => text.replace('"meta"', '"mata"'), 'there is no "meta"'],
    [
      (text) => text.replace(/"detection_name":"\w+"/, '"detection_name":"dog"'),
      "one of car, truck",
    ],
    [
      (text) => text.replace(/"attribute_name":"[^"]*"/, '"attribute_name":"x"'),
      "pedestrian.moving",
    ],
    [(text) => text.replace(/"size":\[[^,]+/, '"size":[NaN'), "NaN is no such number"],
    [(text) => text.replace(/"size":\[[^,]+,/, '"size":['), "3 numbers, not 2"],
    [(text) => text.replace(/"detection_score":[^,]+/, '"detection_score":NaN'), "a score"],
    [(text) => text.replace(/"velocity":\[[^\]]+\],/, ""), 'has no "velocity"'],
    [(text) => text.replace(/("[0-9a-f]{32}": \[).*?\], /, "$1], $1], "), "is there twice"],
    [(text) => text.replace(/"sample_token":"\w+"/, '"sample_token":"x"'), "lies under"],
  ];
  for (const [change, message] of cases) {
    using file = await changed(change);
    await refuses(ID, file, "results_nusc.json", ", column ", message);
  }
});

Deno.test("nuscenes-detection refuses samples that are missing or of another split, and no boxes", async () => {
  using missing = await changed((text) => text.replace(/"[0-9a-f]{32}": \[.*?\], (?=")/, ""));
  await refuses(ID, missing, "1 of 3 samples of the split are not in it");
  using other = await changed((text) => text.replace('"results": {', '"results": {"abc": [], '));
  await refuses(ID, other, 'sample "abc" is none of split "val"');
  using empty = await changed((text) => text.replaceAll(/(": \[)\{.*?\}(\], "|\]\})/g, "$1$2"));
  await refuses(ID, empty, "it has no box, and at least one is needed");
});

Deno.test("nuscenes-detection takes NaN velocities, and refuses matched boxes without size", async () => {
  using slow = await changed((text) => text.replaceAll(/"velocity":\[[^,]+/g, '"velocity":[NaN'));
  assertEquals((await resultOf(ID, slow)).metrics["vel_err"], 1);
  using flat = await changed((text) => text.replaceAll(/"size":\[[^,]+/g, '"size":[0'));
  await refuses(ID, flat, "that is matched has size 0 x", "sizes above 0 are needed");
});

Deno.test("nuscenes-detection refuses a version that does not have the split, and absent files", async () => {
  using file = await changed((text) => text);
  const options = { ...VAL, split: "mini_val" };
  await refuses(ID, { ...file, options }, 'a version that ends with "mini" is needed');
  await refuses(ID, { ...file, options: { ...VAL, split: "mine" } }, "splits.json");
  await refuses(ID, { ...file, pred: "/no/such.json" }, "/no/such.json");
  await refuses(ID, { ...file, gt: "/no/such" }, "/no/such/v1.0-trainval/scene.json");
});

Deno.test("nuscenes-detection refuses tables with a sample or an annotation twice", async () => {
  for (const table of ["sample", "sample_annotation"]) {
    using file = await changed((text) => text);
    const path = `${file.gt}/v1.0-trainval/${table}.json`;
    const rows = JSON.parse(Deno.readTextFileSync(path));
    Deno.writeTextFileSync(path, JSON.stringify([...rows, rows[0]]));
    await refuses(ID, file, `${table}.json`, ", column ", `"${rows[0].token}" is there twice`);
  }
});
