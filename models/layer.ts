/** What a layer of a network is: data that a reader can follow, and how it is put on a device. */
import type { Context, ConvSettings, Feature, Tensor } from "../ffi/mod.ts";
import type { WeightLayout } from "../ffi/weight_order.ts";
import type { GridMaps } from "./grid_maps.ts";
import type { Scene } from "./scene.ts";
import type { Value } from "./value.ts";

/** A tensor of a checkpoint, under the authors' name and in their layout. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  /** "buffer": running statistics, which papers do not count. */
  readonly kind: "weight" | "buffer";
  /** Of a matrix or kernel: terms that a sum usually has, for seeded values of the right size. */
  readonly terms?: number;
}

/**
 * How a weight lies in a checkpoint. "linear" is PyTorch's [Cout, Cin], "conv1d" the same with a
 * kernel of 1, "spconv1-xyz" spconv 1 over
 * coordinates (x, y, z), where others have (z, y, x).
 */
export type Layout = WeightLayout | "linear" | "conv1d" | "spconv1-xyz";

/** One layer. Its class says what it computes. */
export interface Layer {
  /** The authors' name of the module, or what it does where it has no parameters. */
  readonly name: string;
  /** What it is, in a word: "conv", "linear", "concat", ... */
  readonly op: string;
  readonly reads: readonly Value[];
  readonly to: Value;
  readonly parameters: readonly Parameter[];
  /** Multiply-adds by the authors' rule: pairs x channels in x channels out; the rest has none. */
  macs?(scene: Scene): number;
  /**
   * Puts the parameters on a device; what it returns runs the layer.
   *
   * @throws {InputError} The device has no kernel for it in this type.
   */
  load(device: Device): Kernel;
}

/** Runs a layer: reads its inputs, fills its output. */
export type Kernel = (run: Run) => void;

/** What layers are loaded with. */
export interface Device {
  readonly ctx: Context;
  /** Type of features and weights. */
  readonly dtype: Feature;
  /** Owns what `load` makes. */
  readonly own: DisposableStack;
  /** The values of a parameter, in the authors' layout. */
  weights(name: string): Float32Array;
  /** Variant of sparse_conv for a layer. */
  dataflow(layer: Layer): number;
  /** Kernel maps of dense grids, which are the same for every scan. */
  readonly grids: GridMaps;
  /** Settings of that dataflow, which may change between passes. */
  settings(layer: Layer): ConvSettings | undefined;
  /** Whether rows can be multiplied, joined and added; if not, convolutions do it. */
  readonly dense: boolean;
  /** Layers with a smaller share of weights that are not 0 run on the weight-sparse kernels. */
  readonly sparseBelow: number;
}

/** One pass over one scan. */
export interface Run {
  readonly scene: Scene;
  at(value: Value): Tensor<Feature>;
}
