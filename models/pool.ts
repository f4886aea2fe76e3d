import type { Context, DType, Tensor } from "../ffi/mod.ts";

/** A new tensor has so many rows to spare, so that the next scan, a little larger, fits as well. */
const SPARE = 1 / 8;

interface Slot {
  readonly tensor: Tensor;
  readonly capacity: number;
  /** Of all its rows. */
  readonly bytes: number;
  /** Whether it has no spare rows: a map, which fits no other scan. */
  readonly exact: boolean;
  /** Taken since the last `sweep`. */
  used: boolean;
}

/**
 * Tensors that are used again, for values that live for a part of a pass. Memory is what one pass
 * needs at its widest, however many scans follow.
 */
export class Pool implements Disposable {
  readonly #free = new Map<string, Slot[]>();
  readonly #taken = new Map<Tensor, Slot>();
  #bytes = 0;
  #peak = 0;

  constructor(readonly ctx: Context) {}

  /** Bytes of all its tensors, in use or not. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The most `bytes` has been. */
  get peakBytes(): number {
    return this.#peak;
  }

  /** A tensor of this shape with undefined content; `spare` rows beyond it are kept for later. */
  take<T extends DType>(dtype: T, shape: readonly number[], spare = true): Tensor<T> {
    const [rows = 1, ...inner] = shape;
    const key = `${dtype}:${inner}`;
    const free = this.#free.get(key) ?? [];
    const index = bestFit(free, rows);
    // Maps of the scan before give way to those of this one, whose sizes are others.
    if (index < 0 && !spare) this.#dropUnused(({ exact }) => exact);
    const slot = index < 0
      ? this.#create(dtype, spare ? Math.ceil(rows * (1 + SPARE)) : rows, inner, !spare)
      : free.splice(index, 1)[0]!;
    slot.used = true;
    slot.tensor.setRows(rows);
    this.#taken.set(slot.tensor, slot);
    return slot.tensor as unknown as Tensor<T>;
  }

  /** Hands a tensor back; it must be one of this pool's and not handed back yet. */
  give(tensor: Tensor<DType>): void {
    const slot = this.#taken.get(tensor);
    if (slot === undefined) throw new TypeError("Cannot give a tensor that the pool did not lend");
    this.#taken.delete(tensor);
    const key = keyOf(tensor);
    const free = this.#free.get(key);
    if (free === undefined) this.#free.set(key, [slot]);
    else free.push(slot);
  }

  /** Frees what was not used since the last call: buffers that have become too small. */
  sweep(): void {
    this.#dropUnused(() => true);
    for (const slots of this.#free.values()) for (const slot of slots) slot.used = false;
  }

  [Symbol.dispose](): void {
    for (const slots of this.#free.values()) for (const slot of slots) this.#drop(slot);
    for (const slot of this.#taken.values()) this.#drop(slot);
    this.#free.clear();
    this.#taken.clear();
  }

  #dropUnused(which: (slot: Slot) => boolean): void {
    for (const [key, slots] of this.#free) {
      const kept = slots.filter((slot) => slot.used || !which(slot) || this.#drop(slot));
      if (kept.length > 0) this.#free.set(key, kept);
      else this.#free.delete(key);
    }
  }

  #create(dtype: DType, capacity: number, inner: readonly number[], exact: boolean): Slot {
    const tensor = this.ctx.tensor(dtype, [capacity, ...inner]);
    const { bytes } = tensor;
    this.#bytes += bytes;
    this.#peak = Math.max(this.#peak, this.#bytes);
    return { tensor, capacity, bytes, exact, used: true };
  }

  #drop({ tensor, bytes }: Slot): false {
    this.#bytes -= bytes;
    tensor[Symbol.dispose]();
    return false;
  }
}

const keyOf = ({ dtype, shape }: Tensor<DType>) => `${dtype}:${shape.slice(1)}`;

/** The smallest that holds `rows`; -1 when none does. */
function bestFit(free: readonly Slot[], rows: number): number {
  let best = -1;
  free.forEach(({ capacity }, i) => {
    if (capacity >= rows && (best < 0 || capacity < free[best]!.capacity)) best = i;
  });
  return best;
}
