/** What simulated and real scans are compared by. */

/** Occupied voxels, and the mean number of them in the 3x3x3 neighbourhood, the voxel included. */
export interface Density {
  readonly voxels: number;
  readonly neighbours: number;
}

/** The density of points [N, 4] on a grid of `size` metres, within 100 m of the origin. */
export function density(points: Float32Array, size: number): Density {
  const keys = new Set<number>();
  const half = Math.ceil(100 / size);
  const width = 2 * half;
  for (let i = 0; i < points.length; i += 4) {
    const x = Math.floor(points[i]! / size) + half;
    const y = Math.floor(points[i + 1]! / size) + half;
    const z = Math.floor(points[i + 2]! / size) + half;
    keys.add((x * width + y) * width + z);
  }
  let found = 0;
  for (const key of keys) {
    for (let k = 0; k < 27; k++) {
      const x = Math.floor(k / 9) - 1;
      const y = Math.floor(k / 3) % 3 - 1;
      if (keys.has(key + (x * width + y) * width + k % 3 - 1)) found++;
    }
  }
  return { voxels: keys.size, neighbours: found / keys.size };
}

/** The share of values in each interval between neighbours of `edges`, in percent. */
export function histogram(values: Float64Array, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length - 1).fill(0);
  for (const value of values) {
    const bin = edges.findLastIndex((edge) => value >= edge);
    if (bin >= 0 && bin < counts.length) counts[bin]! += 1;
  }
  return counts.map((count) => 100 * count / values.length);
}

/** The distance of each point [N, 4] from the sensor in metres. */
export function ranges(points: Float32Array): Float64Array {
  return Float64Array.from({ length: points.length / 4 }, (_, i) => {
    const [x, y, z] = points.subarray(4 * i, 4 * i + 3) as unknown as [number, number, number];
    return Math.sqrt(x * x + y * y + z * z);
  });
}

/** The places in points [N, 4] at which a ring begins: where the azimuth falls back to 0. */
export function ringStarts(points: Float32Array): number[] {
  const starts = [0];
  for (let i = 4; i < points.length; i += 4) {
    // From the right of the x axis, ahead, to its left.
    const before = points[i - 3]! < 0 && points[i - 4]! > 0;
    if (before && points[i + 1]! >= 0 && points[i]! > 0) starts.push(i / 4);
  }
  return starts;
}
