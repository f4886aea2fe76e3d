/**
 * The BEV backbone of SECOND and its successors (second.pytorch RPNV2, OpenPCDet BaseBEVBackbone,
 * CenterPoint RPN, mmdetection3d SECOND + SECONDFPN): blocks of convolutions at falling resolution,
 * each brought back to that of the first and joined.
 */
import type { NetworkBuilder, VoxelValue } from "../network.ts";
import type { Norm } from "../norm.ts";
import type { GridValue, PlaneOptions, Planes } from "../planes.ts";

/** One block: a convolution with a stride, more of them, and the way back up. */
export interface BevBlock {
  readonly channels: number;
  /** Convolutions after the first. */
  readonly more: number;
  readonly stride: number;
  readonly up: number;
  readonly upChannels: number;
}

/** The two blocks of OpenPCDet's SECOND, CenterPoint and BEVFusion. */
export const TWO_BLOCKS: readonly BevBlock[] = [
  { channels: 128, more: 5, stride: 1, up: 1, upChannels: 256 },
  { channels: 256, more: 5, stride: 2, up: 2, upChannels: 256 },
];

/** How authors name and number the layers. */
export interface BevNames {
  /** Before ".{block}.{layer}". */
  readonly blocks: string;
  readonly deblocks: string;
  /** Place of a block's first convolution: 1 behind a ZeroPad2d. */
  readonly first: number;
  /** Whether a way up of stride 1 is a transposed convolution as well. */
  readonly transposed: boolean;
}

/** Batch norm of the detection networks. */
export function detectionNorm(name: string): Norm {
  return { name, epsilon: 1e-3 };
}

/** The first convolution of a block, from whatever the network has: voxels, or a map. */
export type FirstConv = (name: string, channels: number, options: PlaneOptions) => GridValue;

/** The first convolution of a network that flattens voxels. */
export const flattened = (planes: Planes, from: VoxelValue): FirstConv => (name, channels, how) =>
  planes.flatten(name, from, channels, how);

/** All blocks, side by side at the resolution of the first. */
export function bevBackbone(
  net: NetworkBuilder,
  planes: Planes,
  first: FirstConv,
  blocks: readonly BevBlock[],
  names: BevNames,
): GridValue {
  let x: GridValue | null = null;
  let joined: GridValue | null = null;
  for (const [i, block] of blocks.entries()) {
    x = bevBlock(planes, x, first, block, `${names.blocks}.${i}`, names.first);
    const up = wayUp(planes, x, block, `${names.deblocks}.${i}`, names.transposed);
    joined = joined === null ? up : net.concat(joined, up);
  }
  return joined!;
}

function bevBlock(
  planes: Planes,
  from: GridValue | null,
  first: FirstConv,
  { channels, more, stride }: BevBlock,
  name: string,
  index: number,
): GridValue {
  const how = (i: number): [string, PlaneOptions] => [
    `${name}.${i}`,
    { norm: detectionNorm(`${name}.${i + 1}`), stride: i === index ? stride : 1 },
  ];
  const [start, options] = how(index);
  let x = from === null
    ? first(start, channels, options)
    : planes.conv(start, from, channels, options);
  for (let i = 1; i <= more; i++) {
    const [layer, next] = how(index + 3 * i);
    x = planes.conv(layer, x, channels, next);
  }
  return x;
}

function wayUp(
  planes: Planes,
  from: GridValue,
  { up, upChannels }: BevBlock,
  name: string,
  transposed: boolean,
): GridValue {
  const norm = detectionNorm(`${name}.1`);
  if (up > 1 || transposed) return planes.deconv(`${name}.0`, from, upChannels, up, norm);
  return planes.conv(`${name}.0`, from, upChannels, { kernel: 1, norm });
}
