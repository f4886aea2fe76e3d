/**
 * SPVNAS (mit-han-lab/spvnas core/models/semantic_kitti/spvnas.py, 5c53224): SPVCNN with elastic
 * channels and depth. A sample of it is a network of its own; the whole of it is the super network.
 */
import { batchNorm, DOWN } from "../blocks.ts";
import { INPUT_VOXELS, type Network, NetworkBuilder, type VoxelValue } from "../network.ts";
import { Conv } from "../layers/conv.ts";
import type { Value } from "../value.ts";
import { stem } from "./minkunet.ts";
import { POINTS } from "./spvcnn.ts";

/** One of the eight stages: a change of resolution, then residual blocks. */
export interface SpvnasStage {
  /** Channels after the change of resolution. */
  readonly transition: number;
  /** Channels inside each residual block; their number is the depth. */
  readonly middles: readonly number[];
}

/** A network out of the search space. */
export interface SpvnasSample {
  readonly classes: number;
  /** Of the stem and the eight stages. */
  readonly outputs: readonly number[];
  /** Four down, then four up. */
  readonly stages: readonly SpvnasStage[];
}

/** Widest channels of the stem and the stages. */
export const MOST_CHANNELS = [32, 48, 96, 192, 384, 384, 192, 128, 128] as const;
/** Narrowest ones. */
export const LEAST_CHANNELS = [32, 16, 32, 64, 128, 128, 64, 48, 48] as const;
/** Residual blocks a stage. */
export const MOST_DEPTH = 2;
/** Stages down, and as many up. */
export const HALF = 4;

/** The largest sample: the super network, whose weights all others are parts of. */
export function largestSample(classes = 19): SpvnasSample {
  const stages = MOST_CHANNELS.slice(1).map((most, i) => ({
    transition: i < HALF ? MOST_CHANNELS[i]! : most,
    middles: [most, most],
  }));
  return { classes, outputs: MOST_CHANNELS, stages };
}

/** How the authors' modules are called: in the super network, and when determinised. */
interface Names {
  readonly block: (stage: string, j: number) => string;
  readonly conv: (block: string, k: number) => string;
  readonly norm: (module: string) => string;
  readonly linear: (module: string) => string;
}

const SUPER: Names = {
  block: (stage, j) => `${stage}.feature.layers.${j}`,
  conv: (block, k) => `${block}.net.layers.${k}`,
  norm: (module) => `${module}.net.bn.bn`,
  linear: (module) => `${module}.net.conv.linear`,
};
const PLAIN: Names = {
  block: (stage, j) => `${stage}.feature.${j}`,
  conv: (block, k) => `${block}.net.${k}`,
  norm: (module) => `${module}.net.bn`,
  linear: (module) => `${module}.net.conv`,
};

/** The super network at its largest. */
export function spvnasSuper(classes = 19): Network {
  return describe("SPVNAS super network", largestSample(classes), SUPER);
}

/** A sample as the plain network that the authors' `determinize` makes of it. */
export function spvnas(sample: SpvnasSample): Network {
  return describe("SPVNAS", sample, PLAIN);
}

/** Stage `i` of eight under its authors' name. */
export function stageName(i: number): string {
  return i < HALF ? `downsample.${i}` : `upsample.${i - HALF}`;
}

function describe(name: string, { classes, outputs, stages }: SpvnasSample, names: Names): Network {
  const net = new NetworkBuilder();
  const stage = new Stages(net, names, outputs, stages);
  const z = net.input(POINTS, 4);
  const x0 = stem(net, net.toVoxels(z, INPUT_VOXELS), outputs[0]!);
  const z0 = net.toPoints(x0, POINTS);
  const x1 = stage.down(0, net.toVoxels(z0, x0.space));
  const x2 = stage.down(1, x1);
  const x3 = stage.down(2, x2);
  const x4 = stage.down(3, x3);
  const z1 = stage.meet(0, x4, z0);
  const y1 = stage.up(4, net.toVoxels(z1, x4.space), x3);
  const y2 = stage.up(5, y1, x2);
  const z2 = stage.meet(1, y2, z1);
  const y3 = stage.up(6, net.toVoxels(z2, y2.space), x1);
  const y4 = stage.up(7, y3, x0);
  const z3 = stage.meet(2, y4, z2);
  return net.build(name, [classifier(net, z3, classes)]);
}

/** The authors keep the widest classifier and read its first columns. */
function classifier(net: NetworkBuilder, from: Value, classes: number): Value {
  const spec = {
    weight: "classifier.linear.weight",
    layout: "linear" as const,
    bias: "classifier.linear.bias",
    norm: null,
    activation: "none" as const,
  };
  const part = { first: 0, of: MOST_CHANNELS.at(-1)! };
  return net.add(new Conv(spec, null, from, net.value(from.space, classes), null, part));
}

class Stages {
  constructor(
    private readonly net: NetworkBuilder,
    private readonly names: Names,
    private readonly outputs: readonly number[],
    private readonly stages: readonly SpvnasStage[],
  ) {}

  down(i: number, from: VoxelValue): VoxelValue {
    const module = `${stageName(i)}.transition`;
    const { transition } = this.stages[i]!;
    return this.#blocks(i, this.#conv(module, from, transition, { kernel: DOWN }));
  }

  up(i: number, from: VoxelValue, skip: VoxelValue): VoxelValue {
    const module = `${stageName(i)}.transition`;
    const norm = batchNorm(this.names.norm(module));
    const finer = this.net.transposed(`${module}.net.conv`, from, this.stages[i]!.transition, {
      norm,
    });
    return this.#blocks(i, this.net.concat(finer, skip));
  }

  /** The voxels around every point, plus the point's own features through a linear layer. */
  meet(k: number, voxels: VoxelValue, points: Value): Value {
    const { net, names } = this;
    const module = `point_transforms.${k}`;
    const around = net.toPoints(voxels, POINTS);
    const norm = batchNorm(names.norm(module));
    const own = net.linear(names.linear(module), points, voxels.channels, { norm, relu: true });
    return net.sum(around, own);
  }

  /** The first block of a stage always has a 1x1x1 on its way past: its widest form changes width. */
  #blocks(i: number, from: VoxelValue): VoxelValue {
    const channels = this.outputs[i + 1]!;
    return this.stages[i]!.middles.reduce((x, middle, j) => {
      const block = this.names.block(stageName(i), j);
      const past = { kernel: 1, relu: false };
      const skip = j === 0 ? this.#conv(`${block}.downsample`, x, channels, past) : x;
      const inner = this.#conv(this.names.conv(block, 0), x, middle, {});
      return this.#conv(this.names.conv(block, 1), inner, channels, { residual: skip });
    }, from);
  }

  #conv(
    module: string,
    from: VoxelValue,
    channels: number,
    options: Parameters<NetworkBuilder["conv"]>[3],
  ): VoxelValue {
    const norm = batchNorm(this.names.norm(module));
    return this.net.conv(`${module}.net.conv`, from, channels, { norm, ...options });
  }
}
