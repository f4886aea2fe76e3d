import { assertEquals, assertRejects } from "@std/assert";
import { writeScans } from "../../datasets/arrow_writer.ts";
import type { Scan } from "../../datasets/scan.ts";
import { Context } from "../../ffi/mod.ts";
import { InputError } from "../../std/errors.ts";
import { groundScan } from "./fakes.ts";
import { buildScene, loadScene, type Scene } from "./scene.ts";

const ORIGIN = { name: "t", source: "t" };

function sceneOf(cpu: Context, ...xyz: number[][]): Scene {
  const points = Float32Array.from(xyz.flatMap((point) => [...point, 0]));
  return buildScene(cpu, { id: "s", points }, ORIGIN);
}

/** A file with these scans, removed when the test ends. */
async function stored(...scans: Scan[]) {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/scans.arrow`;
  const about = { version: 1, licence: "CC0-1.0", sensor: "none", classes: { 0: "thing" } };
  await writeScans(path, { dataset: "t", source: "t", ...about }, scans);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

Deno.test("buildScene() rounds to 5 cm and starts at 0, when points lie on both sides of it", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const scene = sceneOf(cpu, [-0.06, 0, 1], [0.06, 0.11, 1.01], [0.07, 0.11, 1.01]);
  assertEquals([...scene.coords], [0, 0, 0, 0, 0, 2, 2, 0, 0, 2, 2, 0]);
  assertEquals([...scene.level(0)], [0, 0, 0, 0, 0, 2, 2, 0]);
  assertEquals([...scene.level(1)], [0, 0, 0, 0, 0, 1, 1, 0]);
  assertEquals([0, 1, 2, 3, 4].map((level) => scene.rows(level)), [2, 2, 1, 1, 1]);
  assertEquals(scene.data.voxels, 2);
  assertEquals(cpu.liveTensors, 0);
});

Deno.test("buildScene() keeps positions beside coordinates, when points are off the grid", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const { positions } = sceneOf(cpu, [0, 0, 0], [0.06, 0.1, 0]);
  assertEquals([...positions].map((value) => value.toFixed(3)).slice(4), [
    "0.000",
    "1.200",
    "2.000",
    "0.000",
  ]);
});

Deno.test("Scene.map() counts the pairs of a layer, and swaps sides for the way up", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const scene = sceneOf(cpu, [0, 0, 0], [0.05, 0, 0], [0.5, 0, 0]);
  assertEquals(scene.map("subm3", 0).pairs, 5);
  const down = scene.map("down2", 0);
  const up = scene.map("up2", 1);
  assertEquals([down.inputs, down.outputs, down.pairs], [3, 2, 3]);
  assertEquals([up.inputs, up.outputs, up.pairs], [2, 3, 3]);
  assertEquals(scene.map("down2", 0), down);
  assertEquals(cpu.liveTensors, 0);
});

Deno.test("Scene.level() throws, when there is no such level", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const scene = sceneOf(cpu, [0, 0, 0]);
  let message = "";
  try {
    scene.level(5);
  } catch (error) {
    message = error instanceof RangeError ? error.message : "";
  }
  assertEquals(message, "Cannot use level 5 of 5");
});

Deno.test("loadScene() describes the first scan, when a file holds several", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  await using file = await stored(groundScan(4), groundScan(5));
  const { data } = await loadScene(cpu, file.path);
  assertEquals([data.name, data.scenes, data.points], ["t", 1, 16]);
  assertEquals(data.more, { scan: "ground", voxelMeters: 0.05, rounding: "round" });
});

Deno.test("loadScene() names the scan, when it is out of range", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  await using far = await stored({ id: "f", points: Float32Array.of(0, 0, 0, 0, 1e6, 0, 0, 0) });
  await assertRejects(() => loadScene(cpu, far.path), InputError, 'scan "f"');
  assertEquals(cpu.liveTensors, 0);
});

Deno.test("loadScene() refuses a path where nothing is, and a file of something else", async () => {
  using cpu = new Context("cpu", { threads: 1 });
  await assertRejects(() => loadScene(cpu, "no/such/path"), InputError, "no such file or folder");
  const other = new URL("./scene.ts", import.meta.url).pathname;
  await assertRejects(() => loadScene(cpu, other), InputError);
});

Deno.test("buildScene() takes a sector of the scan, and the whole of one that has nothing there", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const around = Float32Array.of(10, 1, 0, 1, -10, 0, 0, 1, 0, 10, 0, 1);
  const build = (points: Float32Array) => buildScene(cpu, { id: "s", points }, ORIGIN, 30);
  const sector = build(around);
  assertEquals([sector.pointCount, sector.degrees], [1, 30]);
  const behind = build(around.slice(4));
  assertEquals([behind.pointCount, behind.degrees], [2, 360]);
});
