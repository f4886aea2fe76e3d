import { joined } from "../../std/joined.ts";

/** Builds messages of the protobuf wire format, field by field. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];

  int(field: number, value: number): this {
    this.#parts.push(varint(8 * field), varint(value));
    return this;
  }

  bytes(field: number, value: Uint8Array | string | MessageWriter): this {
    const bytes = typeof value === "string"
      ? new TextEncoder().encode(value)
      : value instanceof MessageWriter
      ? value.finish()
      : value;
    this.#parts.push(varint(8 * field + 2), varint(bytes.length), bytes);
    return this;
  }

  double(field: number, ...values: readonly number[]): this {
    for (const value of values) {
      const bytes = new Uint8Array(8);
      new DataView(bytes.buffer).setFloat64(0, value, true);
      this.#parts.push(varint(8 * field + 1), bytes);
    }
    return this;
  }

  /** A packed field of whole numbers from 0 to 2^31 - 1. */
  ints(field: number, values: ArrayLike<number>): this {
    const bytes = new Uint8Array(5 * values.length);
    let at = 0;
    for (let i = 0; i < values.length; i++) {
      let rest = values[i]!;
      for (; rest >= 128; rest >>>= 7) bytes[at++] = rest & 127 | 128;
      bytes[at++] = rest;
    }
    return this.bytes(field, bytes.subarray(0, at));
  }

  finish(): Uint8Array<ArrayBuffer> {
    return joined(Uint8Array, this.#parts);
  }
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  for (let rest = value; bytes.length === 0 || rest > 0; rest = Math.floor(rest / 128)) {
    bytes.push(rest % 128 + (rest >= 128 ? 128 : 0));
  }
  return Uint8Array.from(bytes);
}
