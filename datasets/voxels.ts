/** How densely a scan fills a grid of cubic voxels. */
export interface Occupancy {
  /** Number of voxels that hold a point. */
  readonly voxels: number;
  /**
   * Mean number of occupied voxels in the 3x3x3 block around an occupied voxel, itself included:
   * the kernel-map entries a voxel has in a 3^3 submanifold convolution.
   */
  readonly neighbours: number;
}

/**
 * Occupancy of points (row-major [N, 4], metres, finite) in voxels floor(x / size), in double
 * precision. O(N log N): the voxels are sorted as numbers, then each of the 9 columns of the block
 * is one walk along the sorted list.
 *
 * @throws {RangeError} when the extent has more than 2^53 voxels.
 */
export function occupancy(points: Float32Array, size: number): Occupancy {
  const { keys, strideX, strideY } = sortedVoxels(points, size);
  let entries = 0;
  for (const dx of [-1, 0, 1]) {
    for (const dy of [-1, 0, 1]) entries += countAround(keys, dx * strideX + dy * strideY);
  }
  return { voxels: keys.length, neighbours: keys.length === 0 ? 0 : entries / keys.length };
}

/** Each occupied voxel once, in order, as the number x * strideX + y * strideY + z. */
function sortedVoxels(
  points: Float32Array,
  size: number,
): { keys: Float64Array; strideX: number; strideY: number } {
  const cell = (i: number) => Math.floor(points[i]! / size);
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 4) {
    for (let axis = 0; axis < 3; axis++) {
      const value = cell(i + axis);
      if (value < low[axis]!) low[axis] = value;
      if (value > high[axis]!) high[axis] = value;
    }
  }
  // One cell of margin on each side, so that a step out of the grid cannot meet another row.
  const [width = 0, depth = 0, height = 0] = high.map((value, axis) => value - low[axis]! + 3);
  if (width * depth * height > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(
      `Cannot count voxels of ${size} m: the extent is ${width} x ${depth} x ${height} of them, ` +
        `and at most 2^53 fit`,
    );
  }
  const [lowX = 0, lowY = 0, lowZ = 0] = low;
  const keys = new Float64Array(points.length / 4);
  for (let i = 0; i < keys.length; i++) {
    const [x, y, z] = [cell(4 * i) - lowX, cell(4 * i + 1) - lowY, cell(4 * i + 2) - lowZ];
    keys[i] = (x * depth + y) * height + z;
  }
  keys.sort();
  let unique = 0;
  for (let i = 0; i < keys.length; i++) {
    if (i === 0 || keys[i] !== keys[i - 1]) keys[unique++] = keys[i]!;
  }
  return { keys: keys.subarray(0, unique), strideX: depth * height, strideY: height };
}

/** How many of `keys` lie at most 1 from another key moved by `step`, counted for every key. */
function countAround(keys: Float64Array, step: number): number {
  let entries = 0;
  let from = 0;
  let to = 0;
  for (let i = 0; i < keys.length; i++) {
    const centre = keys[i]! + step;
    while (from < keys.length && keys[from]! < centre - 1) from++;
    while (to < keys.length && keys[to]! <= centre + 1) to++;
    entries += to - from;
  }
  return entries;
}
