import { unknownName } from "../std/errors.ts";
import { generic } from "./clouds/dataset.ts";
import type { Dataset } from "./dataset.ts";
import { coco } from "./coco/dataset.ts";
import { cityscapes } from "./images/cityscapes.ts";
import { camvid, labelImages } from "./images/label_images.ts";
import { mosd } from "./images/mosd.ts";
import { kittiObject } from "./kitti_object.ts";
import { kittiRaw } from "./kitti_raw/dataset.ts";
import { nuscenes } from "./nuscenes/dataset.ts";
import { pandaset } from "./pandaset/dataset.ts";
import { s3dis } from "./s3dis/dataset.ts";
import { scannet } from "./scannet/dataset.ts";
import { semanticKitti } from "./semantic_kitti.ts";
import { partnet } from "./shapes/partnet.ts";
import { shapenetPart } from "./shapes/shapenet_part.ts";
import { textPairs } from "./text/dataset.ts";
import { waymo } from "./waymo/dataset.ts";

/** THE list of data sets that can be converted. */
export const DATASETS = {
  "semantickitti": semanticKitti,
  "kitti-object": kittiObject,
  "kitti-raw": kittiRaw,
  "nuscenes": nuscenes,
  "waymo": waymo,
  "pandaset": pandaset,
  "scannet": scannet,
  "s3dis": s3dis,
  "shapenet-part": shapenetPart,
  "partnet": partnet,
  "cityscapes": cityscapes,
  "camvid": camvid,
  "label-images": labelImages,
  "mosd": mosd,
  "coco": coco,
  "text-pairs": textPairs,
  "generic": generic,
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
