/** THE list of twins, by the benchmark that scores them. To add one: import it, list it. */
import { bevMapTwin } from "./bev_map.ts";
import { bleuTwin } from "./bleu.ts";
import { cityscapesTwin } from "./cityscapes.ts";
import { cocoBboxTwin } from "./coco_bbox.ts";
import { cocoPanopticTwin } from "./coco_panoptic.ts";
import { cocoSegmTwin } from "./coco_segm.ts";
import { kittiObjectTwin } from "./kitti_object.ts";
import { nuscenesDetectionTwin } from "./nuscenes_detection.ts";
import { nuscenesLidarsegTwin } from "./nuscenes_lidarseg.ts";
import { partnetTwin } from "./partnet.ts";
import { perplexityTwin } from "./perplexity.ts";
import { rougeTwin } from "./rouge.ts";
import { s3disTwin } from "./s3dis.ts";
import { scannetInstanceTwin } from "./scannet_instance.ts";
import { scannetSemanticTwin } from "./scannet_semantic.ts";
import { segTwin } from "./seg.ts";
import { semanticKittiTwin } from "./semantic_kitti.ts";
import { semanticKittiPanopticTwin } from "./semantickitti_panoptic.ts";
import { shapenetPartTwin } from "./shapenet_part.ts";
import { waymoDetectionTwin } from "./waymo_detection.ts";
import type { Twin } from "./twin.ts";

export const TWINS: readonly Twin[] = [
  semanticKittiTwin,
  semanticKittiPanopticTwin,
  nuscenesLidarsegTwin,
  nuscenesDetectionTwin,
  kittiObjectTwin,
  waymoDetectionTwin,
  cocoBboxTwin,
  cocoSegmTwin,
  cocoPanopticTwin,
  cityscapesTwin,
  scannetSemanticTwin,
  scannetInstanceTwin,
  s3disTwin,
  shapenetPartTwin,
  partnetTwin,
  bevMapTwin,
  bleuTwin,
  rougeTwin,
  perplexityTwin,
  segTwin,
];
