import { InputError, unknownName } from "../std/errors.ts";
import type { ConvertOptions, Dataset, Part } from "./dataset.ts";
import { fingerprint } from "./fingerprint.ts";
import { exists, foldersIn, type Frame, listFrames } from "./frames.ts";
import { calibration, compose, invert, parseNumbers } from "./matrix34.ts";
import { sourceKey } from "./parts.ts";
import { plural } from "./plural.ts";
import { checkLabelCount, countPoints, readLabels, readPoints } from "./points.ts";
import type { Scan } from "./scan.ts";

/** The classes and splits of SemanticKITTI, under the names its devkit gives them. */
export interface SemanticKittiClasses {
  /** Raw label id (low 16 bits of a `.label` entry) to name. */
  readonly names: Readonly<Record<number, string>>;
  /** Raw label id to train id 0..19; 0 is not scored. */
  readonly learningMap: Readonly<Record<number, number>>;
  /** Train id to the raw id that predictions are written with. */
  readonly learningMapInv: readonly number[];
  /** Name of each train id. */
  readonly trainNames: readonly string[];
  /** Sequence numbers of each split. */
  readonly splits: {
    readonly train: readonly number[];
    readonly valid: readonly number[];
    readonly test: readonly number[];
  };
}

/** Source: PRBonn/semantic-kitti-api, config/semantic-kitti.yaml (labels, learning_map, split). */
export const SEMANTIC_KITTI: SemanticKittiClasses = {
  // deno-fmt-ignore
  names: {
    0: "unlabeled", 1: "outlier",
    10: "car", 11: "bicycle", 13: "bus", 15: "motorcycle", 16: "on-rails", 18: "truck",
    20: "other-vehicle", 30: "person", 31: "bicyclist", 32: "motorcyclist",
    40: "road", 44: "parking", 48: "sidewalk", 49: "other-ground",
    50: "building", 51: "fence", 52: "other-structure", 60: "lane-marking",
    70: "vegetation", 71: "trunk", 72: "terrain", 80: "pole", 81: "traffic-sign",
    99: "other-object",
    252: "moving-car", 253: "moving-bicyclist", 254: "moving-person", 255: "moving-motorcyclist",
    256: "moving-on-rails", 257: "moving-bus", 258: "moving-truck", 259: "moving-other-vehicle",
  },
  // deno-fmt-ignore
  learningMap: {
    0: 0, 1: 0, 52: 0, 99: 0,
    10: 1, 252: 1, 11: 2, 15: 3, 18: 4, 258: 4,
    13: 5, 16: 5, 20: 5, 256: 5, 257: 5, 259: 5,
    30: 6, 254: 6, 31: 7, 253: 7, 32: 8, 255: 8,
    40: 9, 60: 9, 44: 10, 48: 11, 49: 12, 50: 13, 51: 14,
    70: 15, 71: 16, 72: 17, 80: 18, 81: 19,
  },
  learningMapInv: [0, 10, 11, 15, 18, 20, 30, 31, 32, 40, 44, 48, 49, 50, 51, 70, 71, 72, 80, 81],
  // deno-fmt-ignore
  trainNames: [
    "unlabeled", "car", "bicycle", "motorcycle", "truck", "other-vehicle", "person", "bicyclist",
    "motorcyclist", "road", "parking", "sidewalk", "other-ground", "building", "fence",
    "vegetation", "trunk", "terrain", "pole", "traffic-sign",
  ],
  splits: {
    train: [0, 1, 2, 3, 4, 5, 6, 7, 9, 10],
    valid: [8],
    test: [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21],
  },
};

/** SemanticKITTI: the KITTI odometry sequences with a class and an instance for each point. */
export const semanticKitti: Dataset = {
  metadata: {
    dataset: "semantickitti",
    version: 1,
    source: "SemanticKITTI (https://semantic-kitti.org) on the KITTI odometry benchmark",
    licence: "CC BY-NC-SA (labels and poses), CC BY-NC-SA 3.0 (KITTI scans and calibration)",
    sensor: "Velodyne HDL-64E",
    classes: SEMANTIC_KITTI.names,
  },
  options: ["sequences"],
  async parts(src, options) {
    const parts: Part[] = [];
    for (const sequence of await sequencesOf(src, options)) {
      parts.push(await sequencePart(src, sequence, options));
    }
    return parts;
  },
};

async function sequencesOf(src: string, options: ConvertOptions): Promise<string[]> {
  const root = `${src}/sequences`;
  const found = await foldersIn(root);
  if (found === undefined) {
    throw new InputError(
      `Cannot convert "${src}": "${root}" is missing, and sequences/SS/velodyne/*.bin are needed`,
    );
  }
  if (options.sequences !== undefined) {
    const missing = options.sequences.find((sequence) => !found.includes(sequence));
    if (missing !== undefined) throw unknownName("sequence", missing, found);
    return [...new Set(options.sequences)];
  }
  const withScans: string[] = [];
  for (const sequence of found) {
    if (await exists(`${root}/${sequence}/velodyne`)) withScans.push(sequence);
    else options.warn(`"${root}/${sequence}" has no folder "velodyne": left out`);
  }
  if (withScans.length === 0) {
    throw new InputError(
      `Cannot convert "${root}": no folder in it holds velodyne/*.bin, and one is needed`,
    );
  }
  return withScans;
}

async function sequencePart(src: string, name: string, options: ConvertOptions): Promise<Part> {
  const folder = `${src}/sequences/${name}`;
  const labels = { folder: `${folder}/labels`, ending: ".label" };
  const frames = await listFrames(`${folder}/velodyne`, labels);
  for (const { pointsPath, labelPath } of frames) {
    const points = await countPoints(pointsPath);
    if (labelPath !== undefined) await checkLabelCount(labelPath, points);
  }
  const poses = await readPoses(folder, frames, options);
  const sources = frames.flatMap((frame) => [frame.pointsPath, frame.labelPath ?? []].flat());
  return {
    name,
    length: frames.length,
    key: fingerprint([await sourceKey(sources), ...poses.map(String)]),
    async *scans(from, to) {
      for (const frame of frames.slice(from, to)) yield await readScan(name, frame, poses, options);
    },
  };
}

async function readScan(
  sequence: string,
  frame: Frame,
  poses: readonly Float64Array[],
  options: ConvertOptions,
): Promise<Scan> {
  const file = await readPoints(frame.pointsPath, options.dropInvalid);
  options.dropped(file.dropped);
  const labels = frame.labelPath !== undefined &&
    await readLabels(frame.labelPath, file, SEMANTIC_KITTI.names);
  const pose = poses[Number(frame.name)];
  return {
    id: `${sequence}/${frame.name}`,
    points: file.points,
    ...(labels && labels),
    ...(pose && { pose }),
  };
}

/** The sensor-to-world pose of each frame number; fewer, or none, where the files have no more. */
async function readPoses(
  folder: string,
  frames: readonly Frame[],
  { warn }: ConvertOptions,
): Promise<Float64Array[]> {
  const posesPath = `${folder}/poses.txt`;
  const calibPath = `${folder}/calib.txt`;
  for (const path of [posesPath, calibPath]) {
    if (await exists(path)) continue;
    warn(`"${path}" is missing: the scans of this sequence get no pose`);
    return [];
  }
  const lines = (await Deno.readTextFile(posesPath)).trimEnd().split("\n");
  const cameraPoses = lines.map((line, i) =>
    parseNumbers(line, 12, `"${posesPath}" line ${i + 1}`)
  );
  const without = frames.filter((frame) => Number(frame.name) >= lines.length).length;
  if (without > 0) {
    warn(
      `"${posesPath}" has ${plural(lines.length, "line")}: ${
        plural(without, "scan")
      } without a pose`,
    );
  }
  // poses.txt moves camera 0; the devkit (generate_sequential.py) turns it into the sensor's frame.
  const cameraFromSensor = calibration(
    await Deno.readTextFile(calibPath),
    "Tr",
    12,
    calibPath,
  );
  const sensorFromCamera = invert(cameraFromSensor);
  return cameraPoses.map((pose) => compose(sensorFromCamera, compose(pose, cameraFromSensor)));
}
