import { type Context, type Feature, KernelError, type Tensor } from "../ffi/mod.ts";
import { InputError } from "../std/errors.ts";
import { countMacs } from "./count.ts";
import { featureTensor, floatsOf } from "./dtype.ts";
import type { Model } from "./model.ts";
import { Scene, type SceneInput } from "./scene.ts";
import type { ZooModel } from "./registry.ts";
import { VOXEL_METERS, VoxelScan } from "./voxel_scan.ts";

const OUT_OF_MEMORY = 3;

/** Labels the points of scans: voxels, maps, network, and the class of each point's voxel. */
export class Segmenter {
  #macs = 0;

  constructor(
    readonly model: Model,
    private readonly zoo: Pick<ZooModel, "positions">,
    private readonly voxel = VOXEL_METERS,
  ) {}

  /** Multiply-adds of all scans so far, by the authors' rule. */
  get macs(): number {
    return this.#macs;
  }

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
    const { ctx, pool, dtype, network } = this.model;
    using input = SegmenterInput.of(ctx, points, what, this.zoo.positions, dtype, this.voxel);
    using scene = new Scene(ctx, input.scene, pool);
    const [logits] = this.model.forward(scene, [input.feats]);
    this.#macs += countMacs(network, scene);
    const classes = argmax(floatsOf(logits!), logits!.shape[1]!);
    const inverse = input.scan.voxels.inverse.download();
    const labels = new Uint8Array(inverse.length);
    for (let i = 0; i < labels.length; i++) labels[i] = classes[inverse[i]!]!;
    return labels;
  }
}

/** A scan as a network takes it: voxels, their features in the network's type, points. */
export class SegmenterInput implements Disposable {
  private constructor(
    readonly scan: VoxelScan,
    readonly scene: SceneInput,
    readonly feats: Tensor<Feature>,
    private readonly owned: Disposable,
  ) {}

  /** @throws {InputError} The scan is empty, not finite or too far out. */
  static of(
    ctx: Context,
    points: Float32Array,
    what: string,
    positions: ZooModel["positions"],
    dtype: Feature,
    voxel = VOXEL_METERS,
  ): SegmenterInput {
    using stack = new DisposableStack();
    const scan = stack.use(VoxelScan.of(ctx, points, what, voxel));
    const { coords } = scan;
    const at = positions?.(coords.download());
    const scene = {
      coords,
      ...(at && { positions: stack.use(ctx.tensorFrom("f32", [coords.rows, 4], at)) }),
    };
    const feats = dtype === "f32"
      ? scan.feats
      : stack.use(featureTensor(ctx, dtype, scan.feats.shape, scan.feats.download()));
    return new SegmenterInput(scan, scene, feats, stack.move());
  }

  [Symbol.dispose](): void {
    this.owned[Symbol.dispose]();
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
