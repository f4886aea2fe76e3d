/**
 * The nuScenes tables, as far as scans need them. Every table is read record by record, and what no
 * chosen sample refers to is left out: sample_data.json alone has 2.6 million records.
 */
import { InputError } from "../../std/errors.ts";
import { jsonRecords } from "../json_records.ts";
import { fromQuaternion } from "../matrix34.ts";
import { Fields } from "../record_fields.ts";

export interface Scene {
  readonly token: string;
  readonly name: string;
  readonly firstSample: string;
  readonly samples: number;
}

export interface Sample {
  readonly token: string;
  readonly next: string;
  /** Microseconds. */
  readonly timestamp: number;
}

/** One recording of one sensor. */
export interface SensorData {
  readonly token: string;
  readonly sample: string;
  readonly isKey: boolean;
  readonly egoPose: string;
  readonly calibration: string;
  readonly timestamp: number;
  readonly filename: string;
  readonly prev: string;
  readonly width: number;
  readonly height: number;
}

export interface Calibration {
  readonly channel: string;
  /** Sensor to vehicle, 3x4. */
  readonly egoFromSensor: Float64Array;
  /** 3x3 of cameras. */
  readonly intrinsic: readonly number[] | undefined;
}

export interface Annotation {
  readonly instance: string;
  readonly category: string;
  readonly attributes: readonly string[];
  readonly visibility: string;
  readonly translation: readonly number[];
  /** Width, length, height. */
  readonly size: readonly number[];
  readonly rotation: readonly number[];
  readonly prev: string;
  readonly next: string;
  readonly sample: string;
  readonly lidarPoints: number;
  readonly radarPoints: number;
}

/**
 * The records of a table by token.
 *
 * @param keep What becomes of a record; undefined leaves it out.
 * @throws {InputError} when two records have one token.
 */
export async function readTable<T>(
  folder: string,
  name: string,
  keep: (fields: Fields, token: string) => T | undefined,
): Promise<Map<string, T>> {
  const path = `${folder}/${name}.json`;
  const rows = new Map<string, T>();
  let index = 0;
  for await (const record of jsonRecords(path)) {
    const fields = new Fields(record, `"${path}" record ${index++}`);
    const token = fields.text("token");
    const row = keep(fields, token);
    if (row === undefined) continue;
    if (rows.has(token)) {
      throw new InputError(
        `Cannot read "${path}" record ${index - 1}: its token "${token}" is that of an earlier one`,
      );
    }
    rows.set(token, row);
  }
  return rows;
}

export const readScenes = (folder: string) =>
  readTable(folder, "scene", (fields, token): Scene => ({
    token,
    name: fields.text("name"),
    firstSample: fields.text("first_sample_token"),
    samples: fields.count("nbr_samples", 1, 1e6),
  }));

/** The samples of `scenes`, a list a scene in order of time. */
export async function readSamples(folder: string, scenes: readonly Scene[]): Promise<Sample[][]> {
  const tokens = new Set(scenes.map(({ token }) => token));
  const samples = await readTable(
    folder,
    "sample",
    (fields, token): Sample | undefined =>
      tokens.has(fields.text("scene_token"))
        ? { token, next: fields.text("next"), timestamp: fields.count("timestamp") }
        : undefined,
  );
  return scenes.map((scene) => {
    const chain: Sample[] = [];
    for (let token = scene.firstSample; token !== "";) {
      const sample = samples.get(token);
      if (sample === undefined || chain.length === scene.samples) {
        throw new InputError(
          `Cannot read "${folder}/sample.json": "${scene.name}" has the ${scene.samples} samples ` +
            `that scene.json says, and not the one with token "${token}" after ${chain.length}`,
        );
      }
      chain.push(sample);
      token = sample.next;
    }
    if (chain.length !== scene.samples) {
      throw new InputError(
        `Cannot read "${folder}/sample.json": "${scene.name}" has ${chain.length} samples, and ` +
          `scene.json says ${scene.samples}`,
      );
    }
    return chain;
  });
}

export async function readCalibrations(folder: string): Promise<Map<string, Calibration>> {
  const channels = await readTable(folder, "sensor", (fields) => fields.text("channel"));
  return await readTable(folder, "calibrated_sensor", (fields, token): Calibration => {
    const channel = channels.get(fields.text("sensor_token"));
    if (channel === undefined) {
      throw new InputError(
        `Cannot read "${folder}/calibrated_sensor.json": the sensor of "${token}" is unknown`,
      );
    }
    return {
      channel,
      egoFromSensor: transformOf(fields, `"${folder}/calibrated_sensor.json" "${token}"`),
      intrinsic: channel.startsWith("CAM") ? fields.matrix("camera_intrinsic", 3, 3) : undefined,
    };
  });
}

/** The poses of the vehicle that `wanted` names: to the world, 3x4. */
export function readEgoPoses(
  folder: string,
  wanted: ReadonlySet<string>,
): Promise<Map<string, Float64Array>> {
  return readTable(
    folder,
    "ego_pose",
    (fields, token) =>
      wanted.has(token) ? transformOf(fields, `"${folder}/ego_pose.json" "${token}"`) : undefined,
  );
}

function transformOf(fields: Fields, place: string): Float64Array {
  try {
    return fromQuaternion(fields.vector("rotation", 4), fields.vector("translation", 3));
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new InputError(`Cannot read ${place}: ${cause.message}`, { cause });
  }
}

/** The recordings of the LiDAR and the cameras: all key frames, and of the LiDAR the sweeps too. */
export function readSensorData(
  folder: string,
  calibrations: ReadonlyMap<string, Calibration>,
  samples: ReadonlySet<string>,
  withSweeps: boolean,
): Promise<Map<string, SensorData>> {
  return readTable(folder, "sample_data", (fields, token): SensorData | undefined => {
    const calibration = fields.text("calibrated_sensor_token");
    const channel = calibrations.get(calibration)?.channel;
    const isCamera = channel?.startsWith("CAM") === true;
    const isKey = fields.boolean("is_key_frame");
    const sample = fields.text("sample_token");
    const isWanted = isCamera || channel === "LIDAR_TOP";
    if (!isWanted || !(isKey ? samples.has(sample) : withSweeps && !isCamera)) return undefined;
    return {
      token,
      sample,
      isKey,
      egoPose: fields.text("ego_pose_token"),
      calibration,
      timestamp: fields.count("timestamp"),
      filename: fields.text("filename"),
      prev: fields.text("prev"),
      width: isCamera ? fields.count("width", 1, 0xffff) : 0,
      height: isCamera ? fields.count("height", 1, 0xffff) : 0,
    };
  });
}

/** The annotations of `samples`, by token. */
export async function readAnnotations(
  folder: string,
  samples: ReadonlySet<string>,
): Promise<Map<string, Annotation>> {
  const categories = await readTable(folder, "category", (fields) => fields.text("name"));
  const attributes = await readTable(folder, "attribute", (fields) => fields.text("name"));
  const instances = await readTable(
    folder,
    "instance",
    (fields) => categories.get(fields.text("category_token")),
  );
  const path = `"${folder}/sample_annotation.json"`;
  return await readTable(folder, "sample_annotation", (fields, token): Annotation | undefined => {
    const sample = fields.text("sample_token");
    if (!samples.has(sample)) return undefined;
    const instance = fields.text("instance_token");
    const category = instances.get(instance);
    if (category === undefined) {
      throw new InputError(
        `Cannot read ${path}: "${token}" is of the instance "${instance}", which has no category`,
      );
    }
    return {
      instance,
      category,
      attributes: fields.texts("attribute_tokens").map((name) => attributes.get(name) ?? ""),
      visibility: fields.has("visibility_token") ? fields.text("visibility_token") : "",
      translation: fields.vector("translation", 3),
      size: sizeOf(fields, `${path}: "${token}"`),
      rotation: fields.vector("rotation", 4),
      prev: fields.text("prev"),
      next: fields.text("next"),
      sample,
      lidarPoints: fields.count("num_lidar_pts"),
      radarPoints: fields.count("num_radar_pts"),
    };
  });
}

/** Width, length, height. */
function sizeOf(fields: Fields, place: string): number[] {
  const size = fields.vector("size", 3);
  if (size.every((side) => side > 0)) return size;
  throw new InputError(
    `Cannot read ${place} has the size ${size.join(" x ")} m, and sides above 0 are needed`,
  );
}
