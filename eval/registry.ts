import { unknownName } from "../std/errors.ts";
import type { AnyBenchmark } from "./benchmark.ts";
import { det3d } from "./benchmarks/det3d.ts";
import { kittiObject } from "./benchmarks/kitti_object.ts";
import { nuscenesDetection } from "./benchmarks/nuscenes_detection.ts";
import { semanticKitti } from "./benchmarks/semantic_kitti.ts";
import { waymoDetection } from "./benchmarks/waymo_detection.ts";

/** THE list of benchmarks, by the id that the command line takes. */
export const BENCHMARKS: Readonly<Record<string, AnyBenchmark>> = {
  semantickitti: semanticKitti,
  "kitti-object": kittiObject,
  "nuscenes-detection": nuscenesDetection,
  "waymo-detection": waymoDetection,
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
