import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { unavailable } from "../../ffi/mod.ts";
import { runScript } from "../../std/testing.ts";

const files = ["--allow-read", "--allow-write"];
const evaluate = (...args: string[]) =>
  runScript("eval/main.ts", [...files, "--allow-ffi=kernels/build"], ["model", ...args]);

/** One frame with a wall of points ahead, its calibration and a label. */
async function writeFrame(folder: string): Promise<void> {
  for (const part of ["velodyne", "calib", "label_2"]) {
    await Deno.mkdir(`${folder}/${part}`, { recursive: true });
  }
  const points = Float32Array.from(
    { length: 4 * 600 },
    (_, i) => [10 + (i >> 2) % 7 / 9, ((i >> 2) % 30 - 15) / 9, (i >> 2) % 20 / 9 - 1, 0.5][i % 4]!,
  );
  await Deno.writeFile(`${folder}/velodyne/000000.bin`, new Uint8Array(points.buffer));
  await Deno.writeTextFile(
    `${folder}/calib/000000.txt`,
    "P2: 700 0 600 70 0 700 180 0 0 0 1 0\nR0_rect: 1 0 0 0 1 0 0 0 1\n" +
      "Tr_velo_to_cam: 0 -1 0 0 0 0 -1 0.1 1 0 0 -0.2\n",
  );
  await Deno.writeTextFile(
    `${folder}/label_2/000000.txt`,
    "Car 0.00 0 -1.57 500 150 700 250 1.50 1.60 4.00 0.00 1.80 10.00 -1.57\n",
  );
}

Deno.test({
  name:
    "eval model writes boxes in KITTI's format, resumes, and scores them as `eval kitti-object`",
  ignore: unavailable("cpu") !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const source = `${folder}/source/training`;
      await writeFrame(source);
      const convert = ["convert", "kitti-object", "--src", `${folder}/source`];
      await runScript("datasets/main.ts", files, [...convert, "--out", `${folder}/data`]);
      const args = ["KITTI_SECOND", "--data", `${folder}/data`, "--out", `${folder}/out`];
      const lacking = await evaluate(...args);
      assertEquals(lacking.code, 2);
      assertStringIncludes(lacking.stderr, "--calib DIR is missing");

      const all = [...args, "--calib", `${source}/calib`, "--gt", `${source}/label_2`, "--json"];
      const first = await evaluate(...all);
      assertEquals([first.code, first.stderr.includes("weights are random")], [0, true]);
      const result = JSON.parse(first.stdout);
      assertEquals([result.inputs.model, result.inputs.frames], ["KITTI_SECOND", 1]);
      const path = `${folder}/out/data/000000.txt`;
      const lines = (await Deno.readTextFile(path)).trimEnd().split("\n");
      for (const line of lines) {
        assertMatch(line, /^(Car|Pedestrian|Cyclist) -1 -1( -?\d+\.\d{4}){13}$/);
      }
      const official = await runScript("eval/main.ts", files, [
        ...["kitti-object", "--gt", `${source}/label_2`, "--pred", `${folder}/out/data`, "--json"],
      ]);
      assertEquals(JSON.parse(official.stdout).metrics, result.metrics);
      // No result of random weights is stored, which a table could be made of.
      const stored = [...Deno.readDirSync(`${folder}/out`)].map(({ name }) => name).sort();
      assertEquals(stored, ["data", "run.json"]);

      const written = (await Deno.stat(path)).mtime;
      assertEquals((await evaluate(...all)).code, 0);
      assertEquals((await Deno.stat(path)).mtime, written);

      const other = await evaluate("Waymo_CenterPoint", ...args.slice(1));
      assertEquals(other.code, 2);
      assertMatch(other.stderr, /it is of kitti-object, and waymo is needed/);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "eval model reads the images of a rig, and scores its boxes as `eval nuscenes-detection`",
  ignore: unavailable("cpu") !== undefined,
  async fn() {
    const folder = await Deno.makeTempDir();
    try {
      const [source, version] = [`${folder}/source`, "v1.0-mini"];
      const synth = ["synth", "--format", "nuscenes", "--scenes", "1", "--out", source];
      await runScript("datasets/main.ts", files, synth);
      // A scene of the split that is scored.
      const scenes = `${source}/${version}/scene.json`;
      const text = await Deno.readTextFile(scenes);
      await Deno.writeTextFile(scenes, text.replace("scene-5000", "scene-0103"));
      const convert = ["convert", "nuscenes", "--src", source, "--out"];
      await runScript("datasets/main.ts", files, [...convert, `${folder}/data`]);
      const truth = ["--gt", source, "--version", version, "--json"];
      const args = ["nuScenes_BEVFusion", "--out", `${folder}/out`, ...truth];
      const { code, stdout, stderr } = await evaluate(...args, "--data", `${folder}/data`);
      assertEquals([code, stderr.includes("weights are random")], [0, true], stderr);
      const result = JSON.parse(stdout);
      const pred = `${folder}/out/results_nusc.json`;
      const written = JSON.parse(await Deno.readTextFile(pred));
      assertEquals(written.meta["use_camera"], true);
      const [boxes] = Object.values(written.results) as [unknown[]];
      assertEquals(boxes.length, 200);
      const official = await runScript("eval/main.ts", files, [
        ...["nuscenes-detection", ...truth, "--split", "mini_val", "--pred", pred],
      ]);
      assertEquals(JSON.parse(official.stdout).metrics, result.metrics);

      await runScript("datasets/main.ts", files, [...convert, `${folder}/blind`, "--no-images"]);
      const blind = ["nuScenes_BEVFusion", "--out", `${folder}/none`, "--data", `${folder}/blind`];
      const refused = await evaluate(...blind);
      assertEquals([refused.code, refused.stdout], [2, ""]);
      assertStringIncludes(refused.stderr, "it has no images, and the network reads them");
      assertEquals([...Deno.readDirSync(`${folder}/none`)].map(({ name }) => name), ["run.json"]);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("eval model refuses options that a network has no use for", async () => {
  const kitti = await evaluate("KITTI_SECOND", "--data", "nowhere", "--version", "v1.0-mini");
  assertEquals(kitti.code, 2);
  assertStringIncludes(kitti.stderr, "Cannot use --version: KITTI_SECOND is not for nuScenes");
  const boxes = await evaluate("KITTI_SECOND", "--data", "nowhere");
  assertEquals([boxes.code, boxes.stdout], [2, ""]);
  assertStringIncludes(boxes.stderr, "--out DIR is missing");
  const labels = await evaluate("nuScenes_SPVCNN", "--data", "nowhere", "--gt", "x");
  assertEquals(labels.code, 2);
  assertStringIncludes(labels.stderr, "Cannot use --gt: nuScenes_SPVCNN labels points");
});
