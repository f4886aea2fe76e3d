/**
 * Reads tables of the FlatBuffers format, as far as Arrow metadata needs them. Every read is inside
 * the bytes it was given and every length is compared with what is left, so that damaged bytes end
 * in a RangeError: never in a loop of 2^31 steps or an allocation of gigabytes.
 */
export class FlatTable {
  readonly #view: DataView;
  readonly #at: number;

  private constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  /** The root table of `bytes`. */
  static root(bytes: Uint8Array): FlatTable {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return new FlatTable(view, view.getUint32(0, true));
  }

  uint8(slot: number): number {
    const at = this.#field(slot);
    return at === undefined ? 0 : this.#view.getUint8(at);
  }

  int16(slot: number): number {
    const at = this.#field(slot);
    return at === undefined ? 0 : this.#view.getInt16(at, true);
  }

  int32(slot: number): number {
    const at = this.#field(slot);
    return at === undefined ? 0 : this.#view.getInt32(at, true);
  }

  /** A 64-bit integer that must be a length or position: 0 to 2^53 - 1. */
  size64(slot: number): number {
    const at = this.#field(slot);
    return at === undefined ? 0 : size64(this.#view, at);
  }

  has(slot: number): boolean {
    return this.#field(slot) !== undefined;
  }

  text(slot: number): string {
    const at = this.#field(slot);
    if (at === undefined) return "";
    const { start, length } = this.#span(at, 1);
    return new TextDecoder().decode(
      new Uint8Array(this.#view.buffer, this.#view.byteOffset + start, length),
    );
  }

  table(slot: number): FlatTable {
    const at = this.#field(slot);
    if (at === undefined) throw new RangeError(`table field ${slot} is missing`);
    return new FlatTable(this.#view, at + this.#view.getUint32(at, true));
  }

  /** The tables of a vector field; none when it is absent. */
  tables(slot: number): FlatTable[] {
    const at = this.#field(slot);
    if (at === undefined) return [];
    const { start, length } = this.#span(at, 4);
    return Array.from({ length }, (_, i) => {
      const entry = start + 4 * i;
      return new FlatTable(this.#view, entry + this.#view.getUint32(entry, true));
    });
  }

  /** The structs of a vector field, `bytes` each; none when it is absent. */
  structs(slot: number, bytes: number): DataView[] {
    const at = this.#field(slot);
    if (at === undefined) return [];
    const { start, length } = this.#span(at, bytes);
    const { buffer, byteOffset } = this.#view;
    return Array.from(
      { length },
      (_, i) => new DataView(buffer, byteOffset + start + i * bytes, bytes),
    );
  }

  /** Position of a field, or undefined where the table leaves it at its default. */
  #field(slot: number): number | undefined {
    const vtable = this.#at - this.#view.getInt32(this.#at, true);
    const entry = 4 + 2 * slot;
    if (entry + 2 > this.#view.getUint16(vtable, true)) return undefined;
    const offset = this.#view.getUint16(vtable + entry, true);
    return offset === 0 ? undefined : this.#at + offset;
  }

  /** Where the vector that the field at `at` points to starts, and its checked length. */
  #span(at: number, bytes: number): { start: number; length: number } {
    const vector = at + this.#view.getUint32(at, true);
    const length = this.#view.getUint32(vector, true);
    const start = vector + 4;
    if (length * bytes > this.#view.byteLength - start) {
      throw new RangeError(`a vector of ${length} entries reaches past the end of the metadata`);
    }
    return { start, length };
  }
}

/** The signed 64-bit integer at `at`, which must be a length or position: 0 to 2^53 - 1. */
export function size64(view: DataView, at: number): number {
  const value = Number(view.getBigInt64(at, true));
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new RangeError(`${value} stands where a length or position is needed`);
  }
  return value;
}
