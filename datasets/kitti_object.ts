import { InputError, unknownName } from "../std/errors.ts";
import { type Camera, packCameras, readCamera } from "./cameras.ts";
import type { ConvertOptions, Dataset, Part } from "./dataset.ts";
import { exists, type Frame, listFrames } from "./frames.ts";
import { apply, calibration, compose, invert, parseNumbers, rotate } from "./matrix34.ts";
import { sourceKey } from "./parts.ts";
import { splitProjection } from "./projection.ts";
import { KITTI, KITTI_TYPES, kittiClassId } from "./published/kitti.ts";
import { countPoints, readPoints } from "./points.ts";
import type { Boxes, Scan } from "./scan.ts";

const SPLITS = ["training", "testing"];
/** `velodyne_reduced` holds the points that camera 2 sees; detectors' tools make it. */
const SCAN_FOLDERS = ["velodyne", "velodyne_reduced"];

/** The KITTI 3-D object benchmark: scans, and boxes where the split has labels. */
export const kittiObject: Dataset = {
  metadata: {
    dataset: "kitti-object",
    version: 2,
    source: "KITTI 3D object detection benchmark (https://www.cvlibs.net/datasets/kitti)",
    licence: "CC BY-NC-SA 3.0",
    sensor: "Velodyne HDL-64E",
    classes: KITTI.classes,
    boxFeatures: ["truncated", "occluded", "alpha", "left", "top", "right", "bottom"],
  },
  options: ["sequences", "velodyne", "images"],
  async parts(src, options) {
    const velodyne = options.velodyne ?? "velodyne";
    if (!SCAN_FOLDERS.includes(velodyne)) throw unknownName("folder", velodyne, SCAN_FOLDERS);
    const parts: Part[] = [];
    for (const split of await splitsOf(src, velodyne, options)) {
      parts.push(await splitPart(src, split, velodyne, options));
    }
    return parts;
  },
};

async function splitsOf(
  src: string,
  velodyne: string,
  { sequences }: ConvertOptions,
): Promise<string[]> {
  const unknown = sequences?.find((split) => !SPLITS.includes(split));
  if (unknown !== undefined) throw unknownName("split", unknown, SPLITS);
  if (sequences !== undefined) return [...new Set(sequences)];
  const found: string[] = [];
  for (const split of SPLITS) {
    if (await exists(`${src}/${split}/${velodyne}`)) found.push(split);
  }
  if (found.length === 0) {
    throw new InputError(
      `Cannot convert "${src}": it has neither "training/${velodyne}" nor ` +
        `"testing/${velodyne}", and one is needed`,
    );
  }
  return found;
}

async function splitPart(
  src: string,
  split: string,
  velodyne: string,
  options: ConvertOptions,
): Promise<Part> {
  const folder = `${src}/${split}`;
  const labels = { folder: `${folder}/label_2`, ending: ".txt", warn: options.warn };
  const frames = await listFrames(`${folder}/${velodyne}`, labels);
  const sources: string[] = [];
  for (const { name, pointsPath, labelPath } of frames) {
    await countPoints(pointsPath);
    const calib = calibrationPath(folder, name);
    const hasCalibration = await exists(calib);
    if (labelPath !== undefined && !hasCalibration) {
      throw new InputError(
        `Cannot convert "${labelPath}": "${calib}" is missing, and boxes need their calibration`,
      );
    }
    sources.push(pointsPath);
    if (labelPath !== undefined) sources.push(labelPath);
    if (hasCalibration) sources.push(calib);
  }
  return {
    name: velodyne === "velodyne" ? split : `${split}-${velodyne}`,
    length: frames.length,
    key: await sourceKey(sources),
    async *scans(from, to) {
      for (const frame of frames.slice(from, to)) yield await readScan(src, split, frame, options);
    },
  };
}

const calibrationPath = (folder: string, name: string) => `${folder}/calib/${name}.txt`;

async function readScan(
  src: string,
  split: string,
  { name, pointsPath, labelPath }: Frame,
  options: ConvertOptions,
): Promise<Scan> {
  const { points, dropped } = await readPoints(pointsPath, options.dropInvalid);
  options.dropped(dropped);
  const folder = `${src}/${split}`;
  const path = calibrationPath(folder, name);
  const text = await exists(path) ? await Deno.readTextFile(path) : undefined;
  const rectFromSensor = text === undefined ? undefined : compose(
    calibration(text, "R0_rect", 9, path),
    calibration(text, "Tr_velo_to_cam", 12, path),
  );
  const boxes = labelPath !== undefined && rectFromSensor !== undefined &&
    await readBoxes(labelPath, invert(rectFromSensor));
  const cameras: Camera[] = [];
  for (const number of COLOUR_CAMERAS) {
    const image = `${folder}/image_${number}/${name}.png`;
    if (text === undefined || rectFromSensor === undefined || !(await exists(image))) continue;
    const projection = calibration(text, `P${number}`, 12, path);
    const camera = splitProjection(projection, rectFromSensor);
    cameras.push(await readCamera(`image_${number}`, camera, image, options));
  }
  return { id: `${split}/${name}`, points, ...(boxes && { boxes }), ...packCameras(cameras) };
}

/** The left and the right colour camera. */
const COLOUR_CAMERAS = [2, 3];

async function readBoxes(labelPath: string, sensorFromRect: Float64Array): Promise<Boxes> {
  const geometry: number[] = [];
  const semantic: number[] = [];
  const features: number[] = [];
  const lines = (await Deno.readTextFile(labelPath)).trimEnd().split("\n");
  lines.forEach((line, i) => {
    const place = `"${labelPath}" line ${i + 1}`;
    const [type = "", ...numbers] = line.trim().split(/\s+/);
    if (type === "DontCare" || type === "") return;
    const id = kittiClassId(type);
    if (id === undefined) {
      throw new InputError(
        `Cannot read ${place}: its type is "${type}", and one of ` +
          `${[...KITTI_TYPES, "DontCare"].join(", ")} is needed`,
      );
    }
    const values = parseNumbers(numbers.join(" "), 14, place);
    if (values.subarray(7, 10).some((side) => side <= 0)) {
      throw new InputError(
        `Cannot read ${place}: its size is ${values.subarray(7, 10).join(" x ")} m, and sides ` +
          `above 0 are needed`,
      );
    }
    semantic.push(id);
    geometry.push(...sensorBox(values, sensorFromRect));
    features.push(...values.subarray(0, 7));
  });
  return {
    geometry: Float32Array.from(geometry),
    semantic: Uint16Array.from(semantic),
    instance: Uint16Array.from(semantic, (_, i) => i + 1),
    features: Float32Array.from(features),
  };
}

/**
 * A box of `label_2` in the sensor frame: centre, length, width, height, yaw. The label has the
 * centre of its bottom in rectified camera coordinates (y down), and the angle of its length about
 * the y axis. The angle is carried over as a direction, so that the small rotation between camera
 * and sensor about z is not lost, as it is in -ry - pi/2.
 */
function sensorBox(values: Float64Array, sensorFromRect: Float64Array): number[] {
  const [height = 0, width = 0, length = 0, x = 0, y = 0, z = 0, ry = 0] = values.subarray(7);
  const centre = apply(sensorFromRect, [x, y - height / 2, z]);
  const [forward, left] = rotate(sensorFromRect, [Math.cos(ry), 0, -Math.sin(ry)]);
  return [...centre, length, width, height, Math.atan2(left, forward)];
}
