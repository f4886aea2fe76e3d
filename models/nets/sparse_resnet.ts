/**
 * TorchSparse's benchmark backbones (torchsparse/backbones/{resnet,unet}.py, v2.1). They give the
 * features of every stage; there is no head.
 */
import { type Geometry, geometry } from "../../ffi/mod.ts";
import { batchNorm, convNorm, DOWN } from "../blocks.ts";
import { INPUT_VOXELS, type Network, NetworkBuilder, type VoxelValue } from "../network.ts";

/** Blocks, channels and the first layer of a stage. */
const STAGES: readonly (readonly [number, number, Geometry])[] = [
  [3, 16, geometry(3)],
  [3, 32, geometry(3, 2)],
  [3, 64, geometry(3, 2)],
  [3, 128, geometry(3, 2)],
  [1, 128, { kernel: [1, 3, 1], stride: [1, 2, 1], dilation: [1, 1, 1] }],
];

/** SparseResNet21D: 21 convolutions, outputs after each of five stages. */
export function sparseResNet21D(inputs = 4, width = 1): Network {
  const net = new NetworkBuilder();
  let x = net.input(INPUT_VOXELS, inputs);
  const outputs = STAGES.map(([count, most, kernel], i) => {
    const channels = Math.floor(most * width);
    x = convNorm(net, `${i}.0`, x, channels, { kernel });
    for (let j = 1; j < count; j++) x = residual(net, `${i}.${j}`, x, channels);
    return x;
  });
  return net.build("SparseResNet21D", outputs);
}

/** Channels of the stem, four encoders and four decoders. */
const UNET = [32, 32, 64, 128, 256, 256, 128, 96, 96];

/** SparseResUNet42: MinkUNet's body, without its classifier. */
export function sparseResUNet42(inputs = 4, width = 1): Network {
  const net = new NetworkBuilder();
  const cs = UNET.map((channels) => Math.floor(channels * width));
  const input = net.input(INPUT_VOXELS, inputs);
  const skips = [
    convNorm(net, "stem", convNorm(net, "stem", input, cs[0]!), cs[0]!, {}, 3),
  ];
  for (let i = 0; i < 4; i++) {
    const halved = convNorm(net, `encoders.${i}.0`, skips.at(-1)!, cs[i]!, { kernel: DOWN });
    const first = residual(net, `encoders.${i}.1`, halved, cs[i + 1]!);
    skips.push(residual(net, `encoders.${i}.2`, first, cs[i + 1]!));
  }
  const outputs = [...skips];
  let x = skips.pop()!;
  for (let i = 0; i < 4; i++) {
    const module = `decoders.${i}`;
    const norm = batchNorm(`${module}.upsample.1`);
    const finer = net.transposed(`${module}.upsample.0`, x, cs[i + 5]!, { norm });
    const both = net.concat(finer, skips.pop()!);
    const first = residual(net, `${module}.fuse.0`, both, cs[i + 5]!);
    x = residual(net, `${module}.fuse.1`, first, cs[i + 5]!);
    outputs.push(x);
  }
  return net.build("SparseResUNet42", outputs);
}

/** SparseResBlock: two convolutions past a shortcut, which is 1x1x1 if the channels change. */
function residual(
  net: NetworkBuilder,
  name: string,
  from: VoxelValue,
  channels: number,
): VoxelValue {
  const past = { kernel: 1, relu: false };
  const skip = from.channels === channels
    ? from
    : convNorm(net, `${name}.shortcut`, from, channels, past);
  const inner = convNorm(net, `${name}.main`, from, channels);
  return convNorm(net, `${name}.main`, inner, channels, { residual: skip }, 3);
}
