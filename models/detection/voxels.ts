/** A LiDAR scan as the detection networks take it: the mean of the first points in every voxel. */
import { type Context, groupVoxels, type Tensor } from "../../ffi/mod.ts";
import { InputError } from "../../std/errors.ts";
import { cellsOf, type DetectionRange } from "../nets/detection_range.ts";

/** The voxels of a scan on a device, sorted; there may be none. */
export class DetectionVoxels implements Disposable {
  private constructor(
    /** [M, 4]: batch 0, x, y, z. */
    readonly coords: Tensor<"i32">,
    /** [M, C] */
    readonly feats: Tensor<"f32">,
  ) {}

  /**
   * Voxelizes points [N, C >= 3] as second.pytorch and its successors do: floor((p - low) / voxel)
   * in f32, points outside dropped; a voxel has its first `maxPoints`, a scan its first `maxVoxels`.
   *
   * @param what names the scan in errors
   * @throws {InputError} A point is not finite.
   */
  static of(
    ctx: Context,
    points: Float32Array,
    channels: number,
    range: DetectionRange,
    what: string,
  ): DetectionVoxels {
    const inside = pointsInside(points, channels, range, what);
    using stack = new DisposableStack();
    using cells = ctx.tensorFrom("i32", [inside.rows.length, 4], inside.cells);
    using groups = groupVoxels(cells);
    const { coords, feats } = means(
      groups.coords.download(),
      { order: groups.order.download(), starts: groups.starts.download(), rows: inside.rows },
      { points, channels, range },
    );
    const m = coords.length / 4;
    const made = new DetectionVoxels(
      stack.use(ctx.tensorFrom("i32", [m, 4], coords)),
      stack.use(ctx.tensorFrom("f32", [m, channels], feats)),
    );
    stack.move();
    return made;
  }

  [Symbol.dispose](): void {
    this.coords[Symbol.dispose]();
    this.feats[Symbol.dispose]();
  }
}

/** Cells [K, 4] and rows of the points in the range. */
function pointsInside(
  points: Float32Array,
  channels: number,
  range: DetectionRange,
  what: string,
): { cells: Int32Array; rows: Int32Array } {
  const n = points.length / channels;
  const size = cellsOf(range);
  const low = Float32Array.from(range.low);
  const voxel = Float32Array.from(range.voxel);
  const cells = new Int32Array(4 * n);
  const rows = new Int32Array(n);
  const at = new Int32Array(3);
  let count = 0;
  for (let i = 0; i < n; i++) {
    let inside = true;
    for (let axis = 0; axis < 3; axis++) {
      const p = points[i * channels + axis]!;
      if (!Number.isFinite(p)) {
        throw new InputError(`Cannot run a network on ${what}: point ${i} has the coordinate ${p}`);
      }
      const cell = Math.floor(Math.fround(Math.fround(p - low[axis]!) / voxel[axis]!));
      inside &&= cell >= 0 && cell < size[axis]!;
      at[axis] = cell;
    }
    if (!inside) continue;
    cells.set(at, 4 * count + 1);
    rows[count++] = i;
  }
  return { cells: cells.subarray(0, 4 * count), rows: rows.subarray(0, count) };
}

interface Groups {
  readonly order: Int32Array;
  readonly starts: Int32Array;
  /** Row of a point in the scan. */
  readonly rows: Int32Array;
}

function means(
  coords: Int32Array,
  { order, starts, rows }: Groups,
  { points, channels, range }: {
    readonly points: Float32Array;
    readonly channels: number;
    readonly range: DetectionRange;
  },
) {
  const kept = firstVoxels(coords.length / 4, range.maxVoxels, (v) => order[starts[v]!]!);
  const feats = new Float32Array(kept.length * channels);
  const cells = new Int32Array(kept.length * 4);
  kept.forEach((voxel, row) => {
    cells.set(coords.subarray(4 * voxel, 4 * voxel + 4), 4 * row);
    const start = starts[voxel]!;
    const end = Math.min(starts[voxel + 1]!, start + range.maxPoints);
    for (let c = 0; c < channels; c++) {
      let sum = 0;
      for (let i = start; i < end; i++) sum += points[rows[order[i]!]! * channels + c]!;
      feats[row * channels + c] = sum / (end - start);
    }
  });
  return { coords: cells, feats };
}

/** Of `count` voxels the `most` whose first points come first, in their own order. */
function firstVoxels(count: number, most: number, firstPoint: (voxel: number) => number): number[] {
  const all = Array.from({ length: count }, (_, voxel) => voxel);
  if (count <= most) return all;
  return all.sort((a, b) => firstPoint(a) - firstPoint(b)).slice(0, most).sort((a, b) => a - b);
}
