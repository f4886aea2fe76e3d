/** Where a detection network looks, and how its voxels are made. */
import type { Three, VoxelSpace } from "../value.ts";

/** The published range, voxel size and limits of a network; metres, x y z. */
export interface DetectionRange {
  readonly low: Three;
  readonly high: Three;
  readonly voxel: Three;
  /** Points that a voxel's mean is of, and voxels of a scan in evaluation: the first ones. */
  readonly maxPoints: number;
  readonly maxVoxels: number;
}

/** OpenPCDet kitti_models/second.yaml and second.pytorch car.fhd.config. */
export const KITTI_RANGE: DetectionRange = {
  low: [0, -40, -3],
  high: [70.4, 40, 1],
  voxel: [0.05, 0.05, 0.1],
  maxPoints: 5,
  maxVoxels: 40_000,
};

/** CenterPoint and BEVFusion on nuScenes, voxels of 0.075 m. */
export const NUSCENES_0075: DetectionRange = {
  low: [-54, -54, -5],
  high: [54, 54, 3],
  voxel: [0.075, 0.075, 0.2],
  maxPoints: 10,
  maxVoxels: 160_000,
};

/** CenterPoint on nuScenes, voxels of 0.1 m; BEVFusion's map segmentation. */
export const NUSCENES_01: DetectionRange = {
  low: [-51.2, -51.2, -5],
  high: [51.2, 51.2, 3],
  voxel: [0.1, 0.1, 0.2],
  maxPoints: 10,
  maxVoxels: 120_000,
};

/** CenterPoint on Waymo. */
export const WAYMO_RANGE: DetectionRange = {
  low: [-75.2, -75.2, -2],
  high: [75.2, 75.2, 4],
  voxel: [0.1, 0.1, 0.15],
  maxPoints: 5,
  maxVoxels: 200_000,
};

/** Cells of the range along x, y, z. */
export function cellsOf({ low, high, voxel }: DetectionRange): Three {
  const of = (axis: number) => Math.round((high[axis]! - low[axis]!) / voxel[axis]!);
  return [of(0), of(1), of(2)];
}

/** Its voxels, in a grid with one layer more above them, as all authors have it. */
export function rangeVoxels(range: DetectionRange): VoxelSpace {
  const [x, y, z] = cellsOf(range);
  return {
    kind: "voxels",
    name: "voxels",
    stride: [1, 1, 1],
    made: null,
    shape: [x, y, z + 1],
  };
}
