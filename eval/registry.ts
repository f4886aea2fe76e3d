import { unknownName } from "../std/errors.ts";
import type { AnyBenchmark } from "./benchmark.ts";

/** THE list of benchmarks, by the id that the command line takes; only those asked for are loaded. */
const BENCHMARKS: Readonly<Record<string, () => Promise<AnyBenchmark>>> = {
  semantickitti: async () => (await import("./benchmarks/semantic_kitti.ts")).semanticKitti,
  "semantickitti-panoptic": async () =>
    (await import("./benchmarks/semantic_kitti_panoptic.ts")).semanticKittiPanoptic,
  "nuscenes-lidarseg": async () =>
    (await import("./benchmarks/nuscenes_lidarseg.ts")).nuscenesLidarseg,
  "nuscenes-detection": async () =>
    (await import("./benchmarks/nuscenes_detection.ts")).nuscenesDetection,
  "kitti-object": async () => (await import("./benchmarks/kitti_object.ts")).kittiObject,
  "waymo-detection": async () => (await import("./benchmarks/waymo_detection.ts")).waymoDetection,
  "coco-bbox": async () => (await import("./benchmarks/coco.ts")).cocoBbox,
  "coco-segm": async () => (await import("./benchmarks/coco.ts")).cocoSegm,
  "coco-panoptic": async () => (await import("./benchmarks/coco_panoptic.ts")).cocoPanoptic,
  cityscapes: async () => (await import("./benchmarks/cityscapes.ts")).cityscapes,
  "scannet-semantic": async () =>
    (await import("./benchmarks/scannet_semantic.ts")).scannetSemantic,
  "scannet-instance": async () =>
    (await import("./benchmarks/scannet_instance.ts")).scannetInstance,
  s3dis: async () => (await import("./benchmarks/s3dis.ts")).s3dis,
  "shapenet-part": async () => (await import("./benchmarks/shapenet_part.ts")).shapenetPart,
  partnet: async () => (await import("./benchmarks/partnet.ts")).partnet,
  "partnet-instance": async () =>
    (await import("./benchmarks/partnet_instance.ts")).partnetInstance,
  "bev-map": async () => (await import("./benchmarks/bev_map.ts")).bevMap,
  bleu: async () => (await import("./benchmarks/bleu.ts")).bleu,
  rouge: async () => (await import("./benchmarks/rouge.ts")).rougeBenchmark,
  perplexity: async () => (await import("./benchmarks/perplexity.ts")).perplexityBenchmark,
  seg: async () => (await import("./benchmarks/seg.ts")).seg,
  det3d: async () => (await import("./benchmarks/det3d.ts")).det3d,
};

/** The ids, in the order of the list. */
export const BENCHMARK_IDS: readonly string[] = Object.keys(BENCHMARKS);

/**
 * The benchmark of that id.
 *
 * @throws {InputError} There is none; the text lists the known ids.
 */
export async function benchmarkOf(id: string): Promise<AnyBenchmark> {
  if (!Object.hasOwn(BENCHMARKS, id)) throw unknownName("benchmark", id, BENCHMARK_IDS);
  return await BENCHMARKS[id]!();
}

/** All benchmarks with their ids. */
export async function allBenchmarks(): Promise<readonly (readonly [string, AnyBenchmark])[]> {
  return await Promise.all(BENCHMARK_IDS.map(async (id) => [id, await benchmarkOf(id)] as const));
}
