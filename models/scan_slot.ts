/** Room on a device for one scan after the other, for a pass that was recorded once. */
import type { Context, Feature, Tensor } from "../ffi/mod.ts";
import { encoded } from "./dtype.ts";
import type { SceneInput } from "./scene.ts";

/** How much a slot holds. */
export interface SlotSize {
  /** Voxels, and rows of every strided level of the network. */
  readonly room: readonly number[];
  /** Of the voxels' features. */
  readonly channels: number;
  readonly dtype: Feature;
}

/**
 * The voxels and features of a scan. A pass that is recorded over `input` and `features` takes every
 * scan that is loaded here:
 *
 *     const slot = new ScanSlot(ctx, { room, channels: 4, dtype: "f16" });
 *     slot.load(coords, features);
 *     const pass = model.plan(new Scene(ctx, slot.input), [slot.features]);
 *     slot.load(otherCoords, otherFeatures);
 *     pass.run(); // the first slot.rows rows of its outputs are the scan's
 */
export class ScanSlot implements Disposable {
  readonly #own = new DisposableStack();
  readonly input: SceneInput;
  readonly features: Tensor<Feature>;
  #rows = 0;

  constructor(ctx: Context, { room, channels, dtype }: SlotSize) {
    const [voxels = 0, ...levels] = room;
    const rows = this.#own.use(ctx.tensorFrom("i64", [1], BigInt64Array.of(0n)));
    const coords = this.#own.use(ctx.tensor("i32", [voxels, 4]));
    this.input = { coords, counted: { rows, room: levels } };
    this.features = this.#own.use(ctx.tensor(dtype, [voxels, channels]));
  }

  /** Voxels of the scan that is there. */
  get rows(): number {
    return this.#rows;
  }

  /**
   * Puts a scan there: coords [M, 4], distinct, and features [M, channels].
   *
   * @throws {RangeError} It has more voxels than there is room for.
   */
  load(coords: Int32Array, features: Float32Array): void {
    const rows = coords.length / 4;
    const { coords: to, counted } = this.input;
    if (rows > to.rows) {
      throw new RangeError(`Cannot load ${rows} voxels: there is room for ${to.rows}`);
    }
    const all = {
      coords: new Int32Array(to.length),
      features: new Float32Array(this.features.length),
    };
    all.coords.set(coords);
    all.features.set(features);
    to.upload(all.coords);
    this.features.upload(encoded(this.features.dtype, all.features));
    counted!.rows.upload(BigInt64Array.of(BigInt(rows)));
    this.#rows = rows;
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }
}
