/**
 * Range images as points, by the formulas of the Waymo Open Dataset's range_image_utils.py, in
 * double precision: a pixel is a beam's inclination (row) and the sensor's azimuth (column).
 */
import { inflateSync } from "node:zlib";
import { compose, invert } from "../matrix34.ts";
import { Message } from "../protobuf.ts";

/** A matrix of H x W pixels of C values. */
export interface Grid<T> {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  readonly data: T;
}

/** No range image comes near this: the largest has 64 x 2650 pixels of 6 floats, 4 MB. */
const MAX_BYTES = 1 << 26;

/** A zlib-compressed MatrixFloat. @throws {RangeError} when it is damaged or of another shape. */
export function floatGrid(compressed: Uint8Array, channels: number): Grid<Float32Array> {
  const message = new Message(inflate(compressed));
  return shaped(message, message.floats(1), channels);
}

/** A zlib-compressed MatrixInt32. */
export function intGrid(compressed: Uint8Array, channels: number): Grid<Int32Array> {
  const message = new Message(inflate(compressed));
  return shaped(message, message.ints(1), channels);
}

function inflate(compressed: Uint8Array): Uint8Array {
  try {
    return inflateSync(compressed, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    throw new RangeError(`a range image does not inflate: ${(cause as Error).message}`, { cause });
  }
}

function shaped<T extends Float32Array | Int32Array>(
  message: Message,
  data: T,
  needed: number,
): Grid<T> {
  const dims = message.message(2).ints(1);
  const [height = 0, width = 0, channels = 0] = dims;
  const fits = dims.length === 3 && height > 0 && width > 0 && channels === needed &&
    data.length === height * width * channels;
  if (!fits) {
    throw new RangeError(
      `a range image has the shape (${dims.join(", ")}) and ${data.length} values, and ` +
        `(height, width, ${needed}) is needed`,
    );
  }
  return { height, width, channels, data };
}

/** What turns the pixels of one laser into points. */
export interface Laser {
  readonly name: number;
  readonly vehicleFromLaser: Float64Array;
  /** Of each row, from the top, in radians. */
  readonly inclinations: Float64Array;
  /** The vehicle's pose at each pixel, [roll, pitch, yaw, x, y, z]; absent where it does not move. */
  readonly poses?: Grid<Float32Array>;
}

/** Pixels that hold a return: range > 0. */
export function returns({ data, channels }: Grid<Float32Array>): number[] {
  const found: number[] = [];
  for (let i = 0; i < data.length / channels; i++) if (data[i * channels]! > 0) found.push(i);
  return found;
}

/**
 * Writes x, y, z of the `pixels` of a range image to `points` ([N, 4], from row `first`) in the
 * vehicle frame of `worldFromVehicle`.
 */
export function placePixels(
  laser: Laser,
  { data, width, channels }: Grid<Float32Array>,
  pixels: readonly number[],
  worldFromVehicle: Float64Array,
  points: Float32Array,
  first: number,
): void {
  const m = laser.vehicleFromLaser;
  const correction = Math.atan2(m[4]!, m[0]!);
  const vehicleFromWorld = invert(worldFromVehicle);
  let at = 4 * first;
  for (const pixel of pixels) {
    const column = pixel % width;
    const range = data[pixel * channels]!;
    const azimuth = ((width - column - 0.5) / width * 2 - 1) * Math.PI - correction;
    const inclination = laser.inclinations[Math.floor(pixel / width)]!;
    const flat = Math.cos(inclination) * range;
    const [x, y, z] = [
      Math.cos(azimuth) * flat,
      Math.sin(azimuth) * flat,
      Math.sin(inclination) * range,
    ];
    const move = laser.poses === undefined
      ? m
      : compose(vehicleFromWorld, compose(eulerPose(laser.poses.data, 6 * pixel), m));
    for (let row = 0; row < 3; row++) {
      points[at + row] = move[4 * row]! * x + move[4 * row + 1]! * y + move[4 * row + 2]! * z +
        move[4 * row + 3]!;
    }
    at += 4;
  }
}

/** The transform of roll, pitch, yaw (about x, then y, then z) and a translation. */
function eulerPose(values: Float32Array, at: number): Float64Array {
  const [cr, sr] = [Math.cos(values[at]!), Math.sin(values[at]!)];
  const [cp, sp] = [Math.cos(values[at + 1]!), Math.sin(values[at + 1]!)];
  const [cy, sy] = [Math.cos(values[at + 2]!), Math.sin(values[at + 2]!)];
  // deno-fmt-ignore
  return Float64Array.of(
    cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr, values[at + 3]!,
    sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr, values[at + 4]!,
    -sp, cp * sr, cp * cr, values[at + 5]!,
  );
}

/** The inclinations of `height` rows from the top: those listed, or evenly between two. */
export function inclinationsOf(
  listed: readonly number[],
  least: number,
  most: number,
  height: number,
): Float64Array {
  if (listed.length > 0 && listed.length !== height) {
    throw new RangeError(`a laser has ${listed.length} inclinations and ${height} rows`);
  }
  const rising = listed.length > 0
    ? Float64Array.from(listed)
    : Float64Array.from({ length: height }, (_, i) => (0.5 + i) / height * (most - least) + least);
  return rising.reverse();
}
