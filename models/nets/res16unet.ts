/**
 * Res16UNet14A, 18A and 34C (chrischoy/SpatioTemporalSegmentation models/res16unet.py, 4afee29), the
 * networks of the Diet paper. Weights are MinkowskiEngine's.
 */
import { geometry } from "../../ffi/mod.ts";
import type { ConvOptions, Network, VoxelValue } from "../network.ts";
import { INPUT_VOXELS, NetworkBuilder } from "../network.ts";

/** Channels and residual blocks of the eight stages. */
export interface Res16Size {
  readonly layers: readonly number[];
  readonly planes: readonly number[];
}

export const RES16: Readonly<Record<"14A" | "18A" | "34C", Res16Size>> = {
  "14A": { layers: [1, 1, 1, 1, 1, 1, 1, 1], planes: [32, 64, 128, 256, 128, 128, 96, 96] },
  "18A": { layers: [2, 2, 2, 2, 2, 2, 2, 2], planes: [32, 64, 128, 256, 128, 128, 96, 96] },
  "34C": { layers: [2, 3, 4, 6, 2, 2, 2, 2], planes: [32, 64, 128, 256, 256, 128, 96, 96] },
};

/** Channels of the first layer. */
const STEM = 32;
const DOWN = ["conv1p1s2", "conv2p2s2", "conv3p4s2", "conv4p8s2"];
const UP = ["convtr4p16s2", "convtr5p8s2", "convtr6p4s2", "convtr7p2s2"];

/** @param first kernel size of the first layer: 5 has the published number of parameters */
export function res16unet(
  name: string,
  { layers, planes }: Res16Size,
  { inputs = 3, classes = 20, first = 5 } = {},
): Network {
  const net = new NetworkBuilder();
  const input = net.input(INPUT_VOXELS, inputs);
  let x = conv(net, "conv0p1s1", "bn0", input, STEM, { kernel: first });
  const skips = [x];
  DOWN.forEach((module, i) => {
    const halved = conv(net, module, `bn${i + 1}`, x, x.channels, { kernel: geometry(2, 2) });
    x = blocks(net, `block${i + 1}`, halved, planes[i]!, layers[i]!);
    skips.push(x);
  });
  skips.pop();
  UP.forEach((module, i) => {
    const options = { layout: "minkowski" as const, norm: norm(`bntr${4 + i}`) };
    const finer = net.transposed(module, x, planes[4 + i]!, options);
    const both = net.concat(finer, skips.pop()!);
    x = blocks(net, `block${5 + i}`, both, planes[4 + i]!, layers[4 + i]!);
  });
  const logits = net.conv("final", x, classes, {
    kernel: 1,
    layout: "minkowski",
    bias: "final.bias",
    relu: false,
  });
  return net.build(name, [logits]);
}

const norm = (name: string) => ({ name: `${name}.bn`, epsilon: 1e-5 });

function conv(
  net: NetworkBuilder,
  name: string,
  normName: string,
  from: VoxelValue,
  channels: number,
  options: ConvOptions = {},
): VoxelValue {
  return net.conv(name, from, channels, {
    layout: "minkowski",
    norm: norm(normName),
    ...options,
  });
}

/** Residual blocks in a row; the first may change the channels. */
function blocks(
  net: NetworkBuilder,
  name: string,
  from: VoxelValue,
  channels: number,
  count: number,
): VoxelValue {
  let x = from;
  for (let j = 0; j < count; j++) {
    const block = `${name}.${j}`;
    const past = `${block}.downsample`;
    const skip = x.channels === channels
      ? x
      : conv(net, `${past}.0`, `${past}.1`, x, channels, { kernel: 1, relu: false });
    const inner = conv(net, `${block}.conv1`, `${block}.norm1`, x, channels);
    x = conv(net, `${block}.conv2`, `${block}.norm2`, inner, channels, { residual: skip });
  }
  return x;
}
