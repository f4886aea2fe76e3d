/** Raw twin of PandaSet: scans, labels and cuboids as gzipped pickles of pandas tables. */
import { gzipSync } from "node:zlib";
import { apply } from "../matrix34.ts";
import { PANDASET } from "../published/pandaset.ts";
import { pickleFrame } from "./pickle_writer.ts";
import {
  CLASS_NAMES,
  type FullScan,
  heading,
  put,
  quaternion,
  type RawTwin,
  simulated,
} from "./raw_twin.ts";

/** Frames of a sequence, as in the data set. */
const SEQUENCE = 80;
const START = 1_557_540_000;

const CLASS_IDS: ReadonlyMap<string, string> = new Map(
  Object.entries(PANDASET.classes).map(([id, name]) => [name, id]),
);

export const pandasetTwin: RawTwin = {
  unit: "frames",
  async write(out, count, seed, tick) {
    for (let first = 0; first < count; first += SEQUENCE) {
      const folder = `${out}/${String(1 + first / SEQUENCE).padStart(3, "0")}`;
      const poses: object[] = [];
      const length = Math.min(SEQUENCE, count - first);
      for (let i = 0; i < length; i++) {
        const scan = simulated(seed, first + i);
        const file = `${String(i).padStart(2, "0")}.pkl.gz`;
        await put(`${folder}/lidar/${file}`, gzipSync(lidar(scan, START + i / 10)));
        await put(`${folder}/annotations/semseg/${file}`, gzipSync(semseg(scan)));
        await put(`${folder}/annotations/cuboids/${file}`, gzipSync(cuboids(scan)));
        const [w, x, y, z] = quaternion(heading(scan.pose) - Math.PI / 2);
        const [px, py, pz] = [scan.pose[3], scan.pose[7], scan.pose[11]];
        poses.push({ position: { x: px, y: py, z: pz }, heading: { w, x, y, z } });
        tick();
      }
      const times = Array.from({ length }, (_, i) => START + i / 10);
      await put(`${folder}/lidar/poses.json`, JSON.stringify(poses));
      await put(`${folder}/lidar/timestamps.json`, JSON.stringify(times));
    }
  },
};

/** Points in the world, in double precision. */
function lidar({ points, pose }: FullScan, time: number): Uint8Array {
  const n = points.length / 4;
  const columns = { x: zeros(n), y: zeros(n), z: zeros(n), i: zeros(n), t: zeros(n).fill(time) };
  for (let k = 0; k < n; k++) {
    const [x = 0, y = 0, z = 0, intensity = 0] = points.subarray(4 * k);
    [columns.x[k], columns.y[k], columns.z[k]] = apply(pose, [x, y, z]);
    columns.i[k] = intensity;
  }
  return pickleFrame({ ...columns, d: new BigInt64Array(n) });
}

const zeros = (length: number) => new Float64Array(length);

const semseg = ({ semantic }: FullScan): Uint8Array =>
  pickleFrame({
    class: BigInt64Array.from(
      semantic,
      (id) => BigInt(CLASS_IDS.get(CLASS_NAMES.get(id)!.pandaset)!),
    ),
  });

function cuboids({ boxes, pose }: FullScan): Uint8Array {
  const rows = Array.from(boxes.semantic, (_, b) => {
    const [x = 0, y = 0, z = 0, l = 0, w = 0, h = 0, yaw = 0] = boxes.geometry.subarray(7 * b);
    // A cuboid's y is its length.
    return [...apply(pose, [x, y, z]), w, l, h, heading(pose) + yaw - Math.PI / 2];
  });
  const column = (k: number) => Float64Array.from(rows, (row) => row[k]!);
  return pickleFrame({
    uuid: rows.map((_, b) => `cuboid-${b}`),
    label: Array.from(boxes.semantic, (id) => CLASS_NAMES.get(id)!.pandaset),
    yaw: column(6),
    stationary: rows.map(() => true),
    "position.x": column(0),
    "position.y": column(1),
    "position.z": column(2),
    "dimensions.x": column(3),
    "dimensions.y": column(4),
    "dimensions.z": column(5),
    "cuboids.sensor_id": new BigInt64Array(rows.length).fill(-1n),
  });
}
