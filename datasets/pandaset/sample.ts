/**
 * Frames of PandaSet unpacked to plain files, for a look at real data without pandas: a folder a
 * frame with `lidar.bin` ([N, 4] float32 in the LiDAR's frame), `semseg.label` and `sensor.u8` (a
 * byte a point), `meta.json` (poses, cameras, cuboids) and the images.
 */
import { InputError } from "../../std/errors.ts";
import { type Camera, packCameras, readCamera } from "../cameras.ts";
import type { ConvertOptions, Part } from "../dataset.ts";
import { exists, foldersIn } from "../frames.ts";
import { apply, compose, invert, rotate } from "../matrix34.ts";
import { sourceKey } from "../parts.ts";
import { readPoints } from "../points.ts";
import { PANDASET } from "../published/pandaset.ts";
import { type Fields, pathInside, readJson } from "../record_fields.ts";
import type { Boxes, Scan } from "../scan.ts";
import { LIDAR_FROM_SCAN, pandasetClass } from "./sequence.ts";

async function framesIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of await foldersIn(folder) ?? []) {
    if (await exists(`${folder}/${name}/meta.json`)) found.push(name);
  }
  return found;
}

/** Whether a sequence's folder holds such frames. */
export const isSample = async (folder: string): Promise<boolean> =>
  (await framesIn(folder)).length > 0;

export async function samplePart(
  folder: string,
  name: string,
  options: ConvertOptions,
): Promise<Part> {
  const frames = await framesIn(folder);
  return {
    name: name.replace(/[^A-Za-z0-9._-]/g, "_"),
    length: frames.length,
    key: await sourceKey(frames.map((frame) => `${folder}/${frame}/lidar.bin`)),
    async *scans(from, to) {
      for (const frame of frames.slice(from, to)) {
        yield await readFrame(`${folder}/${frame}`, `${name}/${frame}`, options);
      }
    },
  };
}

async function readFrame(folder: string, id: string, options: ConvertOptions): Promise<Scan> {
  const { points, kept, dropped } = await readPoints(`${folder}/lidar.bin`, options.dropInvalid);
  options.dropped(dropped);
  for (let i = 0; i < points.length; i += 4) {
    const x = points[i]!;
    points[i] = points[i + 1]!;
    points[i + 1] = -x;
  }
  const rows = kept ?? Uint32Array.from({ length: points.length / 4 }, (_, i) => i);
  const total = rows.length + dropped;
  const semantic = await readBytes(`${folder}/semseg.label`, rows, total);
  const sensor = await readBytes(`${folder}/sensor.u8`, rows, total);
  const unknown = semantic.findIndex((id) => !Object.hasOwn(PANDASET.classes, String(id)));
  if (unknown >= 0) {
    throw new InputError(
      `Cannot convert "${folder}/semseg.label": point ${unknown} has the class ${
        semantic[unknown]
      }`,
    );
  }
  const meta = await readJson(`${folder}/meta.json`);
  const pose = Float64Array.from(meta.matrix("lidar_to_world", 4, 4).slice(0, 12));
  return {
    id,
    points,
    features: Float32Array.from({ length: 2 * rows.length }, (_, i) => i % 2 ? 0 : sensor[i / 2]!),
    semantic,
    pose: compose(pose, LIDAR_FROM_SCAN),
    boxes: boxesOf(meta.list("cuboids")),
    ...packCameras(await camerasOf(folder, meta.fields("cameras"), options)),
  };
}

async function readBytes(path: string, rows: Uint32Array, total: number): Promise<Uint16Array> {
  const bytes = await Deno.readFile(path);
  if (bytes.length !== total) {
    throw new InputError(
      `Cannot convert "${path}": it has ${bytes.length} entries, and the scan ${total} points`,
    );
  }
  return Uint16Array.from(rows, (row) => bytes[row]!);
}

function boxesOf(cuboids: readonly Fields[]): Boxes {
  const scanFromLidar = invert(LIDAR_FROM_SCAN);
  return {
    geometry: Float32Array.from(cuboids.flatMap((cuboid) => {
      const [x = 0, y = 0, z = 0] = cuboid.vector("center_lidar", 3);
      const [width = 0, length = 0, height = 0] = cuboid.vector("size_xyz", 3);
      const yaw = cuboid.number("yaw_lidar");
      const ahead = rotate(scanFromLidar, [-Math.sin(yaw), Math.cos(yaw), 0]);
      const centre = apply(scanFromLidar, [x, y, z]);
      return [...centre, length, width, height, Math.atan2(ahead[1], ahead[0])];
    })),
    semantic: Uint16Array.from(
      cuboids,
      (cuboid) => pandasetClass(cuboid.text("label"), "a cuboid"),
    ),
    instance: Uint16Array.from(cuboids, (_, i) => i + 1),
    features: Float32Array.from(
      cuboids.flatMap((
        cuboid,
      ) => [Number(cuboid.boolean("stationary")), cuboid.number("sensor_id")]),
    ),
  };
}

const CAMERAS = [
  "back_camera",
  "front_camera",
  "front_left_camera",
  "front_right_camera",
  "left_camera",
  "right_camera",
];

async function camerasOf(
  folder: string,
  cameras: Fields,
  options: ConvertOptions,
): Promise<Camera[]> {
  const found: Camera[] = [];
  for (const name of CAMERAS.filter((name) => cameras.has(name))) {
    const camera = cameras.fields(name);
    const values = camera.fields("intrinsics");
    const [fx, fy, cx, cy] = ["fx", "fy", "cx", "cy"].map((key) => values.number(key));
    const fromLidar = Float64Array.from(camera.matrix("lidar_to_cam", 4, 4).slice(0, 12));
    const geometry = {
      intrinsic: [fx!, 0, cx!, 0, fy!, cy!, 0, 0, 1],
      fromSensor: compose(fromLidar, LIDAR_FROM_SCAN),
    };
    const path = pathInside(folder, camera.text("image"), `"${folder}/meta.json"`);
    found.push(await readCamera(name, geometry, path, options));
  }
  return found;
}
