/** What the writers of raw twins share: simulated scans in, files of an official format out. */
import { writeAtomic } from "../../std/files.ts";
import { simulateScan } from "../synth/mod.ts";
import { CLASS } from "../synth/classes.ts";
import type { Scan } from "../scan.ts";

/**
 * Writes a data set's official raw format, filled with simulated scans, so that its converter can
 * be tried at full scale without a download. The same seed gives the same bytes.
 */
export interface RawTwin {
  /** What `count` counts: "scans", "samples", "frames". */
  readonly unit: string;
  /** Writes into the folder `out`; `tick` is told of each scan. */
  write(out: string, count: number, seed: number, tick: () => void): Promise<void>;
}

/** A simulated scan has labels, a pose and boxes. */
export type FullScan = Scan & Required<Pick<Scan, "semantic" | "instance" | "pose" | "boxes">>;

export const simulated = (seed: number, index: number): FullScan =>
  simulateScan(seed, index) as FullScan;

/** Writes a file with the folders on the way; it is complete or absent. */
export async function put(path: string, data: string | ArrayBufferView): Promise<void> {
  await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), { recursive: true });
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  await writeAtomic(path, (temporary) => Deno.writeFile(temporary, bytes));
}

/** The simulator's classes in the names of other data sets. */
export interface ClassNames {
  readonly nuscenes: string;
  readonly pandaset: string;
  /** Class of a point, and `Label.Type` of a box. */
  readonly waymo: readonly [point: number, box: number];
  /** Type of a box; Misc where KITTI has none. */
  readonly kitti: string;
}

// deno-fmt-ignore
const NAMES: readonly (readonly [number, string, string, number, number, string])[] = [
  [CLASS.car, "vehicle.car", "Car", 1, 1, "Car"],
  [CLASS.bicycle, "vehicle.bicycle", "Bicycle", 12, 4, "Misc"],
  [CLASS.truck, "vehicle.truck", "Medium-sized Truck", 2, 1, "Truck"],
  [CLASS.person, "human.pedestrian.adult", "Pedestrian", 7, 2, "Pedestrian"],
  [CLASS.bicyclist, "vehicle.bicycle", "Bicycle", 6, 4, "Cyclist"],
  [CLASS.road, "flat.driveable_surface", "Road", 18, 0, "Misc"],
  [CLASS.parking, "flat.driveable_surface", "Driveway", 18, 0, "Misc"],
  [CLASS.sidewalk, "flat.sidewalk", "Sidewalk", 22, 0, "Misc"],
  [CLASS.building, "static.manmade", "Building", 14, 0, "Misc"],
  [CLASS.fence, "static.manmade", "Other Static Object", 14, 0, "Misc"],
  [CLASS.laneMarking, "flat.driveable_surface", "Lane Line Marking", 19, 0, "Misc"],
  [CLASS.vegetation, "static.vegetation", "Vegetation", 15, 0, "Misc"],
  [CLASS.trunk, "static.vegetation", "Vegetation", 16, 0, "Misc"],
  [CLASS.terrain, "flat.terrain", "Ground", 21, 0, "Misc"],
  [CLASS.pole, "static.manmade", "Other Static Object", 10, 0, "Misc"],
  [CLASS.trafficSign, "static.manmade", "Signs", 8, 3, "Misc"],
  [CLASS.otherObject, "static.other", "Other Static Object", 0, 0, "Misc"],
];

/** By the simulator's class id. */
export const CLASS_NAMES: ReadonlyMap<number, ClassNames> = new Map(
  NAMES.map(([id, nuscenes, pandaset, point, box, kitti]) => [
    id,
    { nuscenes, pandaset, waymo: [point, box], kitti },
  ]),
);

/** How many points of a scan each of its boxes' instances has. */
export function instancePoints({ instance, boxes }: FullScan): number[] {
  const counts = new Map<number, number>();
  for (const id of instance) counts.set(id, (counts.get(id) ?? 0) + 1);
  return Array.from(boxes.instance, (id) => counts.get(id) ?? 0);
}

/** A float32 in the fewest digits that give it back; files of measurements have no more. */
export const shortest = (value: number): string => String(Number(value.toPrecision(9)));

/** The heading of a simulated pose, which turns about z alone. */
export const heading = (pose: Float64Array): number => Math.atan2(pose[4]!, pose[0]!);

/** The rotation by `angle` about z as w, x, y, z. */
export const quaternion = (angle: number): [number, number, number, number] => [
  Math.cos(angle / 2),
  0,
  0,
  Math.sin(angle / 2),
];
