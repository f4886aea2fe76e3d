/** Boxes as a serialized waymo.open_dataset.Objects: a message an object, by the field numbers. */
import type { DetectedBox } from "../../models/detection/box.ts";

/** Label.Type by class name. */
const TYPES: Readonly<Record<string, number>> = { VEHICLE: 1, PEDESTRIAN: 2, CYCLIST: 4 };

/** Wire types of protobuf. */
const VARINT = 0;
const DOUBLE = 1;
const BYTES = 2;
const FLOAT = 5;

/** A message under construction. */
class Message {
  readonly #bytes: number[] = [];

  #varint(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest > 127n) {
      this.#bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    this.#bytes.push(Number(rest));
  }

  #key(field: number, wire: number): void {
    this.#varint(BigInt(field << 3 | wire));
  }

  int(field: number, value: bigint | number): this {
    this.#key(field, VARINT);
    this.#varint(BigInt(value));
    return this;
  }

  double(field: number, value: number): this {
    this.#key(field, DOUBLE);
    this.#bytes.push(...new Uint8Array(Float64Array.of(value).buffer));
    return this;
  }

  float(field: number, value: number): this {
    this.#key(field, FLOAT);
    this.#bytes.push(...new Uint8Array(Float32Array.of(value).buffer));
    return this;
  }

  bytes(field: number, value: Uint8Array): this {
    this.#key(field, BYTES);
    this.#varint(BigInt(value.length));
    this.#bytes.push(...value);
    return this;
  }

  done(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes);
  }
}

/**
 * The objects of a frame; files of many frames are these one after the other.
 *
 * @param time microseconds
 */
export function waymoObjects(
  context: string,
  time: bigint,
  boxes: readonly DetectedBox[],
  labels: readonly string[],
): Uint8Array<ArrayBuffer>[] {
  const name = new TextEncoder().encode(context);
  const finite = boxes.filter(({ centre, size, yaw, score }) =>
    [...centre, ...size, yaw, score].every(Number.isFinite)
  );
  return finite.map(({ centre, size: [length, width, height], yaw, score, label }) => {
    const box = new Message();
    [...centre, width, length, height, yaw].forEach((value, i) => box.double(i + 1, value));
    const found = new Message().bytes(1, box.done()).int(3, TYPES[labels[label]!]!);
    const object = new Message().bytes(1, found.done()).float(2, score).bytes(4, name).int(5, time);
    return new Message().bytes(1, object.done()).done();
  });
}
