/** A nuScenes sample as a scan. */
import { InputError } from "../../std/errors.ts";
import { joined } from "../../std/joined.ts";
import { type Camera, packCameras, readCamera } from "../cameras.ts";
import type { ConvertOptions } from "../dataset.ts";
import { exists } from "../frames.ts";
import { apply, compose, fromQuaternion, invert, movePoints, rotate } from "../matrix34.ts";
import { NUSCENES, NUSCENES_ATTRIBUTES } from "../published/nuscenes.ts";
import { pathInside } from "../record_fields.ts";
import type { Boxes, Scan } from "../scan.ts";
import { readSweep, type Sweep } from "./sweep.ts";
import type { Release, SampleFiles } from "./release.ts";
import type { Annotation, SensorData } from "./tables.ts";

/** The LiDAR's x is right and its y forward; a scan's x is forward and its y left. */
export const LIDAR_FROM_SCAN = Float64Array.of(0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0);

/** The class of points that no label file covers: those of earlier sweeps. */
export const UNLABELLED = 255;

const CLASS_IDS = new Map<string, number>(
  Object.entries(NUSCENES.classes).map(([id, name]) => [name, Number(id)]),
);

/** The scan of a sample, in the frame of its own LiDAR recording. */
export async function readScan(
  release: Release,
  files: SampleFiles,
  options: ConvertOptions,
): Promise<Scan> {
  const { lidar } = files;
  const worldFromLidar = worldFrom(release, lidar);
  const sweeps = await readSweeps(release, files, worldFromLidar, options);
  const points = joined(Float32Array, sweeps.map(({ points }) => points));
  toScanFrame(points);
  const worldFromScan = compose(worldFromLidar, LIDAR_FROM_SCAN);
  const semantic = await readSemantic(release, files, sweeps, points.length / 4);
  const boxes = files.annotations.length > 0 && packBoxes(release, files, worldFromScan);
  const cameras = await readCameras(release, files, worldFromScan, options);
  return {
    id: files.sample.token,
    points,
    features: features(sweeps),
    ...(semantic && { semantic }),
    time: lidar.timestamp,
    pose: worldFromScan,
    ...(boxes && { boxes }),
    ...packCameras(cameras),
  };
}

function worldFrom({ calibrations, egoPoses }: Release, data: SensorData): Float64Array {
  const pose = egoPoses.get(data.egoPose);
  if (pose === undefined) {
    throw new InputError(
      `Cannot read ego_pose.json: it has no "${data.egoPose}", which recording "${data.token}" needs`,
    );
  }
  return compose(pose, calibrations.get(data.calibration)!.egoFromSensor);
}

/**
 * The recording of a sample and those before it, moved into its frame: the devkit's
 * `LidarPointCloud.from_file_multisweep`, with points near the sensor left out when there are many.
 */
async function readSweeps(
  release: Release,
  { lidar }: SampleFiles,
  worldFromLidar: Float64Array,
  { sweeps = 1, dropInvalid, dropped }: ConvertOptions,
): Promise<Sweep[]> {
  const lidarFromWorld = invert(worldFromLidar);
  const found: Sweep[] = [];
  for (let data = lidar; found.length < sweeps;) {
    const place = `"sample_data.json" "${data.token}"`;
    const path = pathInside(release.root, data.filename, place);
    const lag = 1e-6 * lidar.timestamp - 1e-6 * data.timestamp;
    const sweep = await readSweep(path, lag, { dropInvalid, dropNear: sweeps > 1 });
    dropped(sweep.invalid);
    if (data !== lidar) movePoints(compose(lidarFromWorld, worldFrom(release, data)), sweep.points);
    found.push(sweep);
    if (data.prev === "" || found.length === sweeps) break;
    const previous = release.sensorData.get(data.prev);
    if (previous === undefined) {
      throw new InputError(
        `Cannot read sample_data.json: it has no "${data.prev}", which is before "${data.token}"`,
      );
    }
    data = previous;
  }
  return found;
}

/** Turns points in place, exactly: (x, y) becomes (y, -x). */
function toScanFrame(points: Float32Array): void {
  for (let i = 0; i < points.length; i += 4) {
    const x = points[i]!;
    points[i] = points[i + 1]!;
    points[i + 1] = -x;
  }
}

/** [N, 2]: the ring and the seconds that a point is older than the scan. */
function features(sweeps: readonly Sweep[]): Float32Array {
  const all = new Float32Array(2 * sweeps.reduce((sum, { rings }) => sum + rings.length, 0));
  let at = 0;
  for (const { rings, lag } of sweeps) {
    for (const ring of rings) {
      all[at++] = ring;
      all[at++] = lag;
    }
  }
  return all;
}

async function readSemantic(
  { labelIds }: Release,
  { labels }: SampleFiles,
  [key]: readonly Sweep[],
  points: number,
): Promise<Uint16Array | undefined> {
  if (labels === undefined || key === undefined) return undefined;
  const bytes = await Deno.readFile(labels);
  if (bytes.length !== key.total) {
    throw new InputError(
      `Cannot convert "${labels}": it has ${bytes.length} labels, and the scan ${key.total} points`,
    );
  }
  const ids = Uint16Array.from(
    { length: 256 },
    (_, i) => CLASS_IDS.get(labelIds.get(i) ?? "") ?? 256,
  );
  const semantic = new Uint16Array(points).fill(UNLABELLED);
  key.kept.forEach((from, to) => {
    const id = ids[bytes[from]!]!;
    if (id === 256) {
      throw new InputError(
        `Cannot convert "${labels}": point ${from} has the label ${
          bytes[from]
        }, which is no index ` +
          `of a known category in category.json`,
      );
    }
    semantic[to] = id;
  });
  return semantic;
}

function packBoxes(release: Release, files: SampleFiles, worldFromScan: Float64Array): Boxes {
  const scanFromWorld = invert(worldFromScan);
  const { annotations } = files;
  const classOf = ({ category, instance }: Annotation) => {
    const id = CLASS_IDS.get(category);
    if (id !== undefined) return id;
    throw new InputError(
      `Cannot read category.json: instance "${instance}" is of the unknown category "${category}"`,
    );
  };
  const features = annotations.flatMap((annotation) => {
    const [vx = 0, vy = 0] = rotate(scanFromWorld, velocity(release, annotation));
    const attribute = NUSCENES_ATTRIBUTES.indexOf(annotation.attributes[0] ?? "") + 1;
    const { lidarPoints, radarPoints, visibility } = annotation;
    return [vx, vy, lidarPoints, radarPoints, attribute, Number(visibility) || 0];
  });
  return {
    geometry: Float32Array.from(annotations.flatMap((box) => boxIn(scanFromWorld, box))),
    semantic: Uint16Array.from(annotations, classOf),
    instance: Uint16Array.from(annotations, (_, i) => i + 1),
    features: Float32Array.from(features),
    ids: annotations.map(({ instance }) => instance),
  };
}

function boxIn(scanFromWorld: Float64Array, { translation, size, rotation }: Annotation): number[] {
  const [x = 0, y = 0, z = 0] = translation;
  const [width = 0, length = 0, height = 0] = size;
  const box = fromQuaternion(rotation, [0, 0, 0]);
  const [forward, left] = rotate(scanFromWorld, rotate(box, [1, 0, 0]));
  const centre = apply(scanFromWorld, [x, y, z]);
  return [...centre, length, width, height, Math.atan2(left, forward)];
}

/** Metres a second in the world: the devkit's `box_velocity`, NaN where it gives none. */
function velocity(
  { annotations, sampleTimes }: Release,
  box: Annotation,
): [number, number, number] {
  const first = annotations.get(box.prev) ?? box;
  const last = annotations.get(box.next) ?? box;
  const seconds = 1e-6 * sampleTimes.get(last.sample)! - 1e-6 * sampleTimes.get(first.sample)!;
  const most = first !== box && last !== box ? 3 : 1.5;
  if (first === last || seconds > most) return [NaN, NaN, NaN];
  const along = (axis: number) => (last.translation[axis]! - first.translation[axis]!) / seconds;
  return [along(0), along(1), along(2)];
}

async function readCameras(
  release: Release,
  { cameras }: SampleFiles,
  worldFromScan: Float64Array,
  options: ConvertOptions,
): Promise<Camera[]> {
  const found: Camera[] = [];
  for (const data of cameras) {
    const { channel, intrinsic = [] } = release.calibrations.get(data.calibration)!;
    const fromSensor = compose(invert(worldFrom(release, data)), worldFromScan);
    const geometry = { intrinsic, fromSensor };
    const size = [data.width, data.height] as const;
    const path = pathInside(release.root, data.filename, `"sample_data.json" "${data.token}"`);
    const isThere = options.images !== false && await exists(path);
    const camera: Camera = isThere
      ? await readCamera(channel, geometry, path, options)
      : { name: channel, ...geometry, size };
    if (camera.size[0] !== size[0] || camera.size[1] !== size[1]) {
      throw new InputError(
        `Cannot convert "${path}": it is ${camera.size.join(" x ")} pixels, and sample_data.json ` +
          `says ${size.join(" x ")}`,
      );
    }
    found.push(camera);
  }
  return found;
}
