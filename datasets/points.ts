import { InputError } from "../std/errors.ts";

/** Bytes of a point in a velodyne `.bin` file: x, y, z, intensity as little-endian float32. */
const POINT_BYTES = 16;

/** Bytes of a point in a `.label` file: little-endian uint32, class below, instance above. */
export const LABEL_BYTES = 4;

/**
 * Number of points of a `.bin` file, from its size alone.
 *
 * @throws {InputError} when the file is empty or ends inside a point.
 */
export async function countPoints(path: string): Promise<number> {
  return pointsOfSize(path, (await Deno.stat(path)).size);
}

function pointsOfSize(path: string, size: number): number {
  if (size === 0) {
    throw new InputError(`Cannot convert "${path}": it has no points, and at least one is needed`);
  }
  if (size % POINT_BYTES !== 0) {
    throw new InputError(
      `Cannot convert "${path}": it is ${size} bytes, and a multiple of ${POINT_BYTES} (float32 ` +
        `x, y, z, intensity) is needed; point ${Math.floor(size / POINT_BYTES)} is cut off`,
    );
  }
  return size / POINT_BYTES;
}

/** The points of a `.bin` file. */
export interface PointFile {
  /** Row-major [N, 4]: x, y, z in metres, intensity; all finite. */
  readonly points: Float32Array;
  /** Where points were dropped: the index in the file of each that was kept. */
  readonly kept?: Uint32Array;
  readonly dropped: number;
}

/**
 * Reads a `.bin` file.
 *
 * @throws {InputError} when its size is impossible, no point is left, or a value is not finite and
 * `dropInvalid` is off.
 */
export async function readPoints(path: string, dropInvalid: boolean): Promise<PointFile> {
  const bytes = await Deno.readFile(path);
  const count = pointsOfSize(path, bytes.length);
  const points = new Float32Array(bytes.buffer, bytes.byteOffset, 4 * count);
  const bad = firstInvalid(points);
  if (bad < 0) return { points, dropped: 0 };
  if (!dropInvalid) {
    const values = Array.from(points.subarray(4 * bad, 4 * bad + 4), String).join(", ");
    throw new InputError(
      `Cannot convert "${path}": point ${bad} is (${values}), and finite values are needed; ` +
        `--drop-invalid leaves such points out`,
    );
  }
  return dropPoints(path, points);
}

/** Index of the first point with a value that is not finite, or -1. */
export function firstInvalid(points: Float32Array): number {
  for (let i = 0; i < points.length; i++) {
    if (!Number.isFinite(points[i])) return Math.floor(i / 4);
  }
  return -1;
}

function dropPoints(path: string, points: Float32Array): PointFile {
  const kept: number[] = [];
  for (let i = 0; i < points.length / 4; i++) {
    if (firstInvalid(points.subarray(4 * i, 4 * i + 4)) < 0) kept.push(i);
  }
  const dropped = points.length / 4 - kept.length;
  if (kept.length === 0) {
    throw new InputError(
      `Cannot convert "${path}": none of its ${dropped} points is finite, and at least one is needed`,
    );
  }
  const left = new Float32Array(4 * kept.length);
  kept.forEach((from, to) => left.set(points.subarray(4 * from, 4 * from + 4), 4 * to));
  return { points: left, kept: Uint32Array.from(kept), dropped };
}

/**
 * Checks the size of a `.label` file against the number of points of its scan.
 *
 * @throws {InputError} when they differ.
 */
export async function checkLabelCount(path: string, points: number): Promise<void> {
  labelsOfSize(path, (await Deno.stat(path)).size, points);
}

function labelsOfSize(path: string, size: number, points: number): void {
  if (size === LABEL_BYTES * points) return;
  throw new InputError(
    `Cannot convert "${path}": it is ${size} bytes (${size / LABEL_BYTES} labels), and the scan ` +
      `has ${points} points, so ${LABEL_BYTES * points} bytes are needed`,
  );
}

/**
 * Reads the labels of the points that {@linkcode readPoints} kept.
 *
 * @throws {InputError} when their number is not that of the points, or a class is not in `classes`.
 */
export async function readLabels(
  path: string,
  { points, kept, dropped }: PointFile,
  classes: Readonly<Record<number, string>>,
): Promise<{ semantic: Uint16Array; instance: Uint16Array }> {
  const bytes = await Deno.readFile(path);
  const count = points.length / 4;
  labelsOfSize(path, bytes.length, count + dropped);
  const labels = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / LABEL_BYTES);
  const semantic = new Uint16Array(count);
  const instance = new Uint16Array(count);
  const known = new Uint8Array(0x10000);
  for (const id of Object.keys(classes)) known[Number(id)] = 1;
  for (let i = 0; i < count; i++) {
    const from = kept === undefined ? i : kept[i]!;
    const label = labels[from]!;
    const id = label & 0xffff;
    if (known[id] === 0) {
      throw new InputError(
        `Cannot convert "${path}": point ${from} has class ${id}, and one of ` +
          `${Object.keys(classes).join(", ")} is needed`,
      );
    }
    semantic[i] = id;
    instance[i] = label >>> 16;
  }
  return { semantic, instance };
}
