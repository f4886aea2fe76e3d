import { InputError, unknownName } from "../../std/errors.ts";
import { type Camera, packCameras, readCamera } from "../cameras.ts";
import type { ConvertOptions, Dataset, Part } from "../dataset.ts";
import { exists, foldersIn, type Frame, listFrames } from "../frames.ts";
import { calibration, compose, invert, parseNumbers } from "../matrix34.ts";
import { sourceKey } from "../parts.ts";
import { countPoints, readPoints } from "../points.ts";
import { splitProjection } from "../projection.ts";
import { KITTI } from "../published/kitti.ts";
import type { Boxes, Scan } from "../scan.ts";
import { oxtsPose, parseOxts } from "./oxts.ts";
import { type FrameBox, parseTracklets } from "./tracklets.ts";

/** The left and the right colour camera. */
const COLOUR_CAMERAS = ["02", "03"];

/** KITTI's raw recordings, synchronised and rectified: a part a drive. */
export const kittiRaw: Dataset = {
  metadata: {
    dataset: "kitti-raw",
    version: 1,
    source: "KITTI raw data, synced+rectified (https://www.cvlibs.net/datasets/kitti)",
    licence: "CC BY-NC-SA 3.0",
    sensor: "Velodyne HDL-64E",
    classes: KITTI.classes,
    boxFeatures: ["truncated", "occluded"],
  },
  options: ["sequences", "images"],
  async parts(src, options) {
    const drives = await drivesIn(src);
    const missing = options.sequences?.find((name) => !drives.has(name));
    if (missing !== undefined) throw unknownName("drive", missing, [...drives.keys()]);
    const parts: Part[] = [];
    for (const name of new Set(options.sequences ?? drives.keys())) {
      parts.push(await drivePart(drives.get(name)!, name, options));
    }
    return parts;
  },
};

/** The folders DATE/DATE_drive_NNNN_sync by drive name. */
async function drivesIn(src: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const date of await foldersIn(src) ?? []) {
    if (!/^\d{4}_\d{2}_\d{2}$/.test(date)) continue;
    for (const drive of await foldersIn(`${src}/${date}`) ?? []) {
      if (/^[\w-]+_drive_\d+_(sync|extract)$/.test(drive)) found.set(drive, `${src}/${date}`);
    }
  }
  if (found.size === 0) {
    throw new InputError(
      `Cannot convert "${src}": it has no DATE/DATE_drive_NNNN_sync, and one is needed`,
    );
  }
  return found;
}

interface Drive {
  readonly folder: string;
  readonly name: string;
  readonly frames: readonly Frame[];
  readonly rectFromVelo: Float64Array;
  readonly projections: readonly Float64Array[];
  readonly veloFromImu: Float64Array;
  /** Boxes of each frame number; absent without tracklets. */
  readonly boxes: readonly FrameBox[][] | undefined;
  /** Of the first packet of oxts; absent without them. */
  readonly latitude: number | undefined;
}

async function drivePart(date: string, name: string, options: ConvertOptions): Promise<Part> {
  const folder = `${date}/${name}`;
  const frames = await listFrames(`${folder}/velodyne_points/data`);
  for (const { pointsPath } of frames) await countPoints(pointsPath);
  const cameras = await readCalibration(`${date}/calib_cam_to_cam.txt`);
  const velo = await readCalibration(`${date}/calib_velo_to_cam.txt`);
  const imu = await readCalibration(`${date}/calib_imu_to_velo.txt`);
  const tracklets = `${folder}/tracklet_labels.xml`;
  const last = Number(frames.at(-1)!.name) + 1;
  const first = oxtsPath(folder, frames[0]!.name);
  const hasPoses = await exists(first);
  if (!hasPoses) options.warn(`"${first}" is missing: the scans of this drive get no pose`);
  const drive: Drive = {
    folder,
    name,
    frames,
    rectFromVelo: compose(cameras.matrix("R_rect_00"), velo.rigid()),
    projections: COLOUR_CAMERAS.map((camera) => cameras.matrix(`P_rect_${camera}`, 12)),
    veloFromImu: imu.rigid(),
    boxes: await exists(tracklets)
      ? parseTracklets(await Deno.readTextFile(tracklets), tracklets, last)
      : undefined,
    latitude: hasPoses ? parseOxts(await Deno.readTextFile(first), `"${first}"`)[0] : undefined,
  };
  const sources = frames.map(({ pointsPath }) => pointsPath);
  if (drive.boxes !== undefined) sources.push(tracklets);
  return {
    name,
    length: frames.length,
    key: await sourceKey(sources),
    async *scans(from, to) {
      for (const frame of frames.slice(from, to)) yield await readScan(drive, frame, options);
    },
  };
}

const oxtsPath = (folder: string, frame: string) => `${folder}/oxts/data/${frame}.txt`;

/** A calibration file, with its matrices. */
async function readCalibration(path: string) {
  if (!(await exists(path))) {
    throw new InputError(`Cannot convert "${path}": it is missing, and drives need it`);
  }
  const text = await Deno.readTextFile(path);
  const matrix = (key: string, count: 9 | 12 = 9) => calibration(text, key, count, path);
  /** The transform of R and T. */
  const rigid = () => {
    const values = matrix("R");
    const line = text.split("\n").find((line) => line.startsWith("T:")) ?? "T:";
    const t = parseNumbers(line.slice(2), 3, `"${path}" T`);
    [values[3], values[7], values[11]] = [t[0]!, t[1]!, t[2]!];
    return values;
  };
  return { matrix, rigid };
}

async function readScan(drive: Drive, frame: Frame, options: ConvertOptions): Promise<Scan> {
  const { points, dropped } = await readPoints(frame.pointsPath, options.dropInvalid);
  options.dropped(dropped);
  const boxes = drive.boxes && packBoxes(drive.boxes[Number(frame.name)] ?? []);
  const pose = drive.latitude === undefined ? undefined : await readPose(drive, frame.name);
  const cameras: Camera[] = [];
  for (const [i, camera] of COLOUR_CAMERAS.entries()) {
    const path = `${drive.folder}/image_${camera}/data/${frame.name}.png`;
    if (!(await exists(path))) continue;
    const geometry = splitProjection(drive.projections[i]!, drive.rectFromVelo);
    cameras.push(await readCamera(`image_${camera}`, geometry, path, options));
  }
  return {
    id: `${drive.name}/${frame.name}`,
    points,
    ...(pose && { pose }),
    ...(boxes && { boxes }),
    ...packCameras(cameras),
  };
}

/** Sensor to world: the world is where the unit was at the first frame. */
async function readPose(
  { folder, frames, latitude = 0, veloFromImu }: Drive,
  name: string,
): Promise<Float64Array> {
  const at = async (frame: string) => {
    const path = oxtsPath(folder, frame);
    if (!(await exists(path))) {
      throw new InputError(
        `Cannot convert "${path}": it is missing, and each frame needs its pose`,
      );
    }
    return oxtsPose(parseOxts(await Deno.readTextFile(path), `"${path}"`), latitude);
  };
  const relative = compose(invert(await at(frames[0]!.name)), await at(name));
  return compose(relative, invert(veloFromImu));
}

function packBoxes(boxes: readonly FrameBox[]): Boxes {
  return {
    geometry: Float32Array.from(boxes.flatMap(({ geometry }) => geometry)),
    semantic: Uint16Array.from(boxes, ({ semantic }) => semantic),
    instance: Uint16Array.from(boxes, ({ object }) => object + 1),
    features: Float32Array.from(boxes.flatMap(({ features }) => features)),
    ids: boxes.map(({ object }) => `tracklet-${object}`),
  };
}
