import { assertEquals, assertLess } from "@std/assert";
import { TestFolder } from "../../std/testing.ts";
import { openScans } from "../arrow_scans.ts";
import { convert } from "../convert.ts";
import { rotate, type Vector } from "../matrix34.ts";
import { rawTwinNamed } from "../raw/registry.ts";
import { encodePng } from "../png.ts";
import type { Scan } from "../scan.ts";
import { nuscenes } from "./dataset.ts";

interface Row {
  [key: string]: unknown;
  token: string;
}

/** The twin of two samples with `change` made to its tables, converted. */
async function converted(
  change: (rows: (name: string) => Row[], folder: TestFolder) => void,
): Promise<Scan[]> {
  using folder = new TestFolder();
  const src = `${folder.path}/raw`;
  await rawTwinNamed("nuscenes").write(src, 2, 1, () => {});
  const tables = new Map<string, Row[]>();
  const path = (name: string) => `${src}/v1.0-mini/${name}.json`;
  change((name) => {
    const rows = tables.get(name) ?? JSON.parse(Deno.readTextFileSync(path(name)));
    tables.set(name, rows);
    return rows;
  }, folder);
  for (const [name, rows] of tables) Deno.writeTextFileSync(path(name), JSON.stringify(rows));
  const out = `${folder.path}/out`;
  await convert(nuscenes, src, out, { dropInvalid: false, warn: () => {} });
  using source = await openScans(out);
  return await Array.fromAsync(source);
}

Deno.test("nuScenes velocities are differences of the neighbouring annotations' positions", async () => {
  let moved: Vector = [0, 0, 0];
  const scans = await converted((rows) => {
    const [first] = rows("sample_annotation");
    const second = rows("sample_annotation").find((row) =>
      row["sample_token"] !== first!["sample_token"]
    )!;
    first!["next"] = second.token;
    second["prev"] = first!.token;
    const [a, b] = [first!["translation"], second["translation"]] as Vector[];
    moved = [b![0] - a![0], b![1] - a![1], b![2] - a![2]];
  });
  const [first, second] = scans as [Scan, Scan];
  // Key frames are half a second apart.
  const speed = 2 * Math.hypot(moved[0], moved[1]);
  const [vx = 0, vy = 0] = first.boxes!.features!;
  assertLess(Math.abs(Math.hypot(vx, vy) / speed - 1), 1e-3);
  const world = rotate(first.pose!, [vx, vy, 0]);
  assertLess(Math.hypot(world[0] - 2 * moved[0], world[1] - 2 * moved[1]), 1e-3 * speed);
  assertLess(Math.abs(Math.hypot(...second.boxes!.features!.slice(0, 2)) / speed - 1), 1e-3);
  assertEquals(first.boxes!.features![6], NaN, "a box that no other sample shows");
});

Deno.test("nuScenes cameras are seen from the LiDAR at its own time", async () => {
  const [scan] = await converted((rows, folder) => {
    rows("sensor").push({ token: "cam", channel: "CAM_FRONT" });
    rows("calibrated_sensor").push(JSON.parse(`{
      "token": "cal", "sensor_token": "cam", "camera_intrinsic": [[100, 0, 32], [0, 100, 24], [0, 0, 1]],
      "translation": [1, 0, 1.5], "rotation": [0.5, -0.5, 0.5, -0.5]
    }`));
    const data = rows("sample_data");
    const [lidar] = data;
    const isLidar = (row: Row) =>
      row["calibrated_sensor_token"] === lidar!["calibrated_sensor_token"];
    // The twin's own cameras go.
    data.splice(0, data.length, ...data.filter(isLidar));
    const filename = "samples/CAM_FRONT/0.png";
    folder.write(`raw/${filename}`, encodePng(64, 48, new Uint8Array(3 * 64 * 48)).slice());
    const camera = { "calibrated_sensor_token": "cal", filename, width: 64, height: 48 };
    data.push({ ...lidar!, ...camera, token: "image", prev: "", next: "" });
  });
  assertEquals(scan!.cameras!.names, ["CAM_FRONT"]);
  assertEquals(scan!.images![0]!.length > 0, true);
  // The mount looks along the vehicle's x; the LiDAR stands at (0.94, 0, 1.84).
  const expected = [0, -1, 0, 0, 0, 0, -1, -0.34, 1, 0, 0, -0.06];
  scan!.cameras!.fromSensor.forEach((value, i) => assertLess(Math.abs(value - expected[i]!), 1e-9));
});
