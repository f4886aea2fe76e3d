/** The arithmetic of strided layers: how many outputs, where they may lie, how padding counts. */
import type { Bounds, Geometry, Tensor } from "../ffi/mod.ts";
import type { Stride, Three, VoxelSpace } from "./value.ts";

/** Outputs that an input can take part in: ceil(kernel / stride) an axis. */
export function mostOutputs({ kernel, stride }: Geometry): number {
  return kernel.reduce((product, k, axis) => product * Math.ceil(k / stride[axis]!), 1);
}

/** The padding that the offsets of voxmark.h amount to: -(k - 1) / 2 is the first, by C division. */
export function centring({ kernel, dilation }: Geometry): Three {
  const of = (axis: number) => Math.trunc((kernel[axis]! - 1) / 2) * dilation[axis]!;
  return [of(0), of(1), of(2)];
}

/** Cells of the grid that a layer makes of a grid of `shape`, by spconv's rule. */
export function stridedShape(shape: Three, { layer, padding }: Stride): Three {
  const { kernel, stride, dilation } = layer;
  const pads = padding ?? centring(layer);
  const of = (axis: number) => {
    const reach = dilation[axis]! * (kernel[axis]! - 1) + 1;
    return Math.floor((shape[axis]! + 2 * pads[axis]! - reach) / stride[axis]!) + 1;
  };
  return [of(0), of(1), of(2)];
}

/** The cells of a grid with borders; none for an endless one. */
export function boundsOf(shape: Three | null): Bounds | null {
  if (shape === null) return null;
  return { low: [0, 0, 0], high: [shape[0] - 1, shape[1] - 1, shape[2] - 1] };
}

/**
 * `coords` [M, 4] moved by what the padding of a layer differs from that of voxmark.h, or null
 * where it does not: an output q reads p = q * stride - padding + i, and the offsets of voxmark.h
 * start at -centring.
 */
export function alignedCoords(coords: Tensor<"i32">, { layer, padding }: Stride) {
  if (padding === null) return null;
  const by = centring(layer).map((centre, axis) => padding[axis]! - centre);
  if (by.every((step) => step === 0)) return null;
  const moved = coords.download();
  for (let i = 0; i < moved.length; i += 4) {
    for (let axis = 0; axis < 3; axis++) moved[i + 1 + axis]! += by[axis]!;
  }
  return moved;
}

/** Coordinates [cells, 4] of the cells (x, y, 0) of a grid, batch by batch, sorted. */
export function gridCells([nx, ny]: Three, batches: number): Int32Array<ArrayBuffer> {
  const cells = new Int32Array(4 * batches * nx * ny);
  for (let i = 0; i < cells.length / 4; i++) {
    cells[4 * i] = Math.floor(i / (nx * ny));
    cells[4 * i + 1] = Math.floor(i / ny) % nx;
    cells[4 * i + 2] = i % ny;
  }
  return cells;
}

/**
 * Points by the voxel row in `index` [N], -1 for none: `order` [N], of which voxel v has
 * [starts[v], starts[v + 1]). Points without a voxel stand behind the others.
 */
export function groupedRows(index: Int32Array, rows: number) {
  const starts = new Int32Array(rows + 1);
  for (const row of index) if (row >= 0) starts[row + 1]!++;
  for (let row = 0; row < rows; row++) starts[row + 1]! += starts[row]!;
  const next = starts.slice();
  const order = new Int32Array(index.length);
  for (let i = 0; i < index.length; i++) {
    const row = index[i]! < 0 ? rows : index[i]!;
    order[next[row]!++] = i;
  }
  return { order, starts };
}

/** The stride of cubic voxels. */
export function cubicStride({ name, stride: [x, y, z] }: VoxelSpace): number {
  if (x === y && y === z) return x;
  throw new RangeError(`Cannot interpolate in the voxels ${name}: their strides differ by axis`);
}

/** `quantize` wants x, y, z first and the batch apart. */
export function splitBatch(
  positions: Float32Array,
  points: Tensor<"f32">,
  batch: Tensor<"i32">,
): void {
  const xyz = new Float32Array(positions.length);
  const of = new Int32Array(positions.length / 4);
  for (let i = 0; i < of.length; i++) {
    of[i] = positions[4 * i]!;
    xyz[4 * i] = positions[4 * i + 1]!;
    xyz[4 * i + 1] = positions[4 * i + 2]!;
    xyz[4 * i + 2] = positions[4 * i + 3]!;
  }
  points.upload(xyz);
  batch.upload(of);
}
