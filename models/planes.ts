/** Describes the dense part of a network: nn.Conv2d and its kin on images and BEV maps. */
import type { Geometry } from "../ffi/mod.ts";
import { gridSize } from "./grid_maps.ts";
import { Conv2d, type Conv2dSpec, depthOf, type WeightAxes } from "./layers/conv2d.ts";
import type { NetworkBuilder, VoxelValue } from "./network.ts";
import type { Norm } from "./norm.ts";
import type { GridSpace, Three, Value } from "./value.ts";

/** Features of the cells of a grid. */
export type GridValue = Value & { readonly space: GridSpace };

/** How a layer differs from a convolution of 3 x 3 without bias, with a ReLU. */
export interface PlaneOptions {
  readonly kernel?: number;
  readonly stride?: number;
  /** A side; half the kernel by default, which keeps the size at stride 1. */
  readonly padding?: number;
  /** Whether there is a `${name}.bias`. */
  readonly bias?: boolean;
  readonly norm?: Norm | null;
  readonly relu?: boolean;
  readonly residual?: Value | null;
}

/** Adds dense layers to a network, weights along the axes of its authors' images. */
export class Planes {
  constructor(readonly net: NetworkBuilder, private readonly axes: WeightAxes) {}

  /** nn.Conv2d, its norm and its ReLU. */
  conv(name: string, from: GridValue, channels: number, options: PlaneOptions = {}): GridValue {
    const by = byOf(options, 1);
    const to = this.net.value(resized(from.space, by.layer, by.padding), channels);
    const { residual = null } = options;
    this.net.add(new Conv2d(this.#spec(name, options), by, from, to, false, residual));
    return to;
  }

  /** nn.ConvTranspose2d with kernel = stride, its norm and its ReLU. */
  deconv(name: string, from: GridValue, channels: number, stride: number, norm: Norm): GridValue {
    const by = byOf({ kernel: stride, stride, padding: 0 }, 1);
    const to = this.net.value(resized(from.space, by.layer, by.padding, true), channels);
    this.net.add(new Conv2d(this.#spec(name, { norm }), by, from, to, true));
    return to;
  }

  /** The height compression of voxels with borders, and the convolution that reads it. */
  flatten(
    name: string,
    from: VoxelValue,
    channels: number,
    options: PlaneOptions = {},
  ): GridValue {
    const depth = depthOf(from.space);
    const by = byOf(options, depth);
    const flat: GridSpace = bevSpace([from.space.shape![0], from.space.shape![1], 1]);
    const to = this.net.value(resized(flat, by.layer, by.padding), channels);
    this.net.add(new Conv2d(this.#spec(name, options), by, from, to));
    return to;
  }

  /**
   * A convolution that reads a map and, behind its channels, the height compression of voxels:
   * the two halves of its weights one after the other, so that nothing is copied side by side.
   */
  fuse(
    name: string,
    map: GridValue,
    voxels: VoxelValue,
    channels: number,
    options: PlaneOptions = {},
  ): GridValue {
    const of = map.channels + voxels.channels * depthOf(voxels.space);
    const spec = this.#spec(name, options);
    const flat = byOf(options, 1);
    const space = resized(map.space, flat.layer, flat.padding);
    const half = this.net.value(space, channels);
    const first = { first: 0, of, shiftless: true };
    const plain: Conv2dSpec = { ...spec, activation: "none" };
    this.net.add(new Conv2d(plain, flat, map, half, false, null, first));
    const to = this.net.value(space, channels);
    const by = byOf(options, depthOf(voxels.space));
    const rest = { first: map.channels, of };
    this.net.add(new Conv2d(spec, by, voxels, to, false, half, rest));
    return to;
  }

  #spec(name: string, { bias, norm, relu }: PlaneOptions): Conv2dSpec {
    return {
      weight: `${name}.weight`,
      bias: bias ? `${name}.bias` : null,
      norm: norm ?? null,
      activation: relu ?? true ? "relu" : "none",
      axes: this.axes,
    };
  }
}

/** A BEV map, or an image of [H, W, 1]. */
export function bevSpace(size: Three): GridSpace {
  return { kind: "grid", name: `grid ${size.join("x")}`, size };
}

function resized(space: GridSpace, layer: Geometry, padding: Three, transposed = false): GridSpace {
  const { kernel: [kx, ky] } = layer;
  const flat = { ...layer, kernel: [kx, ky, 1] as const };
  const size = gridSize(space.size, flat, padding, transposed);
  const copies = space.copies === undefined ? {} : { copies: space.copies };
  return { ...bevSpace(size), ...copies };
}

function byOf({ kernel = 3, stride = 1, padding = kernel >> 1 }: PlaneOptions, depth: number) {
  const layer: Geometry = {
    kernel: [kernel, kernel, depth],
    stride: [stride, stride, 1],
    dilation: [1, 1, 1],
  };
  return { layer, padding: [padding, padding, 0] as const };
}
