/** A patch of a scan: what a quick run takes of a workload. */

/** Voxels of a patch: a network of any width passes over them in tens of milliseconds. */
export const PATCH_VOXELS = 1000;

/** For the pages of tables that quick runs cut. */
export const QUICK_NOTE = `A quick run takes ${PATCH_VOXELS} voxels of each workload: it shows ` +
  "that all runs, and speeds of nearly empty layers.";

/** Voxels on the host: coordinates [M, 4] and features [M, C]. */
export interface HostVoxels {
  readonly coords: Int32Array;
  readonly feats: Float32Array;
}

/** The `count` voxels that are nearest to the one in the middle of the list, in their order. */
export function patchOf({ coords, feats }: HostVoxels, count: number): HostVoxels {
  const rows = coords.length / 4;
  if (rows <= count) return { coords, feats };
  const middle = 4 * Math.floor(rows / 2);
  const distance = (row: number) =>
    Math.hypot(...[1, 2, 3].map((axis) => coords[4 * row + axis]! - coords[middle + axis]!));
  const distances = Float64Array.from({ length: rows }, (_, row) => distance(row));
  const kept = [...distances.keys()].sort((a, b) => distances[a]! - distances[b]! || a - b)
    .slice(0, count).sort((a, b) => a - b);
  const channels = feats.length / rows;
  return {
    coords: Int32Array.from(kept.flatMap((row) => [...coords.subarray(4 * row, 4 * row + 4)])),
    feats: Float32Array.from(
      kept.flatMap((row) => [...feats.subarray(channels * row, channels * (row + 1))]),
    ),
  };
}
