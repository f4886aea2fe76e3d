import { unknownName } from "../std/errors.ts";
import type { AnyBenchmark } from "./benchmark.ts";
import { bevMap } from "./benchmarks/bev_map.ts";
import { bleu } from "./benchmarks/bleu.ts";
import { cityscapes } from "./benchmarks/cityscapes.ts";
import { cocoBbox, cocoSegm } from "./benchmarks/coco.ts";
import { cocoPanoptic } from "./benchmarks/coco_panoptic.ts";
import { det3d } from "./benchmarks/det3d.ts";
import { kittiObject } from "./benchmarks/kitti_object.ts";
import { nuscenesDetection } from "./benchmarks/nuscenes_detection.ts";
import { nuscenesLidarseg } from "./benchmarks/nuscenes_lidarseg.ts";
import { partnet } from "./benchmarks/partnet.ts";
import { perplexityBenchmark } from "./benchmarks/perplexity.ts";
import { rougeBenchmark } from "./benchmarks/rouge.ts";
import { s3dis } from "./benchmarks/s3dis.ts";
import { scannetInstance } from "./benchmarks/scannet_instance.ts";
import { scannetSemantic } from "./benchmarks/scannet_semantic.ts";
import { seg } from "./benchmarks/seg.ts";
import { semanticKitti } from "./benchmarks/semantic_kitti.ts";
import { semanticKittiPanoptic } from "./benchmarks/semantic_kitti_panoptic.ts";
import { shapenetPart } from "./benchmarks/shapenet_part.ts";
import { waymoDetection } from "./benchmarks/waymo_detection.ts";

/** THE list of benchmarks, by the id that the command line takes. */
export const BENCHMARKS: Readonly<Record<string, AnyBenchmark>> = {
  semantickitti: semanticKitti,
  "semantickitti-panoptic": semanticKittiPanoptic,
  "nuscenes-lidarseg": nuscenesLidarseg,
  "nuscenes-detection": nuscenesDetection,
  "kitti-object": kittiObject,
  "waymo-detection": waymoDetection,
  "coco-bbox": cocoBbox,
  "coco-segm": cocoSegm,
  "coco-panoptic": cocoPanoptic,
  cityscapes,
  "scannet-semantic": scannetSemantic,
  "scannet-instance": scannetInstance,
  s3dis,
  "shapenet-part": shapenetPart,
  partnet,
  "bev-map": bevMap,
  bleu,
  rouge: rougeBenchmark,
  perplexity: perplexityBenchmark,
  seg,
  det3d,
};

/**
 * The benchmark of that id.
 *
 * @throws {InputError} There is none; the text lists the known ids.
 */
export function benchmarkOf(id: string): AnyBenchmark {
  if (!Object.hasOwn(BENCHMARKS, id)) throw unknownName("benchmark", id, Object.keys(BENCHMARKS));
  return BENCHMARKS[id]!;
}
