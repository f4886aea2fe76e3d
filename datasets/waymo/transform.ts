import type { Message } from "../protobuf.ts";

/** A `Transform` of dataset.proto: 16 doubles, row-major, of which the last row is 0 0 0 1. */
export function transform(message: Message, what: string): Float64Array {
  const values = message.doubles(1);
  if (values.length !== 16 || !values.every(Number.isFinite)) {
    throw new RangeError(
      `the transform of ${what} has ${values.length} values, not 16 finite ones`,
    );
  }
  return Float64Array.from(values.slice(0, 12));
}
