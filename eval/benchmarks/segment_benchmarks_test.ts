import { assertEquals, assertMatch, assertStrictEquals } from "@std/assert";
import { scannetInstanceTwin } from "../../datasets/twins/scannet_instance.ts";
import { semanticKittiPanopticTwin } from "../../datasets/twins/semantickitti_panoptic.ts";
import { sharedPath, TestFolder } from "../../std/testing.ts";
import { refuses, resultOf, resultOfTwin } from "../test_benchmarks.ts";
import { TestRoot } from "../test_labels.ts";

const scannet = sharedPath("golden/scannet_instance");
const panoptic = sharedPath("golden/semantickitti_panoptic");

Deno.test({
  name: "semantickitti-panoptic equals the devkit to the last digit",
  ignore: panoptic === undefined,
  async fn() {
    const folder = `${panoptic}/basic`;
    const expected = JSON.parse(Deno.readTextFileSync(`${folder}/expected.json`));
    const result = await resultOf("semantickitti-panoptic", { gt: folder, pred: folder });
    assertEquals(Object.entries(result.metrics).sort(), Object.entries(expected.scores).sort());
    for (const name of ["pq", "sq", "rq", "tp", "fp", "fn"]) {
      const key = name.endsWith("q") ? `${name}_class` : name;
      assertEquals(Object.values(result.perClass).map((row) => row[name]), expected[key].slice(1));
    }
  },
});

Deno.test({
  name: "scannet-instance equals the script to the last digit, and its fix where it crashes",
  ignore: scannet === undefined,
  async fn() {
    for (const name of ["basic", "ties", "crash_of_the_peer"]) {
      const folder = `${scannet}/${name}`;
      const expected = JSON.parse(Deno.readTextFileSync(`${folder}/expected.json`));
      const files = { gt: `${folder}/gt`, pred: `${folder}/pred` };
      const { metrics, perClass, warnings } = await resultOf("scannet-instance", files);
      for (const score of ["all_ap", "all_ap_50", "all_ap_25"]) {
        assertStrictEquals(metrics[score], expected[score]);
      }
      for (const [label, scores] of Object.entries<Record<string, number>>(expected.classes)) {
        assertStrictEquals(metrics[`ap_${label}`], scores["ap"]);
        assertStrictEquals(metrics[`ap_50_${label}`], scores["ap50%"]);
        assertStrictEquals(metrics[`ap_25_${label}`], scores["ap25%"]);
        const found = Object.entries(perClass[label]!).filter(([key]) => key.startsWith("ap@"));
        const curve = expected["ap_class_by_overlap"][label].slice(0, 9);
        assertEquals(found.map(([, score]) => score), curve);
      }
      assertStrictEquals(warnings.length > 0, name === "crash_of_the_peer");
    }
  },
});

Deno.test("both score a twin, with any number of threads the same", async () => {
  const scans = await resultOfTwin(semanticKittiPanopticTwin, 2);
  assertEquals(Number(scans.metrics["pq_mean"]) > 0.3, true);
  const scenes = await resultOfTwin(scannetInstanceTwin, 2);
  assertEquals(Number(scenes.metrics["all_ap"]) > 0.1, true);
});

const labels = (label: number, points: number) => Array<number>(points).fill(label);

Deno.test("semantickitti-panoptic counts segments of 50 points and matches smaller ones", async () => {
  using root = new TestRoot();
  const [car, bus] = [10 | 1 << 16, 13 | 2 << 16];
  // The car of 49 points is missed without being counted, the one of 3 is found.
  root.frames([
    [...labels(car, 49), ...labels(car + 65536, 3), ...labels(bus, 60)],
    [...labels(40, 49), ...labels(car + 65536, 3), ...labels(50, 60)],
  ]);
  const { perClass } = await resultOf("semantickitti-panoptic", { gt: root.path, pred: root.path });
  const counts = (name: string) => ["tp", "fp", "fn"].map((key) => perClass[name]![key]);
  assertEquals(counts("car"), [1, 0, 0]);
  assertEquals(counts("other-vehicle"), [0, 0, 1]);
  assertEquals(counts("road"), [0, 0, 0]);
  assertEquals(counts("building"), [0, 1, 0]);
});

Deno.test("semantickitti-panoptic refuses ids that the devkit cannot hold", async () => {
  using root = new TestRoot();
  const far = (10 | 40000 << 16) >>> 0;
  root.frames([[far, far], [10, 10]]);
  const files = { gt: root.path, pred: root.path };
  await refuses("semantickitti-panoptic", files, "08/labels/000000.label", "instance id 40000");
  root.frames([[10, 10], [10, 359]]);
  await refuses("semantickitti-panoptic", files, "predictions/000000.label", "point 1", "359");
});

/** A scene of 300 vertices: a chair of 120, a chair of 90 and floor. */
function sceneFiles(folder: TestFolder, lines: string, masks: Record<string, string> = {}) {
  const ids = [...labels(5001, 120), ...labels(5002, 90), ...labels(2000, 90)];
  folder.write("gt/scene.txt", ids.join("\n"));
  folder.write("pred/scene.txt", lines);
  for (const [name, text] of Object.entries(masks)) folder.write(`pred/${name}`, text);
  return { gt: `${folder.path}/gt`, pred: `${folder.path}/pred` };
}

const mask = (from: number, to: number) =>
  Array.from({ length: 300 }, (_, v) => `${Number(v >= from && v < to)}\n`).join("");

Deno.test("scannet-instance ignores what lies in small instances and unscored labels", async () => {
  using folder = new TestFolder();
  const lines = "m/a.txt 5 0.5\r\nm/b.txt 5 0.9\nm/c.txt 2 1\n";
  const masks = { "m/a.txt": mask(0, 120), "m/b.txt": mask(130, 300), "m/c.txt": "" };
  const { metrics } = await resultOf("scannet-instance", sceneFiles(folder, lines, masks));
  assertEquals([metrics["ap_chair"], metrics["ap_table"], metrics["all_ap"]], [1, "NaN", 1]);
});

Deno.test("scannet-instance takes the later of two lines of a mask, and warns of scenes", async () => {
  using folder = new TestFolder();
  const lines = "m/a.txt 7 1e-1\nm/a.txt 5.9 nan";
  const files = sceneFiles(folder, lines, { "m/a.txt": mask(0, 120) });
  folder.write("gt/other.txt", "0\n");
  const { metrics, warnings } = await resultOf("scannet-instance", files);
  assertStrictEquals(metrics["ap_chair"], 1);
  assertMatch(warnings.join(), /^1 scenes of --gt have no predictions/);
});

Deno.test("scannet-instance scores 0 where nothing is predicted", async () => {
  using folder = new TestFolder();
  const { metrics } = await resultOf("scannet-instance", sceneFiles(folder, ""));
  assertStrictEquals(metrics["all_ap"], 0);
});

Deno.test("scannet-instance refuses bad input, naming file and line", async () => {
  using folder = new TestFolder();
  const bad = (lines: string, ...parts: string[]) =>
    refuses("scannet-instance", sceneFiles(folder, lines, { "m/a.txt": "1\n" }), ...parts);
  await bad("m/a.txt 5", "pred/scene.txt", "line 1", "2 parts");
  await bad("m/a.txt 5 1\n\n", "line 2");
  await bad("m/a.txt  5 1", "4 parts");
  await bad("/m/a.txt 5 1", "absolute");
  await bad("../gt/scene.txt 5 1", "outside");
  await bad("m/a.txt chair 1", 'class is "chair"');
  await bad("m/a.txt 5 high", 'confidence is "high"');
  await bad("m/none.txt 5 1", "m/none.txt");
  await bad("m/a.txt 5 1", "m/a.txt", "it has 1 lines", "has 300");
  const files = sceneFiles(folder, "m/a.txt 5 1", { "m/a.txt": "1\n0.5\n" });
  await refuses("scannet-instance", files, "m/a.txt", 'line 2 is "0.5"');
  folder.write("pred/scene2.txt", "");
  await refuses("scannet-instance", files, "scene2.txt", "it is needed");
});
