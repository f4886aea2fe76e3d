/**
 * MinkUNet as mit-han-lab/spvnas has it (core/models/semantic_kitti/minkunet.py, 5c53224): a stem,
 * four stages that halve the resolution, four ways up that join the skips, a classifier.
 */
import { batchNorm, convNorm, DOWN, residualBlock } from "../blocks.ts";
import { normParameters } from "../norm.ts";
import type { Parameter } from "../layer.ts";
import { INPUT_VOXELS, type Network, NetworkBuilder, type VoxelValue } from "../network.ts";

/** The size of a MinkUNet or SPVCNN. */
export interface UNetSize {
  /** Channel ratio "cr": 0.32, 0.5, 0.64 and 1 are published. */
  readonly ratio: number;
  readonly classes: number;
  /** x, y, z and intensity by default. */
  readonly inputs?: number;
}

/** Channels of the stem, the four stages and the four ways up. */
export function widths(ratio: number): number[] {
  return [32, 32, 64, 128, 256, 256, 128, 96, 96].map((width) => Math.floor(ratio * width));
}

/** MinkUNet. */
export function minkunet({ ratio, classes, inputs = 4 }: UNetSize): Network {
  const net = new NetworkBuilder();
  const cs = widths(ratio);
  const input = net.input(INPUT_VOXELS, inputs);
  const x0 = stem(net, input, cs[0]!);
  const x1 = stage(net, "stage1", x0, cs[1]!);
  const x2 = stage(net, "stage2", x1, cs[2]!);
  const x3 = stage(net, "stage3", x2, cs[3]!);
  const x4 = stage(net, "stage4", x3, cs[4]!);
  const y1 = up(net, "up1", x4, x3, cs[5]!);
  const y2 = up(net, "up2", y1, x2, cs[6]!);
  const y3 = up(net, "up3", y2, x1, cs[7]!);
  const y4 = up(net, "up4", y3, x0, cs[8]!);
  const logits = net.linear("classifier.0", y4, classes);
  return net.build(`MinkUNet cr ${ratio}`, [logits], pointTransforms(cs));
}

export function stem(net: NetworkBuilder, input: VoxelValue, channels: number): VoxelValue {
  return convNorm(net, "stem", convNorm(net, "stem", input, channels), channels, {}, 3);
}

/** Half the resolution, then two residual blocks. */
export function stage(
  net: NetworkBuilder,
  name: string,
  from: VoxelValue,
  channels: number,
): VoxelValue {
  const halved = convNorm(net, `${name}.0.net`, from, from.channels, { kernel: DOWN });
  return residualBlock(
    net,
    `${name}.2`,
    residualBlock(net, `${name}.1`, halved, channels),
    channels,
  );
}

/** Twice the resolution, beside the skip, then two residual blocks. */
export function up(
  net: NetworkBuilder,
  name: string,
  from: VoxelValue,
  skip: VoxelValue,
  channels: number,
): VoxelValue {
  const norm = batchNorm(`${name}.0.net.1`);
  const finer = net.transposed(`${name}.0.net.0`, from, channels, { norm });
  const both = net.concat(finer, skip);
  const first = residualBlock(net, `${name}.1.0`, both, channels);
  return residualBlock(net, `${name}.1.1`, first, channels);
}

/** SPVCNN's layers on points, which the authors' MinkUNet registers and never runs. */
function pointTransforms(cs: readonly number[]): Parameter[] {
  return [[0, 4], [4, 6], [6, 8]].flatMap(([from, to], i) => [
    {
      name: `point_transforms.${i}.0.weight`,
      shape: [cs[to!]!, cs[from!]!],
      kind: "weight" as const,
    },
    { name: `point_transforms.${i}.0.bias`, shape: [cs[to!]!], kind: "weight" as const },
    ...normParameters(batchNorm(`point_transforms.${i}.1`), cs[to!]!),
  ]);
}
