import { CAMVID } from "./camvid.ts";
import { CITYSCAPES } from "./cityscapes.ts";
import { COCO } from "./coco.ts";
import { KITTI } from "./kitti.ts";
import { NUSCENES } from "./nuscenes.ts";
import { PANDASET } from "./pandaset.ts";
import type { Published, Rgb } from "./published.ts";
import { S3DIS } from "./s3dis.ts";
import { SCANNET } from "./scannet.ts";
import { SHAPENET_PART } from "./shapenet_part.ts";
import { SEMANTIC_KITTI } from "./semantic_kitti.ts";
import { WAYMO } from "./waymo.ts";

/** THE list of published constants, by the name that scan files carry. */
export const PUBLISHED: Readonly<Record<string, Published>> = {
  "semantickitti": SEMANTIC_KITTI,
  "synth": SEMANTIC_KITTI,
  "kitti-object": KITTI,
  "kitti-raw": KITTI,
  "nuscenes": NUSCENES,
  "waymo": WAYMO,
  "pandaset": PANDASET,
  "scannet": SCANNET,
  "cityscapes": CITYSCAPES,
  "camvid": CAMVID,
  "coco": COCO,
  "s3dis": S3DIS,
  "shapenet-part": SHAPENET_PART,
};

/** The colour of a class: the published one, or one of its own for each id. */
export function classColour(dataset: string, id: number): Rgb {
  const published = Object.hasOwn(PUBLISHED, dataset)
    ? PUBLISHED[dataset]?.colours?.[id]
    : undefined;
  return published ?? hueColour(id);
}

/** Hues a golden angle apart, so that neighbouring ids differ. */
function hueColour(id: number): Rgb {
  const hue = (id * 137.508) % 360;
  const light = [0.75, 0.55, 0.9][id % 3]!;
  const channel = (shift: number) => {
    const k = (shift + hue / 60) % 6;
    return Math.round(255 * light * (1 - 0.75 * Math.max(0, Math.min(k, 4 - k, 1))));
  };
  return [channel(5), channel(3), channel(1)];
}
