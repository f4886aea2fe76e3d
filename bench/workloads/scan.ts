/** Points of a workload: simulated by the sensor of its data set, or the scan that the user brought. */
import type { Scan } from "../../datasets/scan.ts";
import { simulateScan } from "../../datasets/synth/mod.ts";
import { HDL32, HDL64, type Sensor, WAYMO_TOP } from "../../datasets/synth/sensor.ts";
import { joined } from "../../std/joined.ts";
import type { Scene } from "../harness/scene.ts";
import { pointsInSector } from "../harness/sector.ts";

/** The data sets of the workloads. */
export type SensorSet = "semantickitti" | "nuscenes" | "waymo";

const SENSORS: Readonly<Record<SensorSet, Sensor>> = {
  semantickitti: HDL64,
  nuscenes: HDL32,
  waymo: WAYMO_TOP,
};
/** Time between two turns of the sensor. */
const SWEEP_SECONDS: Readonly<Record<SensorSet, number>> = {
  semantickitti: 0.1,
  nuscenes: 0.05,
  waymo: 0.1,
};
/** The street that all workloads drive along. */
const SEED = 1;

/**
 * Points [N, 4] in metres of each of `frames` frames, the last frame last, moved into its
 * coordinates. One frame is the user's own scan where that is of the same data set.
 */
function frameSeries(set: SensorSet, frames: number, scene: Scene): Float32Array[] {
  if (frames === 1 && scene.data.name === set) return [scene.points];
  const last = frames - 1;
  const scans = Array.from({ length: frames }, (_, i) => simulateScan(SEED, i, SENSORS[set]));
  return scans.map((scan, i) => i === last ? scan.points : inFrameOf(scan, scans[last]!));
}

/** Points [N, 4] of a workload, all frames in one, within the scene's sector. */
export function workloadPoints(set: SensorSet, frames: number, scene: Scene): Float32Array {
  return pointsInSector(joined(Float32Array, frameSeries(set, frames, scene)), 4, scene.degrees);
}

/** The same with the age of each point in seconds: [N, 5]. */
export function workloadSweeps(set: SensorSet, frames: number, scene: Scene): Float32Array {
  const series = frameSeries(set, frames, scene);
  const sweeps = joined(
    Float32Array,
    series.map((points, i) => {
      const age = (series.length - 1 - i) * SWEEP_SECONDS[set];
      return Float32Array.from(
        { length: points.length / 4 * 5 },
        (_, at) => at % 5 === 4 ? age : points[Math.floor(at / 5) * 4 + at % 5]!,
      );
    }),
  );
  return pointsInSector(sweeps, 5, scene.degrees);
}

/** The points of a scan in the sensor frame of another. */
function inFrameOf({ points, pose: a }: Scan, { pose: b }: Scan): Float32Array {
  const [from, to] = [a!, b!];
  const out = new Float32Array(points);
  const world = [0, 0, 0];
  for (let i = 0; i < points.length; i += 4) {
    for (let r = 0; r < 3; r++) {
      world[r] = from[4 * r]! * points[i]! + from[4 * r + 1]! * points[i + 1]! +
        from[4 * r + 2]! * points[i + 2]! + from[4 * r + 3]! - to[4 * r + 3]!;
    }
    // The inverse of a rotation is its transpose.
    for (let c = 0; c < 3; c++) {
      out[i + c] = to[c]! * world[0]! + to[4 + c]! * world[1]! + to[8 + c]! * world[2]!;
    }
  }
  return out;
}
