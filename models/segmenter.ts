import { KernelError } from "../ffi/mod.ts";
import { InputError } from "../std/errors.ts";
import { featureTensor, floatsOf } from "./dtype.ts";
import type { Model } from "./model.ts";
import { Scene } from "./scene.ts";
import type { ZooModel } from "./registry.ts";
import { VOXEL_METERS, VoxelScan } from "./voxel_scan.ts";

const OUT_OF_MEMORY = 3;

/** Labels the points of scans: voxels, maps, network, and the class of each point's voxel. */
export class Segmenter {
  constructor(
    readonly model: Model,
    private readonly zoo: Pick<ZooModel, "positions">,
    private readonly voxel = VOXEL_METERS,
  ) {}

  /**
   * The class, from 0 on, of every point of [N, 4]: x, y, z in metres, intensity.
   *
   * @param what names the scan in errors
   * @throws {InputError} The scan is empty, not finite, or larger than the memory.
   */
  predict(points: Float32Array, what: string): Uint8Array<ArrayBuffer> {
    try {
      return this.#predict(points, what);
    } catch (cause) {
      if (!(cause instanceof KernelError) || cause.status !== OUT_OF_MEMORY) throw cause;
      const text = `Cannot run ${this.model.network.name} on ${what}: ${cause.detail}`;
      throw new InputError(text, { cause });
    }
  }

  #predict(points: Float32Array, what: string): Uint8Array<ArrayBuffer> {
    const { ctx, pool, dtype } = this.model;
    using scan = VoxelScan.of(ctx, points, what, this.voxel);
    const { coords } = scan;
    using stack = new DisposableStack();
    const positions = this.zoo.positions?.(coords.download());
    const at = positions && stack.use(ctx.tensorFrom("f32", [coords.rows, 4], positions));
    const feats = dtype === "f32"
      ? scan.feats
      : stack.use(featureTensor(ctx, dtype, scan.feats.shape, scan.feats.download()));
    using scene = new Scene(ctx, { coords, ...(at && { positions: at }) }, pool);
    const [logits] = this.model.forward(scene, [feats]);
    const classes = argmax(floatsOf(logits!), logits!.shape[1]!);
    const inverse = scan.voxels.inverse.download();
    const labels = new Uint8Array(inverse.length);
    for (let i = 0; i < labels.length; i++) labels[i] = classes[inverse[i]!]!;
    return labels;
  }
}

/** The column of the largest value in each row; the first of equal ones. */
export function argmax(values: Float32Array, columns: number): Uint8Array<ArrayBuffer> {
  const best = new Uint8Array(values.length / columns);
  for (let row = 0; row < best.length; row++) {
    const start = row * columns;
    let most = values[start]!;
    let at = 0;
    for (let column = 1; column < columns; column++) {
      const value = values[start + column]!;
      if (value > most) {
        most = value;
        at = column;
      }
    }
    best[row] = at;
  }
  return best;
}
