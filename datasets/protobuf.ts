/**
 * Messages of the protobuf wire format, read without a schema: the caller names the fields. Every
 * length is compared with the bytes at hand, so that damaged bytes end in a RangeError.
 */
import { joined } from "../std/joined.ts";

type Value = number | Uint8Array;

const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5];

export class Message {
  readonly #fields = new Map<number, Value[]>();

  /** @throws {RangeError} when the bytes are no message. */
  constructor(bytes: Uint8Array) {
    const cursor = { bytes, at: 0 };
    while (cursor.at < bytes.length) {
      const tag = varint(cursor);
      const number = Math.floor(tag / 8);
      if (number < 1) throw new RangeError(`field ${number} stands at byte ${cursor.at}`);
      const value = read(cursor, tag % 8);
      const values = this.#fields.get(number);
      if (values === undefined) this.#fields.set(number, [value]);
      else values.push(value);
    }
  }

  has(field: number): boolean {
    return this.#fields.has(field);
  }

  /** A whole number, 0 when absent. */
  int(field: number): number {
    const value = this.#fields.get(field)?.at(-1) ?? 0;
    if (typeof value !== "number") throw new RangeError(`field ${field} is no whole number`);
    return value;
  }

  double(field: number): number {
    return this.doubles(field).at(-1) ?? 0;
  }

  bytes(field: number): Uint8Array {
    const value = this.#fields.get(field)?.at(-1) ?? new Uint8Array(0);
    if (typeof value === "number") throw new RangeError(`field ${field} is a whole number`);
    return value;
  }

  text(field: number): string {
    return new TextDecoder().decode(this.bytes(field));
  }

  message(field: number): Message {
    return new Message(this.bytes(field));
  }

  messages(field: number): Message[] {
    return this.#parts(field).map((part) => new Message(part));
  }

  /** A repeated field of 8-byte floats, packed or not. */
  doubles(field: number): number[] {
    return this.#parts(field).flatMap((part) => {
      if (part.length % 8 !== 0) throw new RangeError(`field ${field} ends inside a double`);
      const view = new DataView(part.buffer, part.byteOffset, part.length);
      return Array.from({ length: part.length / 8 }, (_, i) => view.getFloat64(8 * i, true));
    });
  }

  /** A repeated field of 4-byte floats, packed or not. */
  floats(field: number): Float32Array {
    const bytes = joined(Uint8Array, this.#parts(field));
    if (bytes.length % 4 !== 0) throw new RangeError(`field ${field} ends inside a float`);
    return new Float32Array(bytes.buffer);
  }

  /** A repeated field of 32-bit whole numbers, packed or not. */
  ints(field: number): Int32Array {
    const values: number[] = [];
    for (const value of this.#fields.get(field) ?? []) {
      if (typeof value === "number") values.push(value);
      else {
        const cursor = { bytes: value, at: 0 };
        while (cursor.at < value.length) values.push(varint(cursor));
      }
    }
    return Int32Array.from(values);
  }

  #parts(field: number): Uint8Array[] {
    const values = this.#fields.get(field) ?? [];
    return values.map((value) => {
      if (typeof value === "number") throw new RangeError(`field ${field} is a whole number`);
      return value;
    });
  }
}

interface Position {
  readonly bytes: Uint8Array;
  at: number;
}

function read(cursor: Position, wire: number): Value {
  if (wire === VARINT) return varint(cursor);
  const length = wire === FIXED64 ? 8 : wire === FIXED32 ? 4 : wire === BYTES ? varint(cursor) : -1;
  if (length < 0) throw new RangeError(`wire type ${wire} stands at byte ${cursor.at}`);
  const end = cursor.at + length;
  if (end > cursor.bytes.length) {
    throw new RangeError(
      `a field of ${length} bytes reaches past the ${cursor.bytes.length} there`,
    );
  }
  const value = cursor.bytes.subarray(cursor.at, end);
  cursor.at = end;
  return value;
}

/** A whole number; above 2^53 its low digits are lost, and no field that is read has so many. */
function varint(cursor: Position): number {
  let value = 0;
  let scale = 1;
  for (let i = 0; i < 10; i++) {
    const byte = cursor.bytes[cursor.at++];
    if (byte === undefined) throw new RangeError("the bytes end inside a number");
    value += (byte & 127) * scale;
    // Ten bytes are a negative number in two's complement.
    if (byte < 128) return i === 9 ? value - 2 ** 64 : value;
    scale *= 128;
  }
  throw new RangeError(`a number of more than 10 bytes stands at byte ${cursor.at - 10}`);
}
