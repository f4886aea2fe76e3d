import { scenesOf } from "../published/nuscenes.ts";
import { Random } from "../synth/random.ts";
import { between, pick, spread, token } from "./scatter.ts";
import type { Twin, TwinFiles } from "./twin.ts";

const VERSION = "v1.0-trainval";
/** Category, class, width, length, height in metres, an attribute. */
const KINDS = [
  ["vehicle.car", "car", 1.95, 4.6, 1.7, "vehicle.parked"],
  ["vehicle.car", "car", 1.95, 4.6, 1.7, "vehicle.moving"],
  ["vehicle.car", "car", 1.95, 4.6, 1.7, "vehicle.parked"],
  ["vehicle.truck", "truck", 2.5, 6.9, 2.8, "vehicle.stopped"],
  ["vehicle.bus.rigid", "bus", 2.9, 11, 3.5, "vehicle.moving"],
  ["vehicle.trailer", "trailer", 2.9, 12.3, 3.9, "vehicle.parked"],
  ["vehicle.construction", "construction_vehicle", 2.7, 6.4, 3.2, "vehicle.stopped"],
  ["human.pedestrian.adult", "pedestrian", 0.67, 0.73, 1.77, "pedestrian.moving"],
  ["human.pedestrian.adult", "pedestrian", 0.67, 0.73, 1.77, "pedestrian.standing"],
  ["vehicle.motorcycle", "motorcycle", 0.77, 2.1, 1.5, "cycle.without_rider"],
  ["vehicle.bicycle", "bicycle", 0.6, 1.7, 1.3, "cycle.with_rider"],
  ["movable_object.trafficcone", "traffic_cone", 0.41, 0.41, 1.07, ""],
  ["movable_object.barrier", "barrier", 2.5, 0.5, 0.98, ""],
] as const;
type Kind = (typeof KINDS)[number];

interface Box {
  readonly kind: Kind;
  readonly translation: readonly number[];
  readonly size: readonly number[];
  readonly yaw: number;
}

/** nuScenes' tables, with LIDAR_TOP only, and a submission of about 97 boxes a sample. */
export const nuscenesDetectionTwin: Twin = {
  benchmark: "nuscenes-detection",
  unit: "samples",
  official: { size: 6000, seconds: 70.506 },

  async write(out, size, seed): Promise<TwinFiles> {
    const folder = `${out}/${VERSION}`;
    await Deno.mkdir(folder, { recursive: true });
    using tables = new Tables(folder);
    const fixed = writeFixedTables(tables, new Random(seed));
    const pred = `${out}/results_nusc.json`;
    using results = new Lines(
      pred,
      '{"meta": {"use_camera": false, "use_lidar": true, "use_radar": false, "use_map": false, ' +
        '"use_external": false}, "results": {',
      "}}\n",
      ", ",
    );
    const scenes = scenesOf("val");
    let boxes = 0;
    for (let sample = 0; sample < size; sample++) {
      const random = new Random(seed, sample + 1);
      const each = Math.ceil(size / scenes.length);
      if (sample % each === 0) {
        const row = { token: `scene-${sample / each}`, name: scenes[sample / each] };
        tables.add("scene", { ...row, "nbr_samples": Math.min(each, size - sample) });
      }
      const at = { sample, scene: `scene-${Math.floor(sample / each)}` };
      boxes += writeSample({ tables, results, fixed }, random, at);
    }
    const args = ["--version", VERSION, "--split", "val"];
    return { gt: out, pred, args, counts: { samples: size, boxes } };
  },
};

/** Elements of a JSON container, written as they come. */
class Lines implements Disposable {
  readonly #file: Deno.FsFile;
  #buffer: string;
  #first = true;

  constructor(
    path: string,
    begin: string,
    private readonly end: string,
    private readonly between: string,
  ) {
    this.#file = Deno.openSync(path, { write: true, create: true, truncate: true });
    this.#buffer = begin;
  }

  add(text: string): void {
    this.#buffer += this.#first ? text : this.between + text;
    this.#first = false;
    if (this.#buffer.length > 1 << 20) this.#flush();
  }

  [Symbol.dispose](): void {
    this.#buffer += this.end;
    this.#flush();
    this.#file.close();
  }

  #flush(): void {
    let bytes = new TextEncoder().encode(this.#buffer);
    while (bytes.length > 0) bytes = bytes.subarray(this.#file.writeSync(bytes));
    this.#buffer = "";
  }
}

const TABLES = [
  ...["category", "attribute", "instance", "sensor", "calibrated_sensor", "ego_pose"],
  ...["scene", "sample", "sample_data", "sample_annotation"],
] as const;

class Tables implements Disposable {
  readonly #lines: ReadonlyMap<string, Lines>;

  constructor(folder: string) {
    this.#lines = new Map(TABLES.map((table) => [
      table,
      new Lines(`${folder}/${table}.json`, "[\n", "\n]\n", ",\n"),
    ]));
  }

  add(table: string, row: Readonly<Record<string, unknown>>): void {
    this.#lines.get(table)!.add(JSON.stringify(row));
  }

  [Symbol.dispose](): void {
    for (const lines of this.#lines.values()) lines[Symbol.dispose]();
  }
}

/** Tokens of what all samples share. */
interface Fixed {
  readonly sensor: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly instances: ReadonlyMap<string, string>;
}

/** One instance a category stands for all: no annotation has a neighbour in time. */
function writeFixedTables(tables: Tables, random: Random): Fixed {
  const [lidar, sensor] = [token(random), token(random)];
  tables.add("sensor", { token: lidar, channel: "LIDAR_TOP", modality: "lidar" });
  tables.add("calibrated_sensor", { token: sensor, "sensor_token": lidar });
  const attributes = new Map<string, string>();
  const instances = new Map<string, string>();
  for (const [category, , , , , attribute] of KINDS) {
    if (!instances.has(category)) {
      const [own, instance] = [token(random), token(random)];
      tables.add("category", { token: own, name: category });
      tables.add("instance", { token: instance, "category_token": own });
      instances.set(category, instance);
    }
    if (attribute !== "" && !attributes.has(attribute)) {
      attributes.set(attribute, token(random));
      tables.add("attribute", { token: attributes.get(attribute), name: attribute });
    }
  }
  return { sensor, attributes, instances };
}

interface Writers {
  readonly tables: Tables;
  readonly results: Lines;
  readonly fixed: Fixed;
}

/** A sample with 20 to 34 annotations and about 97 predictions; how many boxes that is. */
function writeSample(
  { tables, results, fixed }: Writers,
  random: Random,
  { sample, scene }: { readonly sample: number; readonly scene: string },
): number {
  const [own, pose] = [token(random), token(random)];
  const timestamp = 1532402927647951 + sample * 500_000;
  const ego = [random.range(300, 1800), random.range(300, 1800), 0] as const;
  tables.add("sample", { token: own, timestamp, prev: "", next: "", "scene_token": scene });
  tables.add("ego_pose", { token: pose, timestamp, rotation: [1, 0, 0, 0], translation: ego });
  tables.add("sample_data", {
    token: token(random),
    "sample_token": own,
    "ego_pose_token": pose,
    "calibrated_sensor_token": fixed.sensor,
    timestamp,
    "is_key_frame": true,
    filename: `samples/LIDAR_TOP/${sample}.pcd.bin`,
  });
  const predictions: string[] = [];
  const annotations = between(random, 20, 34);
  for (let i = 0; i < annotations; i++) {
    const box = boxNear(random, ego);
    tables.add("sample_annotation", annotationOf(random, { own, box, fixed }));
    for (let n = pick(random, [0, 1, 2, 3]); n > 0; n--) {
      predictions.push(predictionOf(random, own, moved(random, box)));
    }
  }
  while (predictions.length < 97) predictions.push(predictionOf(random, own, boxNear(random, ego)));
  results.add(`"${own}": [${predictions.join(", ")}]`);
  return annotations + predictions.length;
}

function boxNear(random: Random, ego: readonly number[]): Box {
  const kind = pick(random, KINDS);
  const away = [random.range(-52, 52), random.range(-52, 52), random.range(0, 2)];
  return {
    kind,
    translation: away.map((value, i) => value + ego[i]!),
    size: [kind[2], kind[3], kind[4]].map((side) => side * random.range(0.85, 1.15)),
    yaw: random.range(-Math.PI, Math.PI),
  };
}

function moved(random: Random, { kind, translation, size, yaw }: Box): Box {
  const noise = random.range(0, 0.8);
  return {
    kind,
    translation: translation.map((value) => value + noise * spread(random)),
    size: size.map((side) => side * random.range(0.9, 1.1)),
    yaw: yaw + 0.3 * spread(random),
  };
}

const rotationOf = (yaw: number) => [Math.cos(yaw / 2), 0, 0, Math.sin(yaw / 2)];

interface Annotated {
  /** Token of the sample. */
  readonly own: string;
  readonly box: Box;
  readonly fixed: Fixed;
}

function annotationOf(random: Random, { own, box, fixed }: Annotated) {
  const { kind, translation, size, yaw } = box;
  const attribute = fixed.attributes.get(kind[5]);
  const rounded = (values: readonly number[]) => values.map((value) => Number(value.toFixed(3)));
  return {
    token: token(random),
    "sample_token": own,
    "instance_token": fixed.instances.get(kind[0]),
    "visibility_token": "4",
    "attribute_tokens": attribute === undefined ? [] : [attribute],
    translation: rounded(translation),
    size: rounded(size),
    rotation: rotationOf(yaw),
    prev: "",
    next: "",
    "num_lidar_pts": between(random, 0, 80),
    "num_radar_pts": 0,
  };
}

function predictionOf(random: Random, own: string, { kind, translation, size, yaw }: Box): string {
  return JSON.stringify({
    "sample_token": own,
    translation,
    size,
    rotation: rotationOf(yaw),
    velocity: [spread(random), spread(random)],
    "detection_name": kind[1],
    "detection_score": random.next(),
    "attribute_name": kind[5],
  });
}
