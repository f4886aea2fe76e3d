/** A network as data, and the builder that its file describes it with. */
import { type Geometry, geometry } from "../ffi/mod.ts";
import { stridedShape } from "./coords.ts";
import type { Layer, Layout, Parameter } from "./layer.ts";
import { Conv, type ConvSpec } from "./layers/conv.ts";
import { Add, Concat } from "./layers/join.ts";
import { PointsToVoxels, VoxelsToPoints } from "./layers/points.ts";
import type { Norm } from "./norm.ts";
import { type Space, type Stride, strideName, type Three, type Value } from "./value.ts";
import type { VoxelSpace } from "./value.ts";

/** A network: layers in the order they run. */
export interface Network {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly layers: readonly Layer[];
  /** In the authors' checkpoints, but used by no layer and counted by no paper. */
  readonly unused: readonly Parameter[];
}

/** Features of voxels. */
export type VoxelValue = Value & { readonly space: VoxelSpace };

/** How a convolution differs from a plain one of size 3. */
export interface ConvOptions {
  /** Kernel, stride and dilation, or a cubic kernel's size; 3 by default. */
  readonly kernel?: Geometry | number;
  /** spconv's padding; TorchSparse's centring when not given. */
  readonly padding?: Three | null;
  readonly layout?: Layout;
  readonly weight?: string;
  readonly bias?: string | null;
  readonly norm?: Norm | null;
  readonly relu?: boolean;
  readonly residual?: Value | null;
}

/** Voxels as a scan has them. */
export const INPUT_VOXELS: VoxelSpace = {
  kind: "voxels",
  name: "voxels",
  stride: [1, 1, 1],
  made: null,
  shape: null,
};

/** Describes a network layer by layer. */
export class NetworkBuilder {
  readonly layers: Layer[] = [];
  readonly #inputs: Value[] = [];
  #values = 0;

  /** An input of the network. */
  input<S extends Space>(space: S, channels: number): Value & { readonly space: S } {
    const value = this.value(space, channels);
    this.#inputs.push(value);
    return value;
  }

  /** A new value; layers of other files make theirs with it. */
  value<S extends Space>(space: S, channels: number): Value & { readonly space: S } {
    return { id: this.#values++, space, channels };
  }

  /** Adds a layer and gives what it makes. */
  add<L extends Layer>(layer: L): L["to"] {
    this.layers.push(layer);
    return layer.to;
  }

  /** A convolution whose outputs are its inputs' voxels (stride 1), or a coarser set. */
  conv(name: string, from: VoxelValue, channels: number, options: ConvOptions = {}): VoxelValue {
    const layer = geometryOf(options.kernel ?? 3);
    const by: Stride = { layer, padding: options.padding ?? null };
    const same = layer.stride.every((step) => step === 1);
    const space = same ? from.space : strided(from.space, by);
    const own = same && layer.kernel.every((size) => size === 1);
    const to = this.value(space, channels);
    const map = own ? null : { from: from.space, to: space, by, transposed: false };
    return this.add(new Conv(specOf(name, options), map, from, to, options.residual ?? null)) &&
      to;
  }

  /** The transposed convolution back to the voxels that `from` was made of. */
  transposed(
    name: string,
    from: VoxelValue,
    channels: number,
    options: ConvOptions = {},
  ): VoxelValue {
    const { made } = from.space;
    if (made === null) throw new RangeError(`Cannot transpose ${name}: its voxels are the input's`);
    const to = this.value(made.from, channels);
    const map = { from: from.space, to: made.from, by: made.by, transposed: true };
    this.add(new Conv(specOf(name, options), map, from, to, options.residual ?? null));
    return to;
  }

  /** A product of every row with a matrix: nn.Linear, with a bias. */
  linear<V extends Value>(name: string, from: V, channels: number, options: ConvOptions = {}) {
    const to: Value & { readonly space: V["space"] } = this.value(from.space, channels);
    const spec = specOf(name, {
      layout: "linear",
      weight: `${name}.weight`,
      bias: `${name}.bias`,
      relu: false,
      ...options,
    });
    this.add(new Conv(spec, null, from, to, options.residual ?? null));
    return to;
  }

  concat<V extends Value>(first: V, second: V): Value & { readonly space: V["space"] } {
    const to = this.value(first.space, first.channels + second.channels);
    this.add(new Concat(first, second, to));
    return to;
  }

  sum<V extends Value>(first: V, second: V): Value & { readonly space: V["space"] } {
    const to = this.value(first.space, first.channels);
    this.add(new Add(first, second, to));
    return to;
  }

  toVoxels(from: Value, space: VoxelSpace): VoxelValue {
    return this.add(new PointsToVoxels(from, this.value(space, from.channels))) as VoxelValue;
  }

  toPoints<S extends Space>(from: VoxelValue, space: S): Value & { readonly space: S } {
    const to = this.value(space, from.channels);
    this.add(new VoxelsToPoints(from, to));
    return to;
  }

  build(
    name: string,
    outputs: readonly Value[],
    unused: readonly Parameter[] = [],
  ): Network {
    return { name, inputs: this.#inputs, outputs, layers: this.layers, unused };
  }
}

const geometryOf = (kernel: Geometry | number) =>
  typeof kernel === "number" ? geometry(kernel) : kernel;

function specOf(name: string, options: ConvOptions): ConvSpec {
  return {
    weight: options.weight ?? `${name}.kernel`,
    layout: options.layout ?? "torchsparse",
    bias: options.bias ?? null,
    norm: options.norm ?? null,
    activation: options.relu ?? true ? "relu" : "none",
  };
}

/** The voxels that a layer makes of others. Layers alike make the same: spaces are told by name. */
export function strided(from: VoxelSpace, by: Stride): VoxelSpace {
  const { stride } = by.layer;
  return {
    kind: "voxels",
    name: `${from.name}/${strideName(by)}`,
    stride: [from.stride[0] * stride[0], from.stride[1] * stride[1], from.stride[2] * stride[2]],
    made: { from, by },
    shape: from.shape && stridedShape(from.shape, by),
  };
}
