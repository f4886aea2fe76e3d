/** The networks and scans that engines are compared on, named as TorchSparse++ names them. */
import type { Context } from "../../ffi/mod.ts";
import { minkunet } from "../../models/nets/minkunet.ts";
import type { Network } from "../../models/network.ts";
import { VoxelScan } from "../../models/voxel_scan.ts";
import type { Scene } from "../harness/scene.ts";
import { type SensorSet, workloadPoints } from "./scan.ts";

/** A network and the scan that it runs on. */
export interface Workload {
  readonly id: string;
  readonly title: string;
  readonly set: SensorSet;
  readonly frames: number;
  /** Metres. */
  readonly voxel: number;
  network(): Network;
}

const minkunetOn = (
  set: SensorSet,
  frames: number,
  ratio: number,
  sizes: { readonly voxel: number; readonly classes: number },
): Workload => ({
  id: `${set}-minkunet-${ratio}x${frames > 1 ? `-${frames}f` : ""}`,
  title: `${{ semantickitti: "SemanticKITTI", nuscenes: "nuScenes", waymo: "Waymo" }[set]} ` +
    `MinkUNet ${ratio}×${frames > 1 ? `, ${frames} frames` : ""}`,
  set,
  frames,
  voxel: sizes.voxel,
  network: () => minkunet({ ratio, classes: sizes.classes }),
});

/** Voxel sizes and classes of the published runs. */
const KITTI = { voxel: 0.05, classes: 19 };
const NUSCENES = { voxel: 0.1, classes: 16 };

/** In the order of the published figure, under its names for the columns. */
export const WORKLOADS: Readonly<Record<string, Workload>> = {
  "SemanticKITTI MinkUNet 1×": minkunetOn("semantickitti", 1, 1, KITTI),
  "SemanticKITTI MinkUNet 0.5×": minkunetOn("semantickitti", 1, 0.5, KITTI),
  "nuScenes MinkUNet, 3 frames": minkunetOn("nuscenes", 3, 1, NUSCENES),
  "nuScenes MinkUNet, 1 frame": minkunetOn("nuscenes", 1, 1, NUSCENES),
};

/** Voxels of a workload's scan on a device. */
export function workloadScan(ctx: Context, { id, set, frames, voxel }: Workload, scene: Scene) {
  return VoxelScan.of(ctx, workloadPoints(set, frames, scene), id, voxel);
}
