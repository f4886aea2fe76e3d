/**
 * The two inputs of spconv's own benchmark (spconv/benchmark/basic.py and test/benchmark.py): a
 * scan of about 200,000 points in voxels of 0.1 m, and eight copies of it, each a metre further to
 * the left. The scan in its repository is of Waymo's sensor; here it is simulated, or the user's.
 */
import { DetectionVoxels } from "../../models/detection/voxels.ts";
import { cellsOf, type DetectionRange } from "../../models/nets/detection_range.ts";
import { spconvBenchmark } from "../../models/nets/spconv_benchmark.ts";
import { workloadPoints } from "./scan.ts";
import type { Workload } from "./workload.ts";

/** x, y and z go in. */
const FEATURES = 3;

/** The grid of both inputs, 1600 x 1600 x 80 cells; one point a voxel. */
const RANGE: DetectionRange = {
  low: [-80, -80, -2],
  high: [80, 80, 6],
  voxel: [0.1, 0.1, 0.1],
  maxPoints: 1,
  maxVoxels: 2_000_000,
};

/** x, y, z of points [N, 4], `copies` times, each moved a metre along y. */
export function copiesAlongY(points: Float32Array, copies: number): Float32Array {
  const n = points.length / 4;
  const all = new Float32Array(copies * n * FEATURES);
  for (let copy = 0; copy < copies; copy++) {
    for (let i = 0; i < n; i++) {
      const [x, y, z] = points.subarray(4 * i, 4 * i + 3);
      all.set([x!, y! + copy, z!], (copy * n + i) * FEATURES);
    }
  }
  return all;
}

function spconvOn(id: string, title: string, copies: number): Workload {
  return {
    id,
    title,
    set: "waymo",
    frames: 1,
    ...(copies > 1 && { notQuick: "tuning its engines takes minutes on two cores" }),
    network: () => spconvBenchmark(cellsOf(RANGE)),
    scan(ctx, scene) {
      const points = copiesAlongY(workloadPoints("waymo", 1, scene), copies);
      return DetectionVoxels.of(ctx, points, FEATURES, RANGE, id);
    },
  };
}

/** By the name of the published columns. */
export const SPCONV_WORKLOADS = {
  basic: spconvOn("spconv-basic", "basic", 1),
  large: spconvOn("spconv-large", "large", 8),
} as const satisfies Record<string, Workload>;
