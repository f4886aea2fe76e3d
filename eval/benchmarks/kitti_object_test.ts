import { assertEquals, assertStrictEquals } from "@std/assert";
import { kittiObjectTwin } from "../../datasets/twins/kitti_object.ts";
import { sharedPath, TestFolder } from "../../std/testing.ts";
import { refuses, resultOf, resultOfTwin } from "../test_benchmarks.ts";

const golden = sharedPath("golden/kitti_object");
const ID = "kitti-object";
const NATIVE = { rule: "native" };

/** A car, then its detection, at the same place. */
const CAR = "Car 0.00 0 0.5 100 100 200 180 1.5 1.6 3.9 2.0 1.7 20.0 0.6";
const HIT = `${CAR} 0.9`;

/** A folder of labels and results, by frame. */
function frames(...pairs: readonly (readonly [string, string])[]): TestFolder {
  const folder = new TestFolder();
  pairs.forEach(([label, result], i) => {
    folder.write(`gt/${String(i).padStart(6, "0")}.txt`, label);
    folder.write(`pred/${String(i).padStart(6, "0")}.txt`, result);
  });
  return folder;
}

const run = ({ path }: TestFolder, options: Record<string, string> = NATIVE) =>
  resultOf(ID, { gt: `${path}/gt`, pred: `${path}/pred`, options });

Deno.test({
  name: "kitti-object equals both official programs to the last digit",
  ignore: golden === undefined,
  async fn() {
    for (const name of ["basic", "few_objects", "height_edges"]) {
      const folder = `${golden}/${name}`;
      const expected = JSON.parse(Deno.readTextFileSync(`${folder}/expected.json`));
      for (const [rule, peer] of [["native", "asharakeh"], ["devkit", "prclibo"]] as const) {
        const { metrics } = await resultOf(ID, {
          gt: `${folder}/label_2`,
          pred: `${folder}/result/data`,
          options: { rule },
        });
        const wanted: Record<string, number> = {};
        for (const [score, levels] of Object.entries<Levels>(expected[peer].results)) {
          for (const [level, { r11, r40 }] of Object.entries(levels)) {
            wanted[`${score}_${level}_r11`] = r11;
            wanted[`${score}_${level}_r40`] = r40;
          }
        }
        const found = Object.fromEntries(Object.keys(wanted).map((key) => [key, metrics[key]]));
        assertEquals(found, wanted, `${name}, ${rule}`);
      }
    }
  },
});
type Levels = Record<string, { r11: number; r40: number }>;

Deno.test("kitti-object gives no entry to classes without a detection", async () => {
  using folder = frames([CAR, HIT]);
  const { metrics } = await run(folder);
  // One hit is one threshold: of the 41 precisions only the first is 1.
  assertEquals([metrics["car_3d_hard_r11"], metrics["car_3d_hard_r40"]], [1 / 11 * 100, 0]);
  assertEquals(Object.keys(metrics).filter((key) => !key.startsWith("car_")), []);
});

Deno.test("kitti-object leaves out orientation where one detection has no angle", async () => {
  using folder = frames([CAR, HIT], [CAR, HIT.replace(" 0.5 ", " -10 ")]);
  const { metrics } = await run(folder);
  assertEquals("car_aos_easy_r40" in metrics, false);
  assertEquals("car_2d_easy_r40" in metrics, true);
});

Deno.test("kitti-object --rule devkit counts boxes of exactly the least height", async () => {
  const exact = CAR.replace(" 180 ", " 140 ");
  using folder = frames([exact, `${exact} 0.9`]);
  const first = (await run(folder, { rule: "devkit" })).metrics["car_2d_easy_r11"];
  const second = (await run(folder)).metrics["car_2d_easy_r11"];
  assertEquals([first, second], [1 / 11 * 100, 0]);
});

Deno.test("kitti-object drops lines without all columns, in step with fscanf, and says how many", async () => {
  using folder = frames([CAR, `${CAR}\nCar 1 2 x\n${HIT}\n`]);
  const { warnings, inputs } = await run(folder);
  assertEquals(warnings, [
    "3 result lines have columns that are missing or no numbers and took no part, as in the " +
    "official programs",
  ]);
  assertStrictEquals(inputs["boxes"], 2);
});

Deno.test("kitti-object scores empty files, and boxes without area as overlapping nothing", async () => {
  using folder = frames([CAR, ""], [CAR, HIT.replace(" 3.9 ", " 0 ")], ["", HIT]);
  const { metrics } = await run(folder, { rule: "devkit" });
  assertEquals([metrics["car_bev_easy_r11"], metrics["car_2d_easy_r11"]], [0, 0.5 / 11 * 100]);
});

Deno.test("kitti-object warns of frames without results and refuses results without labels", async () => {
  using folder = frames([CAR, HIT], [CAR, HIT]);
  Deno.removeSync(`${folder.path}/pred/000000.txt`);
  const { warnings } = await run(folder);
  assertEquals(warnings.length, 1);
  Deno.removeSync(`${folder.path}/gt/000001.txt`);
  const at = { gt: `${folder.path}/gt`, pred: `${folder.path}/pred`, options: NATIVE };
  await refuses(ID, at, '/pred/000001.txt": --gt', 'has no "000001.txt"');
});

Deno.test("kitti-object refuses folders that are not there, are empty or hold other files", async () => {
  using folder = frames([CAR, HIT]);
  const [gt, pred] = [`${folder.path}/gt`, `${folder.path}/pred`];
  await refuses(ID, { gt: "/no/such", pred, options: NATIVE }, 'the folder --gt "/no/such"');
  folder.write("empty/note", "");
  const empty = `${folder.path}/empty`;
  await refuses(ID, { gt, pred: empty, options: NATIVE }, "it has no file NNNNNN.txt");
  folder.write("pred/results.txt", HIT);
  await refuses(ID, { gt, pred, options: NATIVE }, 'it has "results.txt"');
  folder.write("long/000000.txt", `${"C".repeat(300)} 1`);
  await refuses(
    ID,
    { gt, pred: `${folder.path}/long`, options: NATIVE },
    "a type of 300 characters",
  );
});

Deno.test("kitti-object scores a twin the same on one thread and on three", async () => {
  const { metrics } = await resultOfTwin(kittiObjectTwin, 200, NATIVE);
  const score = metrics["car_3d_moderate_r40"] as number;
  assertEquals(score > 5 && score < 95, true, `${score}`);
});
