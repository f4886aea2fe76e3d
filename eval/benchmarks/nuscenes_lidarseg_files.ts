/** Finds the label files of a nuScenes split through its tables. */
import { NUSCENES_LIDARSEG } from "../../datasets/published/nuscenes_lidarseg.ts";
import { type NuscenesSplit, scenesOf } from "../../datasets/published/nuscenes.ts";
import { InputError } from "../../std/errors.ts";
import type { JsonObject } from "../../std/json_reader.ts";
import { jsonRecords } from "../../std/json_records.ts";
import type { Request } from "../benchmark.ts";
import type { FilePair } from "./pair_reader.ts";
import { isFile, join } from "./files.ts";

/** The ground truth and the prediction of each key frame of the LIDAR_TOP, scene by scene. */
export function findSamples(request: Request): FilePair[] {
  const samples = samplesOfSplit(request);
  const scans = lidarScans(request, new Set(samples));
  const filenames = new Map<string, string>();
  for (const record of table(request, "lidarseg")) {
    filenames.set(
      text(request, "lidarseg", record, "sample_data_token"),
      filename(request, record),
    );
  }
  return samples.map((sample) => {
    const token = scans.get(sample);
    if (token === undefined) {
      throw tableError(request, "sample_data", `sample "${sample}" has no key frame of LIDAR_TOP`);
    }
    const file = filenames.get(token);
    if (file === undefined) {
      throw tableError(request, "lidarseg", `it has no record of sample_data "${token}"`);
    }
    const { split } = request.options;
    return {
      gt: join(request.gt, file),
      pred: requirePrediction(join(request.pred, "lidarseg", split!, `${token}_lidarseg.bin`)),
    };
  });
}

/** Category name by label. */
export function readCategories(request: Request): Map<number, string> {
  const names = new Map<number, string>();
  for (const record of table(request, "category")) {
    const name = text(request, "category", record, "name");
    const { index } = record;
    if (!Object.hasOwn(NUSCENES_LIDARSEG.classOf, name) || typeof index !== "number") {
      throw tableError(
        request,
        "category",
        `"${name}" with the index ${
          JSON.stringify(index)
        } is none of the 32 categories of lidarseg`,
      );
    }
    names.set(index, name);
  }
  return names;
}

/** Samples of the split's scenes, each scene in the order of its chain. */
function samplesOfSplit(request: Request): string[] {
  const wanted = scenesOf(request.options["split"] as NuscenesSplit);
  const scenes = new Map<string, JsonObject>();
  for (const record of table(request, "scene")) {
    scenes.set(text(request, "scene", record, "name"), record);
  }
  const found = wanted.filter((name) => scenes.has(name));
  if (found.length < wanted.length) {
    const missing = wanted.find((name) => !scenes.has(name));
    throw tableError(
      request,
      "scene",
      `it has ${found.length} of the ${wanted.length} scenes of split ` +
        `"${request.options["split"]}", the first that is missing is "${missing}"`,
    );
  }
  const next = new Map<string, string>();
  for (const record of table(request, "sample")) {
    next.set(text(request, "sample", record, "token"), text(request, "sample", record, "next"));
  }
  return found.flatMap((name) => chain(request, scenes.get(name)!, next));
}

function chain(
  request: Request,
  scene: JsonObject,
  next: ReadonlyMap<string, string>,
): string[] {
  const tokens: string[] = [];
  const expected = scene["nbr_samples"];
  let token = text(request, "scene", scene, "first_sample_token");
  while (token !== "" && tokens.length <= next.size) {
    const following = next.get(token);
    if (following === undefined) {
      throw tableError(request, "sample", `it has no sample "${token}"`);
    }
    tokens.push(token);
    token = following;
  }
  if (tokens.length === expected) return tokens;
  throw tableError(
    request,
    "scene",
    `"${scene["name"]}" should have ${expected} samples and its chain has ${tokens.length}`,
  );
}

/** sample_data token of the LIDAR_TOP key frame of each of `samples`. */
function lidarScans(request: Request, samples: ReadonlySet<string>): Map<string, string> {
  const sensors = new Set<string>();
  for (const record of table(request, "sensor")) {
    if (record["channel"] === "LIDAR_TOP") sensors.add(text(request, "sensor", record, "token"));
  }
  const calibrated = new Set<string>();
  for (const record of table(request, "calibrated_sensor")) {
    if (!sensors.has(text(request, "calibrated_sensor", record, "sensor_token"))) continue;
    calibrated.add(text(request, "calibrated_sensor", record, "token"));
  }
  const scans = new Map<string, string>();
  for (const record of table(request, "sample_data")) {
    if (record["is_key_frame"] !== true) continue;
    if (!calibrated.has(text(request, "sample_data", record, "calibrated_sensor_token"))) continue;
    const sample = text(request, "sample_data", record, "sample_token");
    if (samples.has(sample)) scans.set(sample, text(request, "sample_data", record, "token"));
  }
  return scans;
}

function requirePrediction(path: string): string {
  if (isFile(path)) return path;
  throw new InputError(
    `Cannot read "${path}": there is no such file, and a prediction for each sample is needed`,
  );
}

/** A file below the dataroot: a table cannot lead out of it. */
function filename(request: Request, record: JsonObject): string {
  const name = text(request, "lidarseg", record, "filename");
  if (name.startsWith("/") || name.split("/").includes("..")) {
    throw tableError(request, "lidarseg", `its file "${name}" is not below the dataroot`);
  }
  return name;
}

function tablePath({ gt, options }: Request, name: string): string {
  return join(gt, options["version"]!, `${name}.json`);
}

function table(request: Request, name: string): Generator<JsonObject> {
  return jsonRecords(tablePath(request, name));
}

function text(request: Request, name: string, record: JsonObject, field: string): string {
  const value = record[field];
  if (typeof value === "string") return value;
  throw tableError(request, name, `a record has the ${field} ${JSON.stringify(value)}, not a text`);
}

function tableError(request: Request, name: string, found: string): InputError {
  return new InputError(`Cannot read "${tablePath(request, name)}": ${found}`);
}
