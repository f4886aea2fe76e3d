/** The networks and scans that engines are compared on, named as TorchSparse++ names them. */
import type { Context, Tensor } from "../../ffi/mod.ts";
import { DetectionVoxels } from "../../models/detection/voxels.ts";
import { centerPointEncoder } from "../../models/nets/centerpoint.ts";
import {
  type DetectionRange,
  NUSCENES_0075,
  WAYMO_RANGE,
} from "../../models/nets/detection_range.ts";
import { minkunet } from "../../models/nets/minkunet.ts";
import type { Network } from "../../models/network.ts";
import { VoxelScan } from "../../models/voxel_scan.ts";
import type { Scene } from "../harness/scene.ts";
import { type SensorSet, workloadPoints, workloadSweeps } from "./scan.ts";

/** A network and what goes into it. */
export interface NetworkInput {
  network(): Network;
  /** The voxels of its scan on a device. */
  scan(ctx: Context, scene: Scene): WorkloadScan;
}

/** A network and the scan that it runs on, by name. */
export interface Workload extends NetworkInput {
  readonly id: string;
  readonly title: string;
  readonly set: SensorSet;
  readonly frames: number;
  /** Why `--quick` leaves it out. */
  readonly notQuick?: string;
}

/** Coordinates [M, 4] and features [M, C]. */
export interface WorkloadScan extends Disposable {
  readonly coords: Tensor<"i32">;
  readonly feats: Tensor<"f32">;
}

const NAMES = { semantickitti: "SemanticKITTI", nuscenes: "nuScenes", waymo: "Waymo" };
const framesText = (frames: number) => frames > 1 ? `, ${frames} frames` : "";
const framesId = (frames: number) => frames > 1 ? `-${frames}f` : "";

const minkunetOn = (
  set: SensorSet,
  frames: number,
  ratio: number,
  sizes: { readonly voxel: number; readonly classes: number },
): Workload => {
  const id = `${set}-minkunet-${ratio}x${framesId(frames)}`;
  return {
    id,
    title: `${NAMES[set]} MinkUNet ${ratio}×${framesText(frames)}`,
    set,
    frames,
    network: () => minkunet({ ratio, classes: sizes.classes }),
    scan: (ctx, scene) => VoxelScan.of(ctx, workloadPoints(set, frames, scene), id, sizes.voxel),
  };
};

/** x, y, z, intensity, and the age of a point: what CenterPoint reads of sweeps. */
const SWEEP_FEATURES = 5;

/** CenterPoint's sparse encoder, which is what engines run of it. */
const centerPointOn = (set: SensorSet, frames: number, range: DetectionRange): Workload => {
  const id = `${set}-centerpoint${framesId(frames)}`;
  return {
    id,
    title: `${NAMES[set]} CenterPoint${framesText(frames)}`,
    set,
    frames,
    network: () => centerPointEncoder(range, SWEEP_FEATURES),
    scan: (ctx, scene) => {
      const points = workloadSweeps(set, frames, scene);
      return DetectionVoxels.of(ctx, points, SWEEP_FEATURES, range, id);
    },
  };
};

/** Voxel sizes and classes of the published runs. */
const KITTI = { voxel: 0.05, classes: 19 };
const NUSCENES = { voxel: 0.1, classes: 16 };

/** In the order of the published figure, under its names for the columns. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  "SemanticKITTI MinkUNet 1×": minkunetOn("semantickitti", 1, 1, KITTI),
  "SemanticKITTI MinkUNet 0.5×": minkunetOn("semantickitti", 1, 0.5, KITTI),
  "nuScenes MinkUNet, 3 frames": minkunetOn("nuscenes", 3, 1, NUSCENES),
  "nuScenes MinkUNet, 1 frame": minkunetOn("nuscenes", 1, 1, NUSCENES),
  "nuScenes CenterPoint, 10 frames": centerPointOn("nuscenes", 10, NUSCENES_0075),
  "Waymo CenterPoint, 3 frames": centerPointOn("waymo", 3, WAYMO_RANGE),
  "Waymo CenterPoint, 1 frame": centerPointOn("waymo", 1, WAYMO_RANGE),
};
