/** #Params, #MACs and activation memory, as papers count them. */
import type { Feature } from "../ffi/mod.ts";
import { BYTES } from "./dtype.ts";
import type { Layer, Parameter } from "./layer.ts";
import type { Network } from "./network.ts";
import type { Scene } from "./scene.ts";

/** A layer's share of the totals. */
export interface LayerCount {
  readonly name: string;
  readonly op: string;
  readonly params: number;
  readonly macs: number;
  /** Rows and bytes of what it makes. */
  readonly rows: number;
  readonly channels: number;
  readonly activationBytes: number;
}

/** Numbers of a parameter. */
export function elements({ shape }: Pick<Parameter, "shape">): number {
  return shape.reduce((product, n) => product * n, 1);
}

/** Every parameter once, under its name: those of all layers in their order, then the unused. */
export function parametersOf({ layers, unused }: Network): Parameter[] {
  const all = [...layers.flatMap(({ parameters }) => parameters), ...unused];
  return [...new Map(all.map((parameter) => [parameter.name, parameter])).values()];
}

/** Learned numbers that the network uses; running statistics are not learned. */
export function countParams({ layers }: Pick<Network, "layers">): number {
  return paramsOf(layers);
}

function paramsOf(layers: readonly Layer[]): number {
  const all = new Map(
    layers.flatMap(({ parameters }) => parameters).filter(({ kind }) => kind === "weight")
      .map((parameter) => [parameter.name, elements(parameter)]),
  );
  return all.values().reduce((sum, n) => sum + n, 0);
}

/** The counts of every layer on a scan. */
export function countLayers(
  { layers }: Pick<Network, "layers">,
  scene: Scene,
  dtype: Feature = "f32",
): LayerCount[] {
  return layers.map((layer) => {
    const rows = scene.rows(layer.to.space);
    return {
      name: layer.name,
      op: layer.op,
      params: paramsOf([layer]),
      macs: layer.macs?.(scene) ?? 0,
      rows,
      channels: layer.to.channels,
      activationBytes: rows * layer.to.channels * BYTES[dtype],
    };
  });
}

/** Layers that multiply from the inputs to the deepest output: what an error passes through. */
export function depthOf({ layers, outputs }: Pick<Network, "layers" | "outputs">): number {
  const depths = new Map<number, number>();
  const depth = (id: number) => depths.get(id) ?? 0;
  for (const { reads, to, parameters } of layers) {
    const below = Math.max(...reads.map(({ id }) => depth(id)));
    depths.set(to.id, below + (parameters.length > 0 ? 1 : 0));
  }
  return Math.max(...outputs.map(({ id }) => depth(id)));
}

/** Multiply-adds of all layers on a scan. */
export function countMacs(network: Pick<Network, "layers">, scene: Scene): number {
  return countLayers(network, scene).reduce((sum, { macs }) => sum + macs, 0);
}

/** Bytes of all values of a pass, were none overwritten: what training would keep. */
export function activationBytes(
  network: Pick<Network, "layers">,
  scene: Scene,
  dtype: Feature = "f32",
): number {
  return countLayers(network, scene, dtype).reduce((sum, layer) => sum + layer.activationBytes, 0);
}
