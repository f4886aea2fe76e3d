import { unknownName } from "../std/errors.ts";
import type { Dataset } from "./dataset.ts";
import { kittiObject } from "./kitti_object.ts";
import { kittiRaw } from "./kitti_raw/dataset.ts";
import { nuscenes } from "./nuscenes/dataset.ts";
import { pandaset } from "./pandaset/dataset.ts";
import { semanticKitti } from "./semantic_kitti.ts";
import { waymo } from "./waymo/dataset.ts";

/** THE list of data sets that can be converted. */
export const DATASETS = {
  "semantickitti": semanticKitti,
  "kitti-object": kittiObject,
  "kitti-raw": kittiRaw,
  "nuscenes": nuscenes,
  "waymo": waymo,
  "pandaset": pandaset,
} as const satisfies Readonly<Record<string, Dataset>>;

/**
 * The data set of this name.
 *
 * @throws {InputError} when there is none; it names the nearest.
 */
export function datasetNamed(name: string): Dataset {
  const found = new Map<string, Dataset>(Object.entries(DATASETS)).get(name);
  if (found === undefined) throw unknownName("data set", name, Object.keys(DATASETS));
  return found;
}
