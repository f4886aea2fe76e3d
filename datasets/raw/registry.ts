import { unknownName } from "../../std/errors.ts";
import { genericTwin } from "./generic.ts";
import { camvidTwin, cityscapesTwin, cocoTwin } from "./images.ts";
import { kittiObjectTwin, kittiRawTwin } from "./kitti.ts";
import { mosdTwin } from "./mosd.ts";
import { nuscenesTwin } from "./nuscenes.ts";
import { pandasetTwin } from "./pandaset.ts";
import type { RawTwin } from "./raw_twin.ts";
import { s3disTwin } from "./s3dis.ts";
import { scannetTwin } from "./scannet.ts";
import { semanticKittiTwin } from "./semantic_kitti.ts";
import { partnetTwin, shapenetPartTwin } from "./shapes.ts";
import { textPairsTwin } from "./text_pairs.ts";
import { waymoTwin } from "./waymo.ts";

/** THE list of raw twins, by the data set whose converter reads them. */
export const RAW_TWINS: Readonly<Record<string, RawTwin>> = {
  "semantickitti": semanticKittiTwin,
  "kitti-object": kittiObjectTwin,
  "kitti-raw": kittiRawTwin,
  "nuscenes": nuscenesTwin,
  "waymo": waymoTwin,
  "pandaset": pandasetTwin,
  "scannet": scannetTwin,
  "s3dis": s3disTwin,
  "shapenet-part": shapenetPartTwin,
  "partnet": partnetTwin,
  "cityscapes": cityscapesTwin,
  "camvid": camvidTwin,
  "mosd": mosdTwin,
  "coco": cocoTwin,
  "text-pairs": textPairsTwin,
  "generic": genericTwin,
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
