import { InputError, unknownName } from "../std/errors.ts";
import type { ConvertOptions, Dataset, Part } from "./dataset.ts";
import { fingerprint } from "./fingerprint.ts";
import { exists, foldersIn, type Frame, listFrames } from "./frames.ts";
import { calibration, compose, invert, parseNumbers } from "./matrix34.ts";
import { sourceKey } from "./parts.ts";
import { plural } from "./plural.ts";
import { SEMANTIC_KITTI } from "./published/semantic_kitti.ts";
import { checkLabelCount, countPoints, readLabels, readPoints } from "./points.ts";
import type { Scan } from "./scan.ts";

/** SemanticKITTI: the KITTI odometry sequences with a class and an instance for each point. */
export const semanticKitti: Dataset = {
  metadata: {
    dataset: "semantickitti",
    version: 1,
    source: "SemanticKITTI (https://semantic-kitti.org) on the KITTI odometry benchmark",
    licence: "CC BY-NC-SA (labels and poses), CC BY-NC-SA 3.0 (KITTI scans and calibration)",
    sensor: "Velodyne HDL-64E",
    classes: SEMANTIC_KITTI.classes,
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
    await readLabels(frame.labelPath, file, SEMANTIC_KITTI.classes);
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
