/**
 * SECOND: a sparse encoder, a BEV backbone, an anchor head. As OpenPCDet has it (VoxelBackBone8x,
 * BaseBEVBackbone, AnchorHeadSingle; kitti_models/second.yaml, 8cacccec) and as its authors do
 * (second.pytorch SpMiddleFHD and RPNV2; car.fhd.config, 1b2b58b).
 */
import type { Geometry } from "../../ffi/mod.ts";
import type { Layout } from "../layer.ts";
import { type Network, NetworkBuilder, type VoxelValue } from "../network.ts";
import { type GridValue, Planes } from "../planes.ts";
import type { Three, Value } from "../value.ts";
import { bevBackbone, detectionNorm, flattened, TWO_BLOCKS } from "./bev_backbone.ts";
import { type DetectionRange, KITTI_RANGE, rangeVoxels } from "./detection_range.ts";
import { POINTS } from "./spvcnn.ts";

const cubic = (stride: number): Geometry => ({
  kernel: [3, 3, 3],
  stride: [stride, stride, stride],
  dilation: [1, 1, 1],
});
/** Three layers of voxels to one, two layers apart: 5 layers become 2. */
export const LAST: Geometry = { kernel: [1, 1, 3], stride: [1, 1, 2], dilation: [1, 1, 1] };
export const HALVING = cubic(2);
/** Padding of the strided layers, x y z; the third has none along z. */
export const PADDINGS: readonly Three[] = [[1, 1, 1], [1, 1, 1], [1, 1, 0]];

/** Convolution, norm, ReLU, at places `index` and `index` + 1 of the Sequential `name`. */
function block(
  net: NetworkBuilder,
  name: string,
  from: VoxelValue,
  channels: number,
  { layout, kernel = cubic(1), padding = null, index = 0 }: {
    readonly layout: Layout;
    readonly kernel?: Geometry;
    readonly padding?: Three | null;
    readonly index?: number;
  },
): VoxelValue {
  return net.conv(`${name}.${index}`, from, channels, {
    weight: `${name}.${index}.weight`,
    norm: detectionNorm(`${name}.${index + 1}`),
    layout,
    kernel,
    padding,
  });
}

/** What a layer of the encoder may add to its voxels: SPVCNN's branch of points. */
export type Beside = (level: number, voxels: VoxelValue) => VoxelValue;

/** VoxelBackBone8x: 4 levels, the height down to 2 layers. */
function secondEncoder(
  net: NetworkBuilder,
  input: VoxelValue,
  beside: Beside = (_, voxels) => voxels,
): VoxelValue {
  const at = { layout: "spconv2" as const };
  let x = block(net, "backbone_3d.conv_input", input, 16, at);
  x = beside(0, block(net, "backbone_3d.conv1.0", x, 16, at));
  for (const [i, channels] of [32, 64, 64].entries()) {
    const name = `backbone_3d.conv${i + 2}`;
    const padding = PADDINGS[i]!;
    x = block(net, `${name}.0`, x, channels, { ...at, kernel: HALVING, padding });
    x = block(net, `${name}.1`, x, channels, at);
    x = beside(i + 1, block(net, `${name}.2`, x, channels, at));
  }
  return block(net, "backbone_3d.conv_out", x, 128, { ...at, kernel: LAST, padding: [0, 0, 0] });
}

/** SECOND for so many classes of two anchors each, on the range of KITTI by default. */
export function second(range: DetectionRange = KITTI_RANGE, classes = 3): Network {
  const net = new NetworkBuilder();
  const input = net.input(rangeVoxels(range), 4);
  const encoded = secondEncoder(net, input);
  return net.build("SECOND", secondDense(net, encoded, classes));
}

/** Channels of the points beside the four levels. */
const POINT_WIDTHS = [16, 32, 64, 64];

/**
 * SECOND with SPVConv in place of its convolutions, as SPVNAS' paper has it for KITTI. The authors
 * published neither code nor layers: this reading of the paper is ours. The points are the scan's
 * voxels; at each level they pass a linear layer, are added to the voxels that hold them, and take
 * the interpolated voxels along.
 */
export function spvcnnSecond(range: DetectionRange = KITTI_RANGE, classes = 3): Network {
  const net = new NetworkBuilder();
  const input = net.input(rangeVoxels(range), 4);
  let points: Value = net.input(POINTS, 4);
  const encoded = secondEncoder(net, input, (level, voxels) => {
    const name = `point_transforms.${level}`;
    const how = { norm: detectionNorm(`${name}.1`), relu: true };
    const own = net.linear(`${name}.0`, points, POINT_WIDTHS[level]!, how);
    const both = net.sum(voxels, net.toVoxels(own, voxels.space));
    points = net.sum(own, net.toPoints(voxels, POINTS));
    return both;
  });
  return net.build("SPVCNN-SECOND", secondDense(net, encoded, classes));
}

/** The dense part of OpenPCDet's SECOND. */
function secondDense(net: NetworkBuilder, from: VoxelValue, classes: number): GridValue[] {
  const planes = new Planes(net, "yx");
  const bev = bevBackbone(net, planes, flattened(planes, from), TWO_BLOCKS, {
    blocks: "backbone_2d.blocks",
    deblocks: "backbone_2d.deblocks",
    first: 1,
    transposed: true,
  });
  return anchorHead(planes, "dense_head.conv_", bev, 2 * classes, classes);
}

/** Class scores, box residuals and 2 direction bins of every anchor. */
function anchorHead(
  planes: Planes,
  name: string,
  from: GridValue,
  anchors: number,
  scores: number,
): GridValue[] {
  const how = { kernel: 1, bias: true, relu: false };
  return [
    ["cls", anchors * scores] as const,
    ["box", anchors * 7] as const,
    [
      "dir_cls",
      anchors * 2,
    ] as const,
  ].map(([part, channels]) => planes.conv(`${name}${part}`, from, channels, how));
}

/** SECOND as its authors have it, for cars: more layers in the encoder, one block in the plane. */
export function secondOriginal(range: DetectionRange = KITTI_RANGE): Network {
  const net = new NetworkBuilder();
  const name = "middle_feature_extractor.middle_conv";
  const at = { layout: "spconv1" as const };
  let x: VoxelValue = net.input(rangeVoxels(range), 4);
  let index = 0;
  const add = (channels: number, how: { kernel?: Geometry; padding?: Three } = {}) => {
    x = block(net, name, x, channels, { ...at, ...how, index });
    index += 3;
  };
  add(16);
  add(16);
  for (const [i, channels] of [32, 64, 64].entries()) {
    add(channels, { kernel: HALVING, padding: PADDINGS[i]! });
    for (let more = i === 0 ? 2 : 3; more > 0; more--) add(channels);
  }
  add(64, { kernel: LAST, padding: [0, 0, 0] });
  const planes = new Planes(net, "yx");
  const blocks = [{ channels: 128, more: 5, stride: 1, up: 1, upChannels: 128 }];
  const bev = bevBackbone(net, planes, flattened(planes, x), blocks, {
    blocks: "rpn.blocks",
    deblocks: "rpn.deblocks",
    first: 1,
    transposed: true,
  });
  return net.build("SECOND car.fhd", anchorHead(planes, "rpn.conv_", bev, 2, 1));
}
