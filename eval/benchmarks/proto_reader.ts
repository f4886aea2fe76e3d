/** Reads the wire format of protocol buffers, with every length checked. */

/** Something in the bytes that no message can have, and where. */
export class ProtoError extends Error {
  constructor(message: string, readonly at: number) {
    super(message);
  }
}

/** Wire types. */
const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

/**
 * Fields of one message, one after the other: `next` moves to a field, then the value is taken by
 * the method of its type, or left.
 */
export class ProtoReader {
  /** Number of the field that `next` moved to. */
  field = 0;
  #wire = 0;
  #at: number;
  readonly #view: DataView;

  /** The message in `bytes[start..end)`. */
  constructor(
    readonly bytes: Uint8Array,
    start = 0,
    readonly end = bytes.length,
  ) {
    this.#at = start;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the next field, or the value of this one, begins. */
  get at(): number {
    return this.#at;
  }

  /** Moves to the next field; false at the end of the message. */
  next(): boolean {
    if (this.#at === this.end) return false;
    const key = this.#varint();
    this.field = Math.floor(key / 8);
    this.#wire = key % 8;
    if (this.field === 0) this.#fail("a field has number 0");
    return true;
  }

  /** Leaves the value. */
  skip(): void {
    if (this.#wire === VARINT) this.#varint();
    else if (this.#wire === FIXED64) this.#take(8);
    else if (this.#wire === BYTES) this.#take(this.#varint());
    else if (this.#wire === FIXED32) this.#take(4);
    else this.#fail(`field ${this.field} has wire type ${this.#wire}`);
  }

  double(): number {
    this.#expect(FIXED64);
    return this.#view.getFloat64(this.#take(8), true);
  }

  float(): number {
    this.#expect(FIXED32);
    return this.#view.getFloat32(this.#take(4), true);
  }

  /** An int32, bool or enum. */
  int(): number {
    this.#expect(VARINT);
    return Number(BigInt.asIntN(32, this.#bigVarint()));
  }

  /** An int64. */
  long(): bigint {
    this.#expect(VARINT);
    return BigInt.asIntN(64, this.#bigVarint());
  }

  /** The bytes of a string or a message, as a view. */
  span(): Uint8Array {
    this.#expect(BYTES);
    const length = this.#varint();
    const start = this.#take(length);
    return this.bytes.subarray(start, start + length);
  }

  /** A reader of the message that this field holds. */
  message(): ProtoReader {
    this.#expect(BYTES);
    const length = this.#varint();
    const start = this.#take(length);
    return new ProtoReader(this.bytes, start, start + length);
  }

  #expect(wire: number): void {
    if (this.#wire === wire) return;
    this.#fail(`field ${this.field} has wire type ${this.#wire}, and ${wire} is needed`);
  }

  /** Start of the next `length` bytes. */
  #take(length: number): number {
    if (length > this.end - this.#at) {
      this.#fail(
        `field ${this.field} has ${length} bytes, and the message ends after ${
          this.end - this.#at
        }`,
      );
    }
    const start = this.#at;
    this.#at += length;
    return start;
  }

  /** Exact below 2^53, which lengths and keys of a file are. */
  #varint(): number {
    let value = 0;
    for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
    return this.#fail("a number has more than ten bytes");
  }

  #bigVarint(): bigint {
    const start = this.#at;
    const value = this.#varint();
    if (Number.isSafeInteger(value)) return BigInt(value);
    let exact = 0n;
    for (let i = start; i < this.#at; i++) {
      exact |= BigInt(this.bytes[i]! & 127) << BigInt(7 * (i - start));
    }
    return exact;
  }

  #byte(): number {
    if (this.#at >= this.end) this.#fail("the message ends within a number");
    return this.bytes[this.#at++]!;
  }

  #fail(what: string): never {
    throw new ProtoError(what, this.#at);
  }
}
