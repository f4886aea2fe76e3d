/** How the convolutions of a network run: dataflows, their settings, and which layers share a map. */
import type { ConvSettings, WgradSettings } from "../ffi/mod.ts";
import { Conv } from "./layers/conv.ts";
import type { Network } from "./network.ts";
import type { Scene } from "./scene.ts";
import { mapName } from "./value.ts";

/** A variant of sparse_conv, and settings where it has some. */
export interface Dataflow {
  readonly variant: string;
  readonly settings?: ConvSettings;
}

/** By the name of the layer; the backend's default where none is named. */
export type EnginePlan = ReadonlyMap<string, Dataflow>;

/** A variant of sparse_conv_wgrad, and settings where it has some. */
export interface WgradDataflow {
  readonly variant: string;
  readonly settings?: WgradSettings;
  /** Whether it reads pairs, which are listed once a map; it looks them up by itself else. */
  readonly pairs?: boolean;
}

/** By the name of the layer, as {@linkcode EnginePlan}. */
export type WgradPlan = ReadonlyMap<string, WgradDataflow>;

/** The directions of a training step: outputs, gradients of inputs, gradients of weights. */
export const DIRECTIONS = ["forward", "dgrad", "wgrad"] as const;
export type Direction = typeof DIRECTIONS[number];

/** How the convolutions of a training step run. */
export interface StepPlan {
  readonly forward: EnginePlan;
  readonly dgrad: EnginePlan;
  readonly wgrad: WgradPlan;
}

/** What a rule may look at. */
export interface LayerSize {
  /** Kernel volume. */
  readonly kv: number;
  readonly cin: number;
  readonly cout: number;
  /** Input and output rows. */
  readonly inputs: number;
  readonly outputs: number;
}

/** The layers that share a kernel map: they are tuned together. */
export interface LayerGroup {
  /** Name of the map. */
  readonly name: string;
  readonly layers: readonly Conv[];
}

/** Convolutions of a network that read a kernel map. */
export function mappedConvs({ layers }: Pick<Network, "layers">): Conv[] {
  return layers.filter((layer): layer is Conv => layer instanceof Conv && layer.map !== null);
}

/** Layers of more than one offset, by the map that they read. */
export function groupsOf(layers: readonly Conv[]): LayerGroup[] {
  const mapped = layers.filter(({ map }) => map !== null);
  return [...Map.groupBy(mapped, ({ map }) => mapName(map!))].map(([name, layers]) => ({
    name,
    layers,
  }));
}

export function sizeOf({ map, kernel, from, to }: Conv, scene: Scene): LayerSize {
  return {
    kv: kernel.reduce((all, size) => all * size, 1),
    cin: from.channels,
    cout: to.channels,
    inputs: scene.rows(map?.from ?? from.space),
    outputs: scene.rows(to.space),
  };
}

/** The same dataflow for every convolution. */
export function samePlan<D extends Dataflow | WgradDataflow>(
  network: Pick<Network, "layers">,
  dataflow: D,
): ReadonlyMap<string, D> {
  return new Map(mappedConvs(network).map(({ name }) => [name, dataflow]));
}

/**
 * A name for a dataflow with its settings: "grouped e0.3 s5000", "masked 2 mma_f16_.. /4", "tiles
 * pairs wgrad_mma_f16_.. c2048".
 */
export function dataflowName({ variant, settings = {}, pairs }: Dataflow & WgradDataflow): string {
  const { epsilon, threshold, splits, tile, pieces, chunk } = settings;
  return [
    variant,
    pairs === true ? "pairs" : "",
    epsilon === undefined ? "" : `e${epsilon}`,
    threshold === undefined ? "" : `s${threshold}`,
    splits === undefined ? "" : `${splits}`,
    tile ?? "",
    pieces === undefined ? "" : `/${pieces}`,
    chunk === undefined ? "" : `c${chunk}`,
  ].filter((part) => part !== "").join(" ");
}
