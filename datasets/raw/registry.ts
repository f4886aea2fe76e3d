import { unknownName } from "../../std/errors.ts";
import { kittiObjectTwin, kittiRawTwin } from "./kitti.ts";
import { nuscenesTwin } from "./nuscenes.ts";
import { pandasetTwin } from "./pandaset.ts";
import type { RawTwin } from "./raw_twin.ts";
import { semanticKittiTwin } from "./semantic_kitti.ts";
import { waymoTwin } from "./waymo.ts";

/** THE list of raw twins, by the data set whose converter reads them. */
export const RAW_TWINS: Readonly<Record<string, RawTwin>> = {
  "semantickitti": semanticKittiTwin,
  "kitti-object": kittiObjectTwin,
  "kitti-raw": kittiRawTwin,
  "nuscenes": nuscenesTwin,
  "waymo": waymoTwin,
  "pandaset": pandasetTwin,
};

/**
 * The raw twin of a data set.
 *
 * @throws {InputError} when there is none; it names the nearest.
 */
export function rawTwinNamed(name: string): RawTwin {
  const found = Object.hasOwn(RAW_TWINS, name) ? RAW_TWINS[name] : undefined;
  if (found === undefined) throw unknownName("format", name, Object.keys(RAW_TWINS));
  return found;
}
