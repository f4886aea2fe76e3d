/** Features from points to voxels and back. */
import { devoxelize, voxelReduce } from "../../ffi/mod.ts";
import type { Device, Kernel, Layer } from "../layer.ts";
import type { Value, VoxelSpace } from "../value.ts";
import { requireDense } from "./join.ts";

/** The mean of the points in every voxel. */
export class PointsToVoxels implements Layer {
  readonly name = "point_to_voxel";
  readonly op = "voxelize";
  readonly parameters = [];
  readonly reads: readonly Value[];

  constructor(readonly from: Value, readonly to: Value & { readonly space: VoxelSpace }) {
    this.reads = [from];
  }

  load(device: Device): Kernel {
    requireDense(device, "average");
    const { from, to } = this;
    return ({ scene, at }) => {
      const { order, starts } = scene.grouping(to.space);
      voxelReduce(at(from), order, starts, at(to), "mean");
    };
  }
}

/** Trilinear interpolation at every point. */
export class VoxelsToPoints implements Layer {
  readonly name = "voxel_to_point";
  readonly op = "devoxelize";
  readonly parameters = [];
  readonly reads: readonly Value[];

  constructor(readonly from: Value & { readonly space: VoxelSpace }, readonly to: Value) {
    this.reads = [from];
  }

  load(device: Device): Kernel {
    requireDense(device, "interpolate");
    const { from, to } = this;
    return ({ scene, at }) => {
      const { index, weight } = scene.neighbours(from.space);
      devoxelize(at(from), index, weight, at(to));
    };
  }
}
