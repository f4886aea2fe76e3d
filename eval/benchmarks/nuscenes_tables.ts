/** The tables of nuScenes that detection needs, streamed: the largest ones have gigabytes. */
import { InputError } from "../../std/errors.ts";
import { isNumbers, type JsonObject, JsonReader } from "../../std/json_reader.ts";
import { NUSCENES_CLASSES, type NuscenesBox, type Rack } from "../metrics/nuscenes_sample.ts";
import { join } from "./files.ts";

/** Classes by category; other categories are no detections. */
const CLASS_OF: Readonly<Record<string, (typeof NUSCENES_CLASSES)[number]>> = {
  "movable_object.barrier": "barrier",
  "vehicle.bicycle": "bicycle",
  "vehicle.bus.bendy": "bus",
  "vehicle.bus.rigid": "bus",
  "vehicle.car": "car",
  "vehicle.construction": "construction_vehicle",
  "vehicle.motorcycle": "motorcycle",
  "human.pedestrian.adult": "pedestrian",
  "human.pedestrian.child": "pedestrian",
  "human.pedestrian.construction_worker": "pedestrian",
  "human.pedestrian.police_officer": "pedestrian",
  "movable_object.trafficcone": "traffic_cone",
  "vehicle.trailer": "trailer",
  "vehicle.truck": "truck",
};
const RACK = "static_object.bicycle_rack";
/** Seconds between two annotations that a velocity may be taken from. */
const MAX_GAP = 1.5;

/** Ground truth of a sample. */
export interface SampleTruth {
  readonly boxes: NuscenesBox[];
  readonly racks: Rack[];
  /** Translation of the ego vehicle at the LiDAR scan. */
  ego: readonly number[] | undefined;
  readonly timestamp: number;
}

/** Samples of the scenes named, in the order of the table `sample`, with all that is scored. */
export function readTruth(
  root: string,
  scenes: ReadonlySet<string>,
): ReadonlyMap<string, SampleTruth> {
  const samples = readSamples(root, scenes);
  readEgoPoses(root, samples);
  readAnnotations(root, samples);
  return samples;
}

/** Columns that are kept, by name. */
type Row = Record<string, string | number | boolean | number[] | string[]>;

/** Widths of the columns that hold numbers. */
const WIDTHS: Readonly<Record<string, number>> = { translation: 3, size: 3, rotation: 4 };

/**
 * Calls `visit` with each record of a table.
 *
 * @throws {InputError} It is no such table, or a record lacks a column.
 */
function eachRow(
  root: string,
  table: string,
  columns: readonly string[],
  visit: (row: Row, json: JsonReader) => void,
): void {
  using json = JsonReader.open(join(root, `${table}.json`));
  json.enterArray();
  while (json.element()) {
    visit(json.object((record) => plainRow(record, columns)) ?? readRow(json, columns), json);
  }
  json.end();
}

/** The columns of a record that is right in all; {@linkcode readRow} says what others lack. */
function plainRow(record: JsonObject, columns: readonly string[]): Row | undefined {
  const row: Row = {};
  for (const column of columns) {
    const value = record[column];
    if (!isCell(value, column)) return undefined;
    row[column] = value;
  }
  return row;
}

function isCell(value: unknown, column: string): value is Row[string] {
  if (column === "attribute_tokens") {
    return Array.isArray(value) && value.every((token) => typeof token === "string");
  }
  const width = WIDTHS[column];
  if (width !== undefined) return isNumbers(value, width);
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** Takes the columns of a record field by field. */
function readRow(json: JsonReader, columns: readonly string[]): Row {
  const row: Row = {};
  json.enterObject();
  for (let key = json.key(); key !== undefined; key = json.key()) {
    if (columns.includes(key)) row[key] = readCell(json, key);
    else json.skip();
  }
  const lacking = columns.find((column) => row[column] === undefined);
  if (lacking !== undefined) throw json.fail(`the record before has no "${lacking}"`);
  return row;
}

function readCell(json: JsonReader, key: string): Row[string] {
  const kind = json.kind();
  if (key === "attribute_tokens") return readStrings(json);
  const width = WIDTHS[key];
  if (width !== undefined) return json.numbers(width);
  if (kind === "number") return json.number();
  if (kind === "boolean") return json.boolean();
  return json.string();
}

function readStrings(json: JsonReader): string[] {
  const strings: string[] = [];
  json.enterArray();
  while (json.element()) strings.push(json.string());
  return strings;
}

/** A column of a table by its token. */
function columnOf(root: string, table: string, column: string): Map<string, string> {
  const found = new Map<string, string>();
  eachRow(root, table, ["token", column], (row) => {
    found.set(row["token"] as string, row[column] as string);
  });
  return found;
}

function readSamples(root: string, scenes: ReadonlySet<string>): Map<string, SampleTruth> {
  const names = columnOf(root, "scene", "name");
  const samples = new Map<string, SampleTruth>();
  eachRow(root, "sample", ["token", "timestamp", "scene_token"], (row, json) => {
    const scene = names.get(row["scene_token"] as string);
    if (scene === undefined) throw json.fail(`no scene has token "${row["scene_token"]}"`);
    if (!scenes.has(scene)) return;
    const [token, timestamp] = [row["token"] as string, row["timestamp"] as number];
    if (samples.has(token)) throw json.fail(`sample "${token}" is there twice`);
    samples.set(token, { boxes: [], racks: [], ego: undefined, timestamp });
  });
  return samples;
}

/** Where the vehicle was when LIDAR_TOP took its scan of each sample. */
function readEgoPoses(root: string, samples: ReadonlyMap<string, SampleTruth>): void {
  const channels = columnOf(root, "sensor", "channel");
  const sensors = columnOf(root, "calibrated_sensor", "sensor_token");
  const poses = new Map<string, string>();
  const columns = ["sample_token", "ego_pose_token", "calibrated_sensor_token", "is_key_frame"];
  eachRow(root, "sample_data", columns, (row) => {
    const sample = row["sample_token"] as string;
    if (row["is_key_frame"] !== true || !samples.has(sample)) return;
    const sensor = sensors.get(row["calibrated_sensor_token"] as string) ?? "";
    if (channels.get(sensor) === "LIDAR_TOP") poses.set(sample, row["ego_pose_token"] as string);
  });
  const wanted = new Map<string, SampleTruth[]>();
  for (const [sample, pose] of poses) {
    const list = wanted.get(pose) ?? [];
    list.push(samples.get(sample)!);
    wanted.set(pose, list);
  }
  eachRow(root, "ego_pose", ["token", "translation"], (row) => {
    for (const truth of wanted.get(row["token"] as string) ?? []) {
      truth.ego = row["translation"] as number[];
    }
  });
  for (const [token, { ego }] of samples) {
    if (ego !== undefined) continue;
    throw new InputError(
      `Cannot score with "${root}": sample "${token}" has no key frame of LIDAR_TOP with an ego pose`,
    );
  }
}

/** An annotation as long as its neighbours in time are looked for. */
interface Annotation {
  readonly sample: string;
  readonly row: Row;
  readonly kind: number;
  readonly attribute: string;
}

function readAnnotations(root: string, samples: ReadonlyMap<string, SampleTruth>): void {
  const categories = columnOf(root, "category", "name");
  const instances = columnOf(root, "instance", "category_token");
  const attributes = columnOf(root, "attribute", "name");
  const annotations = new Map<string, Annotation>();
  const columns = [
    "token",
    "sample_token",
    "instance_token",
    "attribute_tokens",
    "translation",
    "size",
    "rotation",
    "prev",
    "next",
    "num_lidar_pts",
    "num_radar_pts",
  ];
  eachRow(root, "sample_annotation", columns, (row, json) => {
    const sample = row["sample_token"] as string;
    const truth = samples.get(sample);
    if (truth === undefined) return;
    const category = categories.get(instances.get(row["instance_token"] as string) ?? "");
    if (category === undefined) {
      throw json.fail("the record before has no instance with a category");
    }
    if (category === RACK) {
      const { translation, size, rotation } = row as unknown as Rack;
      truth.racks.push({ translation, size, rotation });
    }
    const name = CLASS_OF[category];
    const kind = name === undefined ? -1 : NUSCENES_CLASSES.indexOf(name);
    const tokens = row["attribute_tokens"] as string[];
    if (kind >= 0 && tokens.length > 1) {
      throw json.fail(
        `the record before has ${tokens.length} attributes, and one at most is needed`,
      );
    }
    const attribute = tokens.length === 0 ? "" : attributes.get(tokens[0]!);
    if (attribute === undefined) throw json.fail(`no attribute has token "${tokens[0]}"`);
    const token = row["token"] as string;
    if (annotations.has(token)) throw json.fail(`annotation "${token}" is there twice`);
    annotations.set(token, { sample, row, kind, attribute });
  });
  for (const annotation of annotations.values()) {
    if (annotation.kind >= 0) addBox(annotation, annotations, samples);
  }
}

function addBox(
  annotation: Annotation,
  annotations: ReadonlyMap<string, Annotation>,
  samples: ReadonlyMap<string, SampleTruth>,
): void {
  const { sample, row, kind, attribute } = annotation;
  samples.get(sample)!.boxes.push({
    kind,
    translation: row["translation"] as number[],
    size: row["size"] as number[],
    rotation: row["rotation"] as number[],
    velocity: velocityOf(annotation, annotations, samples),
    attribute,
    points: (row["num_lidar_pts"] as number) + (row["num_radar_pts"] as number),
    score: -1,
  });
}

/** From the annotation before to the one after, or between one of them and this; else NaN. */
function velocityOf(
  annotation: Annotation,
  annotations: ReadonlyMap<string, Annotation>,
  samples: ReadonlyMap<string, SampleTruth>,
): number[] {
  const neighbour = (column: "prev" | "next") => {
    const token = annotation.row[column] as string;
    if (token === "") return undefined;
    const found = annotations.get(token);
    if (found !== undefined) return found;
    throw new InputError(
      `Cannot score annotation "${annotation.row["token"]}": its ${column} "${token}" is no ` +
        `annotation of the same split`,
    );
  };
  if (annotation.row["prev"] === "" && annotation.row["next"] === "") return [NaN, NaN];
  const before = neighbour("prev");
  const after = neighbour("next");
  const [first, last] = [before ?? annotation, after ?? annotation];
  const seconds = ({ sample }: Annotation) => 1e-6 * samples.get(sample)!.timestamp;
  const gap = seconds(last) - seconds(first);
  const both = before !== undefined && after !== undefined;
  if (gap > (both ? 2 : 1) * MAX_GAP) return [NaN, NaN];
  const a = first.row["translation"] as number[];
  const b = last.row["translation"] as number[];
  return [(b[0]! - a[0]!) / gap, (b[1]! - a[1]!) / gap];
}
