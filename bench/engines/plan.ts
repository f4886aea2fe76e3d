/** How an engine runs each convolution of a network: a dataflow of ours and its settings. */
import type { ConvSettings } from "../../ffi/mod.ts";
import type { Conv } from "../../models/layers/conv.ts";
import type { Scene } from "../../models/scene.ts";
import { mapName } from "../../models/value.ts";

/** A variant of sparse_conv, and settings where it has some. */
export interface Dataflow {
  readonly variant: string;
  readonly settings?: ConvSettings;
}

/** By the name of the layer. */
export type Plan = ReadonlyMap<string, Dataflow>;

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

/** A name for a dataflow with its settings: "grouped e0.3 s5000", "masked 2". */
export function dataflowName({ variant, settings = {} }: Dataflow): string {
  const { epsilon, threshold, splits } = settings;
  return [
    variant,
    epsilon === undefined ? "" : `e${epsilon}`,
    threshold === undefined ? "" : `s${threshold}`,
    splits === undefined ? "" : `${splits}`,
  ].filter((part) => part !== "").join(" ");
}
