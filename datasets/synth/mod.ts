/** The embedded data set: seeded scans of simulated streets, with every point and box known. */
import type { Scan } from "../scan.ts";
import { visibleBoxes } from "./boxes.ts";
import { CLASS_NAMES } from "./classes.ts";
import { Random } from "./random.ts";
import { HDL64, type Sensor } from "./sensor.ts";
import { sweep } from "./simulate.ts";
import { buildWorld } from "./world.ts";

/** What the simulated data set is; `version` moves whenever a scan of some seed changes. */
export const SYNTH_INFO: {
  readonly name: "synth";
  readonly version: number;
  readonly source: string;
  readonly licence: string;
  readonly classes: Readonly<Record<number, string>>;
} = {
  name: "synth",
  version: 1,
  source: "simulated by datasets/synth: a 64-beam spinning LiDAR in seeded street scenes",
  licence: "made here; under the licence of this repository",
  classes: CLASS_NAMES,
};

/** One more than the largest seed, and than the largest index: a drive of 200 km. */
const SEEDS = 2 ** 31;
const FRAMES = 100_000;

/**
 * Frame `index` of the street of `seed`, both integers, 0 or more. The ego vehicle moves 2 m a
 * frame. The same arguments give the same bytes on every machine.
 */
export function simulateScan(seed: number, index: number, sensor: Sensor = HDL64): Scan {
  checkInteger("seed", seed, SEEDS);
  checkInteger("index", index, FRAMES);
  const world = buildWorld(seed, index);
  const { points, semantic, instance } = sweep(world, new Random(seed, 5, index), sensor);
  const { x, y, z, cos, sin } = world.ego;
  return {
    id: `synth/${seed}-${index}`,
    points,
    semantic,
    instance,
    pose: Float64Array.of(cos, -sin, 0, x, sin, cos, 0, y, 0, 0, 1, z),
    boxes: visibleBoxes(world.scene.things, instance),
  };
}

function checkInteger(name: string, value: number, end: number): void {
  if (Number.isInteger(value) && value >= 0 && value < end) return;
  throw new RangeError(
    `Cannot simulate a scan: ${name} is ${value}, and must be an integer from 0 to ${end - 1}`,
  );
}
