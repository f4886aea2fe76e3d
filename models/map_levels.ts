/** The levels of voxels that a network goes through, where one call can make all of their maps. */
import { type Geometry, kernelVolume } from "../ffi/mod.ts";
import { mappedConvs } from "./dataflow.ts";
import type { Network } from "./network.ts";
import { type MapKey, mapName, type Stride, type VoxelSpace } from "./value.ts";

/** The voxels that a strided layer makes, and the submanifold layer over them. */
export interface MapLevel {
  readonly space: VoxelSpace;
  /** Key of the strided map. */
  readonly strided: MapKey;
  /** Key of the submanifold map. */
  readonly own: MapKey;
}

/** The input's submanifold layer, and the levels below it. */
export interface MapLevels {
  readonly first: MapKey;
  readonly levels: readonly MapLevel[];
}

/**
 * The levels of a network whose strided layers follow one another, each with kernel = stride, with a
 * submanifold layer on every level and no borders or padding; null for any other.
 */
export function mapLevels(network: Pick<Network, "layers">): MapLevels | null {
  const maps = mappedConvs(network).map(({ map }) => map!);
  const keys = [...new Map(maps.map((key) => [mapName(key), key])).values()]
    .filter(({ transposed }) => !transposed);
  const ownOf = (space: VoxelSpace) => keys.find((key) => isOwn(key) && same(key.from, space));
  const strided = keys.filter(({ from, to }) => !same(from, to));
  const first = keys.find((key) => isOwn(key) && key.from.made === null);
  if (first === undefined || strided.length === 0) return null;
  const levels: MapLevel[] = [];
  for (let at = first.from; levels.length < strided.length;) {
    const down = strided.filter(({ from }) => same(from, at));
    const [next] = down;
    if (next === undefined || down.length > 1 || !isPlain(next.by, isPartition)) return null;
    const own = ownOf(next.to);
    if (own === undefined) return null;
    levels.push({ space: next.to, strided: next, own });
    at = next.to;
  }
  const spaces = [first.from, ...levels.map(({ space }) => space)];
  return spaces.every(({ shape }) => shape === null) ? { first, levels } : null;
}

/** Whether every input belongs to exactly one output, at one offset. */
export function isPartition({ kernel, stride, dilation }: Geometry): boolean {
  return kernel.every((size, axis) => size === stride[axis] && dilation[axis] === 1);
}

const isPlain = ({ layer, padding }: Stride, fits: (layer: Geometry) => boolean) =>
  padding === null && fits(layer);

const isSubmanifold = (layer: Geometry) =>
  layer.kernel.every((size) => size % 2 === 1) && layer.stride.every((step) => step === 1) &&
  kernelVolume(layer) > 1;

const isOwn = ({ from, to, by }: MapKey) => same(from, to) && isPlain(by, isSubmanifold);

const same = (a: VoxelSpace, b: VoxelSpace) => a.name === b.name;
