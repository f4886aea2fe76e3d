/** A sequence of PandaSet: what lies in its folder, and its frames as scans. */
import { InputError } from "../../std/errors.ts";
import { type Camera, packCameras, readCamera } from "../cameras.ts";
import type { ConvertOptions } from "../dataset.ts";
import { exists, foldersIn } from "../frames.ts";
import { apply, compose, fromQuaternion, invert, rotate } from "../matrix34.ts";
import { PANDASET } from "../published/pandaset.ts";
import { type Fields, readJson, readJsonList } from "../record_fields.ts";
import type { Boxes, Scan } from "../scan.ts";
import { type Column, type DataFrame, readDataFrame } from "./data_frame.ts";

/** The LiDAR's x is right and its y forward; a scan's x is forward and its y left. */
export const LIDAR_FROM_SCAN = Float64Array.of(0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0);

const CLASS_IDS: ReadonlyMap<string, number> = new Map(
  Object.entries(PANDASET.classes).map(([id, name]) => [name, Number(id)]),
);

/** The class id of a cuboid's label. */
export function pandasetClass(label: string, place: string): number {
  const id = CLASS_IDS.get(label);
  if (id !== undefined) return id;
  throw new InputError(
    `Cannot read ${place}: its label is ${JSON.stringify(label)}, which is no class`,
  );
}

interface SequenceCamera {
  readonly name: string;
  readonly intrinsic: readonly number[];
  readonly worldFromCamera: readonly Float64Array[];
}

export interface Sequence {
  readonly name: string;
  readonly folder: string;
  /** Frame names: "00". */
  readonly frames: readonly string[];
  readonly worldFromLidar: readonly Float64Array[];
  /** Seconds. */
  readonly times: readonly number[];
  readonly cameras: readonly SequenceCamera[];
}

/** @throws {InputError} when poses, times and frames are not one to one. */
export async function openSequence(folder: string, name: string): Promise<Sequence> {
  const frames: string[] = [];
  for await (const entry of Deno.readDir(`${folder}/lidar`)) {
    const match = entry.name.match(/^(\d+)\.pkl\.gz$/);
    if (match !== null) frames.push(match[1]!);
  }
  frames.sort();
  const worldFromLidar = await readPoses(`${folder}/lidar/poses.json`);
  const times = await readTimes(`${folder}/lidar/timestamps.json`);
  if (
    frames.length === 0 || worldFromLidar.length < frames.length || times.length < frames.length
  ) {
    throw new InputError(
      `Cannot convert "${folder}/lidar": it has ${frames.length} scans, ${worldFromLidar.length} ` +
        `poses and ${times.length} timestamps, and one each is needed`,
    );
  }
  const cameras: SequenceCamera[] = [];
  for (const camera of await foldersIn(`${folder}/camera`) ?? []) {
    const path = `${folder}/camera/${camera}`;
    const values = await readJson(`${path}/intrinsics.json`);
    const [fx, fy, cx, cy] = ["fx", "fy", "cx", "cy"].map((key) => values.number(key));
    cameras.push({
      name: camera,
      intrinsic: [fx!, 0, cx!, 0, fy!, cy!, 0, 0, 1],
      worldFromCamera: await readPoses(`${path}/poses.json`),
    });
  }
  return { name, folder, frames, worldFromLidar, times, cameras };
}

async function readPoses(path: string): Promise<Float64Array[]> {
  return (await readJsonList(path)).map((pose, i) => {
    const [q, t] = [pose.fields("heading"), pose.fields("position")];
    const numbers = (fields: Fields, keys: string) => [...keys].map((key) => fields.number(key));
    try {
      return fromQuaternion(numbers(q, "wxyz"), numbers(t, "xyz"));
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new InputError(`Cannot read "${path}" entry ${i}: ${cause.message}`, { cause });
    }
  });
}

async function readTimes(path: string): Promise<number[]> {
  let values: unknown;
  try {
    values = JSON.parse(await Deno.readTextFile(path));
  } catch (cause) {
    throw new InputError(`Cannot read "${path}": it is no JSON list of numbers`, { cause });
  }
  if (!Array.isArray(values) || !values.every((value) => typeof value === "number")) {
    throw new InputError(`Cannot read "${path}": it is no JSON list of numbers`);
  }
  return values;
}

/** Frame `index` of a sequence. */
export async function readScan(
  sequence: Sequence,
  index: number,
  options: ConvertOptions,
): Promise<Scan> {
  const { folder, name } = sequence;
  const frame = sequence.frames[index]!;
  const worldFromScan = compose(sequence.worldFromLidar[index]!, LIDAR_FROM_SCAN);
  const scanFromWorld = invert(worldFromScan);
  const path = `${folder}/lidar/${frame}.pkl.gz`;
  const { kept, total, ...points } = readPoints(
    await readDataFrame(path),
    scanFromWorld,
    sequence.times[index]!,
    path,
    options,
  );
  const labels = `${folder}/annotations/semseg/${frame}.pkl.gz`;
  const cuboids = `${folder}/annotations/cuboids/${frame}.pkl.gz`;
  return {
    id: `${name}/${frame}`,
    ...points,
    ...(await exists(labels) && { semantic: await readLabels(labels, kept, total) }),
    time: Math.round(1e6 * sequence.times[index]!),
    pose: worldFromScan,
    ...(await exists(cuboids) && {
      boxes: boxesOf(await readDataFrame(cuboids), scanFromWorld, cuboids),
    }),
    ...packCameras(await readCameras(sequence, index, worldFromScan, options)),
  };
}

function numbers(frame: DataFrame, name: string, path: string): Float64Array {
  const column = frame.get(name);
  if (column === undefined) {
    throw new InputError(
      `Cannot read "${path}": it has the columns ${
        [...frame.keys()].join(", ")
      }, and "${name}" is needed`,
    );
  }
  return column instanceof Float64Array
    ? column
    : Float64Array.from(column, (value) => typeof value === "number" ? value : NaN);
}

interface FramePoints {
  readonly points: Float32Array;
  /** [N, 2]: sensor (0 spinning, 1 forward) and seconds after the frame's time. */
  readonly features: Float32Array;
  readonly kept: number[];
  readonly total: number;
}

function readPoints(
  frame: DataFrame,
  scanFromWorld: Float64Array,
  time: number,
  path: string,
  { dropInvalid, dropped }: ConvertOptions,
): FramePoints {
  const [x, y, z, i, t, d] = ["x", "y", "z", "i", "t", "d"].map((name) =>
    numbers(frame, name, path)
  ) as [Float64Array, Float64Array, Float64Array, Float64Array, Float64Array, Float64Array];
  const kept: number[] = [];
  for (let n = 0; n < x.length; n++) {
    if (Number.isFinite(x[n]! + y[n]! + z[n]! + i[n]!)) kept.push(n);
    else if (!dropInvalid) {
      throw new InputError(
        `Cannot convert "${path}": point ${n} is (${x[n]}, ${y[n]}, ${z[n]}, ${
          i[n]
        }), and finite ` +
          `values are needed; --drop-invalid leaves such points out`,
      );
    }
  }
  if (kept.length === 0) throw new InputError(`Cannot convert "${path}": no point of it is left`);
  dropped(x.length - kept.length);
  const points = new Float32Array(4 * kept.length);
  const features = new Float32Array(2 * kept.length);
  kept.forEach((from, to) => {
    points.set(apply(scanFromWorld, [x[from]!, y[from]!, z[from]!]), 4 * to);
    points[4 * to + 3] = i[from]!;
    features[2 * to] = d[from]!;
    features[2 * to + 1] = t[from]! - time;
  });
  return { points, features, kept, total: x.length };
}

async function readLabels(path: string, kept: number[], total: number): Promise<Uint16Array> {
  const labels = numbers(await readDataFrame(path), "class", path);
  if (labels.length !== total) {
    throw new InputError(
      `Cannot convert "${path}": it has ${labels.length} labels, and the scan ${total} points`,
    );
  }
  return Uint16Array.from(kept, (from) => {
    const id = labels[from]!;
    if (Object.hasOwn(PANDASET.classes, String(id))) return id;
    throw new InputError(
      `Cannot convert "${path}": point ${from} has the class ${id}, not 0 to 42`,
    );
  });
}

function boxesOf(frame: DataFrame, scanFromWorld: Float64Array, path: string): Boxes {
  const column = (name: string) => numbers(frame, name, path);
  const texts = (name: string) =>
    Array.from<unknown>((frame.get(name) ?? []) as Column).map(String);
  const [labels, ids, yaw] = [texts("label"), texts("uuid"), column("yaw")];
  const [px, py, pz] = ["x", "y", "z"].map((axis) => column(`position.${axis}`));
  const [dx, dy, dz] = ["x", "y", "z"].map((axis) => column(`dimensions.${axis}`));
  const sensor = frame.has("cuboids.sensor_id") ? column("cuboids.sensor_id") : undefined;
  const stationary = column("stationary");
  const geometry = labels.flatMap((_, b) => {
    // A cuboid's y is its length: forward is a quarter turn from its yaw.
    const ahead = rotate(scanFromWorld, [-Math.sin(yaw[b]!), Math.cos(yaw[b]!), 0]);
    const size = [dy![b]!, dx![b]!, dz![b]!];
    const centre = apply(scanFromWorld, [px![b]!, py![b]!, pz![b]!]);
    if (!size.every((side) => side > 0) || !centre.every(Number.isFinite)) {
      throw new InputError(
        `Cannot read "${path}" cuboid ${b}: its size is ${size.join(" x ")} m at (${
          centre.join(", ")
        })`,
      );
    }
    return [...centre, ...size, Math.atan2(ahead[1], ahead[0])];
  });
  return {
    geometry: Float32Array.from(geometry),
    semantic: Uint16Array.from(labels, (label, b) => pandasetClass(label, `"${path}" cuboid ${b}`)),
    instance: Uint16Array.from(labels, (_, b) => b + 1),
    features: Float32Array.from(labels.flatMap((_, b) => [stationary[b]!, sensor?.[b] ?? -1])),
    ids,
  };
}

async function readCameras(
  { folder, cameras, frames }: Sequence,
  index: number,
  worldFromScan: Float64Array,
  options: ConvertOptions,
): Promise<Camera[]> {
  const found: Camera[] = [];
  for (const { name, intrinsic, worldFromCamera } of cameras) {
    const path = `${folder}/camera/${name}/${frames[index]}.jpg`;
    const pose = worldFromCamera[index];
    if (pose === undefined || !(await exists(path))) continue;
    const geometry = { intrinsic, fromSensor: compose(invert(pose), worldFromScan) };
    found.push(await readCamera(name, geometry, path, options));
  }
  return found;
}
