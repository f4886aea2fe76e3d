/**
 * Raw twin of nuScenes: the tables, LIDAR_TOP key frames with a sweep between, six cameras, lidarseg,
 * boxes. Images are PNG files, where the data set has JPEG.
 */
import { apply } from "../matrix34.ts";
import { NUSCENES, NUSCENES_ATTRIBUTES } from "../published/nuscenes.ts";
import {
  CLASS_NAMES,
  type FullScan,
  heading,
  instancePoints,
  put,
  quaternion,
  type RawTwin,
  simulated,
} from "./raw_twin.ts";
import { JsonTable } from "./json_table.ts";
import { CAMERAS, HEIGHT, INTRINSIC, picture, WIDTH } from "./nuscenes_cameras.ts";

const VERSION = "v1.0-mini";
/** Samples of a scene, as in the data set. */
const SCENE = 40;
/** Microseconds between two simulated frames: a key frame is every second one. */
const STEP = 250_000;
const START = 1_532_402_927_000_000;
/** The LiDAR stands here in the vehicle's frame, turned by a right angle: its y is ahead. */
const MOUNT = [0.94, 0, 1.84] as const;

const CATEGORY_IDS: ReadonlyMap<string, number> = new Map(
  Object.entries(NUSCENES.classes).map(([id, name]) => [name, Number(id)]),
);

/** 32 hexadecimal digits, as the tokens of the data set. */
const token = (kind: string, ...numbers: readonly number[]): string =>
  (kind + numbers.map((n) => n.toString(16).padStart(6, "0")).join(""))
    .padEnd(32, "0");

export const nuscenesTwin: RawTwin = {
  unit: "samples",
  async write(out, count, seed, tick) {
    using tables = new Tables(`${out}/${VERSION}`);
    await tables.open();
    tables.constants();
    for (let s = 0; s < count; s++) {
      const scene = Math.floor(s / SCENE);
      if (s % SCENE === 0) tables.scene(scene, Math.min(SCENE, count - s));
      const index = s % SCENE;
      const last = index === SCENE - 1 || s === count - 1;
      if (index > 0) await writeRecording(out, tables, seed, scene, 2 * index - 1, undefined);
      await writeRecording(out, tables, seed, scene, 2 * index, last);
      tick();
    }
    await tables.close();
  },
};

/** One simulated frame; `last` is given for key frames: whether the scene ends with it. */
async function writeRecording(
  out: string,
  tables: Tables,
  seed: number,
  scene: number,
  frame: number,
  last: boolean | undefined,
): Promise<void> {
  const scan = simulated(seed + scene, frame);
  const data = token("da", scene, frame);
  const folder = last === undefined ? "sweeps" : "samples";
  const filename = `${folder}/LIDAR_TOP/${data}.pcd.bin`;
  await put(`${out}/${filename}`, lidarPoints(scan));
  tables.recording(scene, frame, filename, scan, last);
  if (last === undefined) return;
  const ids = scan.semantic.map((id) => CATEGORY_IDS.get(CLASS_NAMES.get(id)!.nuscenes)!);
  await put(`${out}/lidarseg/${VERSION}/${data}_lidarseg.bin`, Uint8Array.from(ids));
  const [x, y, z] = MOUNT;
  const egoFromScan = Float64Array.of(1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z);
  for (const [c, camera] of CAMERAS.entries()) {
    const image = `samples/${camera.channel}/${token("c0", scene, frame, c)}.png`;
    await put(`${out}/${image}`, picture(scan, camera, egoFromScan));
    tables.image(scene, frame, c, image);
  }
}

/** Five floats a point in the LiDAR's frame; rings are numbered in turn. */
function lidarPoints({ points }: FullScan): Float32Array {
  const values = new Float32Array(points.length / 4 * 5);
  for (let n = 0; n < points.length / 4; n++) {
    const [i, k] = [4 * n, 5 * n];
    values[k] = -points[i + 1]!;
    values[k + 1] = points[i]!;
    values[k + 2] = points[i + 2]!;
    values[k + 3] = points[i + 3]!;
    values[k + 4] = n % 32;
  }
  return values;
}

const NAMES = [
  "attribute",
  "calibrated_sensor",
  "category",
  "ego_pose",
  "instance",
  "lidarseg",
  "log",
  "map",
  "sample",
  "sample_annotation",
  "sample_data",
  "scene",
  "sensor",
  "visibility",
] as const;

/** All tables, written record by record. */
class Tables implements Disposable {
  readonly #tables: Record<typeof NAMES[number], JsonTable>;

  constructor(private readonly folder: string) {
    const entries = NAMES.map((name) => [name, new JsonTable(`${folder}/${name}.json`)] as const);
    this.#tables = Object.fromEntries(entries) as Record<typeof NAMES[number], JsonTable>;
  }

  async open(): Promise<void> {
    await Deno.mkdir(this.folder, { recursive: true });
    for (const table of Object.values(this.#tables)) table.open();
  }

  async close(): Promise<void> {
    for (const table of Object.values(this.#tables)) await table.close();
  }

  [Symbol.dispose](): void {
    for (const table of Object.values(this.#tables)) table[Symbol.dispose]();
  }

  constants(): void {
    const { attribute, category, visibility, sensor, calibrated_sensor: calibration } =
      this.#tables;
    NUSCENES_ATTRIBUTES.forEach((name, i) => attribute.add({ token: token("a0", i), name }));
    Object.entries(NUSCENES.classes).forEach(([id, name]) =>
      category.add({ token: token("ca", Number(id)), name, description: "", index: Number(id) })
    );
    for (const level of ["1", "2", "3", "4"]) visibility.add({ token: level, level: `v${level}` });
    sensor.add({ token: token("5e"), channel: "LIDAR_TOP", modality: "lidar" });
    calibration.add({
      token: token("cc"),
      sensor_token: token("5e"),
      translation: MOUNT,
      rotation: quaternion(-Math.PI / 2),
      camera_intrinsic: [],
    });
    CAMERAS.forEach(({ channel, translation, rotation }, c) => {
      sensor.add({ token: token("5e", c + 1), channel, modality: "camera" });
      calibration.add({
        token: token("cc", c + 1),
        sensor_token: token("5e", c + 1),
        translation,
        rotation,
        camera_intrinsic: INTRINSIC,
      });
    });
  }

  scene(scene: number, samples: number): void {
    this.#tables.scene.add({
      token: token("5c", scene),
      log_token: "",
      nbr_samples: samples,
      first_sample_token: token("5a", scene, 0),
      last_sample_token: token("5a", scene, 2 * (samples - 1)),
      name: `scene-${String(5000 + scene)}`, // a number that no scene of the data set has
      description: "simulated",
    });
  }

  recording(
    scene: number,
    frame: number,
    filename: string,
    scan: FullScan,
    last: boolean | undefined,
  ): void {
    const isKey = last !== undefined;
    const data = token("da", scene, frame);
    const key = isKey ? frame : frame + 1;
    const sample = token("5a", scene, key);
    this.#tables.sample_data.add({
      token: data,
      sample_token: sample,
      ego_pose_token: token("e0", scene, frame),
      calibrated_sensor_token: token("cc"),
      timestamp: START + scene * 1e9 + frame * STEP,
      fileformat: "pcd",
      is_key_frame: isKey,
      height: 0,
      width: 0,
      filename,
      prev: frame > 0 ? token("da", scene, frame - 1) : "",
      next: last === true ? "" : token("da", scene, frame + 1),
    });
    this.#egoPose(scene, frame, scan);
    if (!isKey) return;
    this.#tables.sample.add({
      token: sample,
      timestamp: START + scene * 1e9 + frame * STEP,
      prev: frame > 0 ? token("5a", scene, frame - 2) : "",
      next: last ? "" : token("5a", scene, frame + 2),
      scene_token: token("5c", scene),
    });
    this.#tables.lidarseg.add({
      token: token("15", scene, frame),
      sample_data_token: data,
      filename: `lidarseg/${VERSION}/${data}_lidarseg.bin`,
    });
    this.#annotations(scene, frame, sample, scan);
  }

  /** Of a key frame, taken when its scan is. */
  image(scene: number, frame: number, camera: number, filename: string): void {
    this.#tables.sample_data.add({
      token: token("c0", scene, frame, camera),
      sample_token: token("5a", scene, frame),
      ego_pose_token: token("e0", scene, frame),
      calibrated_sensor_token: token("cc", camera + 1),
      timestamp: START + scene * 1e9 + frame * STEP,
      fileformat: "png",
      is_key_frame: true,
      height: HEIGHT,
      width: WIDTH,
      filename,
      prev: "",
      next: "",
    });
  }

  #egoPose(scene: number, frame: number, { pose }: FullScan): void {
    const [x, y, z] = apply(pose, MOUNT.map((value) => -value) as [number, number, number]);
    this.#tables.ego_pose.add({
      token: token("e0", scene, frame),
      timestamp: START + scene * 1e9 + frame * STEP,
      rotation: quaternion(heading(pose)),
      translation: [x, y, z],
    });
  }

  #annotations(scene: number, frame: number, sample: string, scan: FullScan): void {
    const points = instancePoints(scan);
    const { boxes, pose } = scan;
    boxes.semantic.forEach((id, b) => {
      const [x = 0, y = 0, z = 0, l = 0, w = 0, h = 0, yaw = 0] = boxes.geometry.subarray(7 * b);
      const instance = token("1a", scene, frame, b);
      const annotation = token("ab", scene, frame, b);
      this.#tables.instance.add({
        token: instance,
        category_token: token("ca", CATEGORY_IDS.get(CLASS_NAMES.get(id)!.nuscenes)!),
        nbr_annotations: 1,
        first_annotation_token: annotation,
        last_annotation_token: annotation,
      });
      this.#tables.sample_annotation.add({
        token: annotation,
        sample_token: sample,
        instance_token: instance,
        visibility_token: "4",
        attribute_tokens: [],
        translation: apply(pose, [x, y, z]),
        size: [w, l, h],
        rotation: quaternion(heading(pose) + yaw),
        prev: "",
        next: "",
        num_lidar_pts: points[b],
        num_radar_pts: 0,
      });
    });
  }
}
