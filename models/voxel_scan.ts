/** A LiDAR scan as the segmentation networks take it: one row a voxel, with its first point's features. */
import {
  type Context,
  groupVoxels,
  KernelError,
  quantize,
  type Tensor,
  voxelReduce,
  type Voxels,
} from "../ffi/mod.ts";
import { InputError } from "../std/errors.ts";

/** Voxel size of SPVNAS and of most published SemanticKITTI results, in metres. */
export const VOXEL_METERS = 0.05;

/**
 * Refuses points [N, channels] with a value behind x, y, z that is not finite: one of them spreads
 * over everything that the network sees.
 *
 * @throws {InputError} that names the scan and the point.
 */
export function requireFiniteFeatures(points: Float32Array, channels: number, what: string): void {
  const at = points.findIndex((value, i) => i % channels > 2 && !Number.isFinite(value));
  if (at < 0) return;
  throw new InputError(
    `Cannot run a network on ${what}: point ${Math.floor(at / channels)} has the feature ` +
      `${points[at]} behind its coordinates, and finite values are needed`,
  );
}

/** The voxels of a scan on a device, sorted, the lowest of each axis 0. */
export class VoxelScan implements Disposable {
  private constructor(
    /** [M, 4]: batch 0, x, y, z. */
    readonly voxels: Voxels,
    /** [M, C]: of the point that comes first in each voxel. */
    readonly feats: Tensor<"f32">,
    readonly points: number,
  ) {}

  /**
   * Voxelizes points [N, C >= 3] by SPVNAS' rule: round(xyz / voxel), half to even.
   *
   * @param what names the scan in errors
   * @throws {InputError} It has no points, or one is not finite or too far out.
   */
  static of(
    ctx: Context,
    points: Float32Array,
    what: string,
    voxel = VOXEL_METERS,
    channels = 4,
  ): VoxelScan {
    const n = points.length / channels;
    if (n === 0) throw new InputError(`Cannot run a network on ${what}: it has no points`);
    requireFiniteFeatures(points, channels, what);
    using stack = new DisposableStack();
    const device = stack.use(ctx.tensorFrom("f32", [n, channels], points));
    const coords = stack.use(ctx.tensor("i32", [n, 4]));
    try {
      quantize(device, null, coords, [voxel, voxel, voxel], [0, 0, 0], "round");
    } catch (cause) {
      if (!(cause instanceof KernelError)) throw cause;
      throw new InputError(`Cannot run a network on ${what}: ${cause.detail}`, { cause });
    }
    coords.upload(fromZero(coords.download()));
    using owned = new DisposableStack();
    const voxels = owned.use(groupVoxels(coords));
    const feats = owned.use(ctx.tensor("f32", [voxels.coords.rows, channels]));
    voxelReduce(device, voxels.order, voxels.starts, feats, "first");
    owned.move();
    return new VoxelScan(voxels, feats, n);
  }

  /** [M, 4] */
  get coords(): Tensor<"i32"> {
    return this.voxels.coords;
  }

  [Symbol.dispose](): void {
    this.voxels[Symbol.dispose]();
    this.feats[Symbol.dispose]();
  }
}

/** Coordinates [N, 4] moved so that the lowest x, y and z are 0; changes and returns `coords`. */
function fromZero(coords: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  let [x, y, z] = [Infinity, Infinity, Infinity];
  for (let i = 0; i < coords.length; i += 4) {
    if (coords[i + 1]! < x) x = coords[i + 1]!;
    if (coords[i + 2]! < y) y = coords[i + 2]!;
    if (coords[i + 3]! < z) z = coords[i + 3]!;
  }
  for (let i = 0; i < coords.length; i += 4) {
    coords[i + 1]! -= x;
    coords[i + 2]! -= y;
    coords[i + 3]! -= z;
  }
  return coords;
}
