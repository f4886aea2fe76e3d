/** Messages of the protobuf wire format, built field by field. */
import { joined } from "./joined.ts";

const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

export class MessageWriter {
  readonly #parts: Uint8Array[] = [];

  int(field: number, value: number | bigint): this {
    return this.#add(field, VARINT, varint(value));
  }

  double(field: number, ...values: readonly number[]): this {
    for (const value of values) {
      this.#add(field, FIXED64, new Uint8Array(Float64Array.of(value).buffer));
    }
    return this;
  }

  float(field: number, value: number): this {
    return this.#add(field, FIXED32, new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(field: number, value: Uint8Array | string | MessageWriter): this {
    const bytes = typeof value === "string"
      ? new TextEncoder().encode(value)
      : value instanceof MessageWriter
      ? value.finish()
      : value;
    return this.#add(field, BYTES, varint(bytes.length), bytes);
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

  #add(field: number, wire: number, ...content: readonly Uint8Array[]): this {
    this.#parts.push(varint(field << 3 | wire), ...content);
    return this;
  }
}

/** Of a whole number; a negative one is its two's complement in 64 bits. */
function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
