/** The blocks that MinkUNet and SPVCNN are made of, with the names of mit-han-lab/spvnas. */
import { geometry } from "../ffi/mod.ts";
import type { ConvOptions, NetworkBuilder, VoxelValue } from "./network.ts";
import type { Norm } from "./norm.ts";

/** Batch norm of the segmentation networks. */
export function batchNorm(name: string): Norm {
  return { name, epsilon: 1e-5 };
}

/** Halves the resolution. */
export const DOWN = geometry(2, 2);

/** Convolution, batch norm, ReLU: `name`.0, .1, .2 of a Sequential from `first` on. */
export function convNorm(
  net: NetworkBuilder,
  name: string,
  from: VoxelValue,
  channels: number,
  options: ConvOptions = {},
  first = 0,
): VoxelValue {
  const norm = batchNorm(`${name}.${first + 1}`);
  return net.conv(`${name}.${first}`, from, channels, { norm, ...options });
}

/** relu(norm(conv(relu(norm(conv(x))))) + skip(x)); the skip is a 1x1x1 if the channels change. */
export function residualBlock(
  net: NetworkBuilder,
  name: string,
  from: VoxelValue,
  channels: number,
): VoxelValue {
  const skip = from.channels === channels
    ? from
    : convNorm(net, `${name}.downsample`, from, channels, { kernel: 1, relu: false });
  const inner = convNorm(net, `${name}.net`, from, channels);
  return convNorm(net, `${name}.net`, inner, channels, { residual: skip }, 3);
}
