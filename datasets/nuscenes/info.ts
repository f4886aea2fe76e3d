/**
 * One nuScenes sample as mmdetection3d's infos describe it: a folder with `info.json`, the LiDAR
 * file and the images, for a look at real data without the tables.
 */
import { InputError } from "../../std/errors.ts";
import { type Camera, packCameras, readCamera } from "../cameras.ts";
import type { ConvertOptions, Part } from "../dataset.ts";
import { exists, foldersIn } from "../frames.ts";
import { apply, compose, invert, rotate } from "../matrix34.ts";
import { sourceKey } from "../parts.ts";
import { NUSCENES } from "../published/nuscenes.ts";
import { type Fields, pathInside, readJson } from "../record_fields.ts";
import type { Boxes, Scan } from "../scan.ts";
import { LIDAR_FROM_SCAN } from "./scan.ts";
import { countSweepPoints, readSweep } from "./sweep.ts";

/** The category that stands for each detection class. */
const CATEGORY_OF: readonly (readonly [name: string, category: string])[] = [
  ["car", "vehicle.car"],
  ["truck", "vehicle.truck"],
  ["trailer", "vehicle.trailer"],
  ["bus", "vehicle.bus.rigid"],
  ["construction_vehicle", "vehicle.construction"],
  ["bicycle", "vehicle.bicycle"],
  ["motorcycle", "vehicle.motorcycle"],
  ["pedestrian", "human.pedestrian.adult"],
  ["traffic_cone", "movable_object.trafficcone"],
  ["barrier", "movable_object.barrier"],
];

/** Parts of one scan: of the folder itself if it holds such a sample, or of the folders in it. */
export async function infoParts(src: string, options: ConvertOptions): Promise<Part[]> {
  if (await exists(`${src}/info.json`)) return [await infoPart("sample", src, options)];
  const parts: Part[] = [];
  for (const name of await foldersIn(src) ?? []) {
    if (!(await exists(`${src}/${name}/info.json`))) continue;
    parts.push(await infoPart(name, `${src}/${name}`, options));
  }
  return parts;
}

async function infoPart(name: string, src: string, options: ConvertOptions): Promise<Part> {
  if (options.sweeps !== undefined && options.sweeps > 1) {
    throw new InputError(`Cannot convert "${src}": info.json has one sweep, not ${options.sweeps}`);
  }
  const path = `${src}/info.json`;
  const info = await readJson(path);
  const sample = info.fields("sample");
  const lidar = pathInside(src, sample.fields("lidar_points").text("lidar_path"), `"${path}"`);
  await countSweepPoints(lidar);
  return {
    name,
    length: 1,
    key: await sourceKey([path, lidar]),
    async *scans() {
      yield await readInfoScan(src, info, lidar, options);
    },
  };
}

async function readInfoScan(
  src: string,
  info: Fields,
  lidarPath: string,
  options: ConvertOptions,
): Promise<Scan> {
  const sample = info.fields("sample");
  const { points, rings, invalid } = await readSweep(lidarPath, 0, {
    dropInvalid: options.dropInvalid,
    dropNear: false,
  });
  options.dropped(invalid);
  for (let i = 0; i < points.length; i += 4) {
    const x = points[i]!;
    points[i] = points[i + 1]!;
    points[i + 1] = -x;
  }
  const lidarToEgo = transform(sample.fields("lidar_points"), "lidar2ego");
  const worldFromLidar = compose(transform(sample, "ego2global"), lidarToEgo);
  return {
    id: sample.text("token"),
    points,
    features: Float32Array.from({ length: 2 * rings.length }, (_, i) => i % 2 ? 0 : rings[i / 2]!),
    time: Math.round(1e6 * sample.number("timestamp")),
    pose: compose(worldFromLidar, LIDAR_FROM_SCAN),
    boxes: boxesOf(info),
    ...packCameras(await camerasOf(src, sample.fields("images"), options)),
  };
}

const transform = (fields: Fields, name: string) =>
  Float64Array.from(fields.matrix(name, 4, 4).slice(0, 12));

function boxesOf(info: Fields): Boxes {
  const ids = new Map(Object.entries(NUSCENES.classes).map(([id, name]) => [name, Number(id)]));
  const categories = info.fields("metainfo").fields("categories");
  const labels = new Map(
    CATEGORY_OF.map(([name, category]) => [categories.count(name), ids.get(category)!]),
  );
  const scanFromLidar = invert(LIDAR_FROM_SCAN);
  const boxes = info.fields("sample").list("instances");
  // -1: categories that detection leaves out, such as debris.
  const rows = boxes.filter((box) => box.number("bbox_label_3d") !== -1).map((box) => {
    const [x = 0, y = 0, z = 0, length = 0, width = 0, height = 0, yaw = 0] = box.vector(
      "bbox_3d",
      7,
    );
    const [vx = NaN, vy = NaN] = box.has("velocity") ? box.vectorOrNaN("velocity", 2) : [];
    const turn = rotate(scanFromLidar, [Math.cos(yaw), Math.sin(yaw), 0]);
    const speed = rotate(scanFromLidar, [vx, vy, 0]);
    const centre = apply(scanFromLidar, [x, y, z]);
    const semantic = labels.get(box.count("bbox_label_3d"));
    if (semantic === undefined) throw new InputError("Cannot read info.json: a box has no class");
    const counts = [box.count("num_lidar_pts"), box.count("num_radar_pts")];
    return {
      semantic,
      geometry: [...centre, length, width, height, Math.atan2(turn[1], turn[0])],
      features: [speed[0], speed[1], ...counts, 0, 0],
    };
  });
  return {
    geometry: Float32Array.from(rows.flatMap((row) => row.geometry)),
    semantic: Uint16Array.from(rows, (row) => row.semantic),
    instance: Uint16Array.from(rows, (_, i) => i + 1),
    features: Float32Array.from(rows.flatMap((row) => row.features)),
  };
}

const CAMERAS = [
  "CAM_BACK",
  "CAM_BACK_LEFT",
  "CAM_BACK_RIGHT",
  "CAM_FRONT",
  "CAM_FRONT_LEFT",
  "CAM_FRONT_RIGHT",
];

async function camerasOf(src: string, images: Fields, options: ConvertOptions): Promise<Camera[]> {
  const cameras: Camera[] = [];
  for (const name of CAMERAS.filter((name) => images.has(name))) {
    const fields = images.fields(name);
    const geometry = {
      intrinsic: fields.matrix("cam2img", 3, 3),
      fromSensor: compose(transform(fields, "lidar2cam"), LIDAR_FROM_SCAN),
    };
    const path = pathInside(src, fields.text("img_path"), `"${src}/info.json"`);
    cameras.push(await readCamera(name, geometry, path, options));
  }
  return cameras;
}
