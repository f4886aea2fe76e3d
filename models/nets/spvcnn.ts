/**
 * SPVCNN (mit-han-lab/spvnas core/models/semantic_kitti/spvcnn.py, 5c53224): MinkUNet with a branch
 * of points, which meets the voxels at strides 1, 16, 4 and 1.
 */
import { batchNorm } from "../blocks.ts";
import { INPUT_VOXELS, type Network, NetworkBuilder, type VoxelValue } from "../network.ts";
import type { PointSpace, Value } from "../value.ts";
import { stage, stem, type UNetSize, up, widths } from "./minkunet.ts";

export const POINTS: PointSpace = { kind: "points", name: "points" };

/** SPVCNN; its points are the voxels of the scan. Dropout does nothing in evaluation. */
export function spvcnn({ ratio, classes, inputs = 4 }: UNetSize): Network {
  const net = new NetworkBuilder();
  const cs = widths(ratio);
  const z = net.input(POINTS, inputs);
  const x0 = stem(net, net.toVoxels(z, INPUT_VOXELS), cs[0]!);
  const z0 = net.toPoints(x0, POINTS);
  const x1 = stage(net, "stage1", net.toVoxels(z0, x0.space), cs[1]!);
  const x2 = stage(net, "stage2", x1, cs[2]!);
  const x3 = stage(net, "stage3", x2, cs[3]!);
  const x4 = stage(net, "stage4", x3, cs[4]!);
  const z1 = meet(net, "point_transforms.0", x4, z0);
  const y1 = up(net, "up1", net.toVoxels(z1, x4.space), x3, cs[5]!);
  const y2 = up(net, "up2", y1, x2, cs[6]!);
  const z2 = meet(net, "point_transforms.1", y2, z1);
  const y3 = up(net, "up3", net.toVoxels(z2, y2.space), x1, cs[7]!);
  const y4 = up(net, "up4", y3, x0, cs[8]!);
  const z3 = meet(net, "point_transforms.2", y4, z2);
  const logits = net.linear("classifier.0", z3, classes);
  return net.build(`SPVCNN cr ${ratio}`, [logits]);
}

/** The voxels around every point, plus the point's own features through a linear layer. */
function meet(net: NetworkBuilder, name: string, voxels: VoxelValue, points: Value): Value {
  const around = net.toPoints(voxels, POINTS);
  const norm = batchNorm(`${name}.1`);
  return net.sum(around, net.linear(`${name}.0`, points, voxels.channels, { norm, relu: true }));
}

/** Voxel size of the authors' configurations, in metres: of the scan, and of the network's voxels. */
const RESOLUTION = Math.fround(0.05);

/**
 * Where the authors' code has its points: voxel coordinates [M, 4] times the scan's voxel size,
 * divided by the network's, in f32. The two are one, but the division does not always undo the
 * product: 789 of the integers below 6000 come out a little larger, and interpolation sees it.
 */
export function pointPositions(coords: Int32Array): Float32Array<ArrayBuffer> {
  const positions = new Float32Array(coords.length);
  for (let i = 0; i < coords.length; i++) {
    positions[i] = i % 4 === 0
      ? coords[i]!
      : Math.fround(Math.fround(coords[i]! * RESOLUTION) / RESOLUTION);
  }
  return positions;
}
