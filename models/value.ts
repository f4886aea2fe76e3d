/** What flows between layers: rows of features, and the places that the rows stand for. */
import type { Geometry } from "../ffi/mod.ts";

export type Three = readonly [number, number, number];

/** A layer that makes new voxels out of others. */
export interface Stride {
  readonly layer: Geometry;
  /** PyTorch's and spconv's padding a side; null for TorchSparse's and MinkowskiEngine's centring. */
  readonly padding: Three | null;
}

/** Voxels: the input's, or those that a strided layer makes. Two layers alike share one space. */
export interface VoxelSpace {
  readonly kind: "voxels";
  /** Tells spaces apart; it spells out how the space was made. */
  readonly name: string;
  /** Input voxels a step, along x, y, z. */
  readonly stride: Three;
  /** What it was made of; null for the input. */
  readonly made: { readonly from: VoxelSpace; readonly by: Stride } | null;
  /** Cells of the grid where it has borders, as spconv's networks; null for an endless one. */
  readonly shape: Three | null;
}

/** One row a point. */
export interface PointSpace {
  readonly kind: "points";
  readonly name: string;
}

/** Dense cells, row ((b * x) * y) * z with z fastest: a BEV map is [X, Y, 1], an image [H, W, 1]. */
export interface GridSpace {
  readonly kind: "grid";
  readonly name: string;
  readonly size: Three;
  /** Grids a scan, one after the other: the images of its cameras; 1 when not given. */
  readonly copies?: number;
}

export type Space = VoxelSpace | PointSpace | GridSpace;

/** Features between two layers. */
export interface Value {
  readonly id: number;
  readonly space: Space;
  readonly channels: number;
}

/** The kernel map of a layer between two spaces of voxels. */
export interface MapKey {
  readonly from: VoxelSpace;
  readonly to: VoxelSpace;
  readonly by: Stride;
  /** Inputs and outputs swapped: `to` is what the forward layer reads. */
  readonly transposed: boolean;
}

const text = (values: Three) =>
  values[0] === values[1] && values[1] === values[2] ? `${values[0]}` : values.join("x");

/** A name for a layer's geometry: kernel, stride, dilation, padding. */
export function strideName({ layer: { kernel, stride, dilation }, padding }: Stride): string {
  const parts = [`k${text(kernel)}`];
  if (text(stride) !== "1") parts.push(`s${text(stride)}`);
  if (text(dilation) !== "1") parts.push(`d${text(dilation)}`);
  if (padding !== null) parts.push(`p${text(padding)}`);
  return parts.join("");
}

/** A name for a map; layers with the same one share it. */
export function mapName({ from, to, by, transposed }: MapKey): string {
  return `${from.name}>${to.name}:${strideName(by)}${transposed ? "t" : ""}`;
}
