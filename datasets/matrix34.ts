/** Affine transforms as row-major 3x4 matrices, 12 values: rotation (or any 3x3) and translation. */
import { InputError } from "../std/errors.ts";

/** `a` after `b`: the transform x -> a(b(x)). */
export function compose(a: Float64Array, b: Float64Array): Float64Array {
  const out = new Float64Array(12);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 4; column++) {
      let sum = column === 3 ? a[4 * row + 3]! : 0;
      for (let k = 0; k < 3; k++) sum += a[4 * row + k]! * b[4 * k + column]!;
      out[4 * row + column] = sum;
    }
  }
  return out;
}

/**
 * The inverse transform.
 *
 * @throws {RangeError} when the 3x3 part is singular.
 */
export function invert(m: Float64Array): Float64Array {
  const [a, b, c] = [linearRow(m, 0), linearRow(m, 1), linearRow(m, 2)];
  const [ab, bc, ca] = [cross(a, b), cross(b, c), cross(c, a)];
  const determinant = a[0] * bc[0] + a[1] * bc[1] + a[2] * bc[2];
  if (!(Math.abs(determinant) > 1e-12)) {
    throw new RangeError(`Cannot invert a transform: its determinant is ${determinant}`);
  }
  const inverse = new Float64Array(12);
  for (const row of [0, 1, 2] as const) {
    const linear = [bc[row], ca[row], ab[row]].map((value) => value / determinant);
    inverse.set(linear, 4 * row);
  }
  const moved = rotate(inverse, [m[3]!, m[7]!, m[11]!]);
  moved.forEach((value, row) => inverse[4 * row + 3] = -value);
  return inverse;
}

/** x, y, z. */
export type Vector = readonly [number, number, number];

function linearRow(m: Float64Array, row: number): Vector {
  return [m[4 * row]!, m[4 * row + 1]!, m[4 * row + 2]!];
}

function cross([a, b, c]: Vector, [x, y, z]: Vector): Vector {
  return [b * z - c * y, c * x - a * z, a * y - b * x];
}

/** `m` applied to a direction: without its translation. */
export function rotate(m: Float64Array, [x, y, z]: Vector): Vector {
  const row = (r: number) => m[4 * r]! * x + m[4 * r + 1]! * y + m[4 * r + 2]! * z;
  return [row(0), row(1), row(2)];
}

/** `m` applied to a position. */
export function apply(m: Float64Array, position: Vector): Vector {
  const [x, y, z] = rotate(m, position);
  return [x + m[3]!, y + m[7]!, z + m[11]!];
}

/** One coordinate of a moved point: the row of `m` that starts at `row`, at value `i` of points [N, 4]. */
export function rowPoint(m: Float64Array, row: number, points: Float32Array, i: number): number {
  return m[row]! * points[i]! + m[row + 1]! * points[i + 1]! + m[row + 2]! * points[i + 2]! +
    m[row + 3]!;
}

/** Moves points [N, 4] in place; the fourth value stays. */
export function movePoints(m: Float64Array, points: Float32Array): void {
  for (let i = 0; i < points.length; i += 4) {
    const x = rowPoint(m, 0, points, i);
    const y = rowPoint(m, 4, points, i);
    points[i + 2] = rowPoint(m, 8, points, i);
    points[i] = x;
    points[i + 1] = y;
  }
}

/** The transform of a unit quaternion w, x, y, z, normalised here, and a translation. */
export function fromQuaternion(q: readonly number[], t: readonly number[]): Float64Array {
  const length = Math.hypot(...q);
  if (!(length > 1e-6 && Number.isFinite(length))) {
    throw new RangeError(`Cannot turn a quaternion into a rotation: its length is ${length}`);
  }
  const [w = 0, x = 0, y = 0, z = 0] = q.map((value) => value / length);
  const [tx = 0, ty = 0, tz = 0] = t;
  // deno-fmt-ignore
  return Float64Array.of(
    1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y), tx,
    2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x), ty,
    2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y), tz,
  );
}

/**
 * Parses `count` numbers separated by blanks, as a line of KITTI's text files has them.
 *
 * @throws {InputError} that names `place` when there are more or fewer, or one is not finite.
 */
export function parseNumbers(line: string, count: number, place: string): Float64Array {
  const words = line.trim().split(/\s+/).filter((word) => word !== "");
  const values = Float64Array.from(words, Number);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new InputError(`Cannot read ${place}: "${words[bad]}" is not a finite number`);
  }
  if (values.length !== count) {
    throw new InputError(
      `Cannot read ${place}: it has ${values.length} numbers, and ${count} are needed`,
    );
  }
  return values;
}

/**
 * The matrix named `key` of a KITTI `calib.txt` ("key: numbers" a line), as 3x4: one of 9 numbers
 * is a 3x3 without translation.
 *
 * @throws {InputError} when the file lacks it, or its numbers are malformed or singular.
 */
export function calibration(text: string, key: string, count: 9 | 12, path: string): Float64Array {
  const lines = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith(`${key}:`));
  if (at < 0) {
    throw new InputError(`Cannot read "${path}": it has no line "${key}:", and one is needed`);
  }
  const place = `"${path}" line ${at + 1}`;
  const values = parseNumbers(lines[at]!.slice(key.length + 1), count, place);
  const matrix = count === 12
    ? values
    : Float64Array.from({ length: 12 }, (_, i) => i % 4 === 3 ? 0 : values[i - (i >> 2)]!);
  try {
    invert(matrix);
  } catch (cause) {
    throw new InputError(`Cannot read ${place}: the matrix cannot be inverted`, { cause });
  }
  return matrix;
}
