/** Cameras of a rig as BEVFusion's view transforms see them (mmdet3d/models/vtransforms/base.py). */
import type { Three } from "../value.ts";

/** Row-major 3 x 3. */
export type Matrix3 = readonly number[];

/** A camera, in the frame of the points. */
export interface Camera {
  /** Pixels of the full image from directions: 3 x 3. */
  readonly intrinsics: Matrix3;
  /** Camera to points: p = rotation * q + translation; metres. */
  readonly rotation: Matrix3;
  readonly translation: Three;
  /** How the full image became the network's: u' = scale * u - crop. */
  readonly scale: number;
  readonly crop: readonly [number, number];
}

/** The network's images and the depths that a ray has. */
export interface Frustum {
  /** Height and width in pixels, and those of the features. */
  readonly image: readonly [number, number];
  readonly features: readonly [number, number];
  /** First, end (not reached) and step, in metres. */
  readonly depth: Three;
}

/** Depths of a ray. */
export function depthBins({ depth: [first, end, step] }: Frustum): number {
  return Math.ceil((end - first) / step);
}

/** Where every depth of every pixel of every camera lies: x, y, z by camera, row, column, depth. */
export function frustumPoints(cameras: readonly Camera[], frustum: Frustum): Float32Array {
  const { image: [height, width], features: [rows, columns], depth: [first, , step] } = frustum;
  const bins = depthBins(frustum);
  const points = new Float32Array(cameras.length * rows * columns * bins * 3);
  let at = 0;
  for (const { intrinsics, rotation, translation, scale, crop } of cameras) {
    const inverse = inverted(intrinsics);
    for (let y = 0; y < rows; y++) {
      // linspace(0, height - 1, rows)
      const v = (y * (height - 1) / (rows - 1) + crop[1]) / scale;
      for (let x = 0; x < columns; x++) {
        const u = (x * (width - 1) / (columns - 1) + crop[0]) / scale;
        const ray = times(rotation, times(inverse, [u, v, 1]));
        for (let d = 0; d < bins; d++) {
          const depth = first + d * step;
          for (let i = 0; i < 3; i++) points[at++] = depth * ray[i]! + translation[i]!;
        }
      }
    }
  }
  return points;
}

/**
 * Depths of LiDAR points [N, channels] in every image, 0 where there is none: rows by camera, row,
 * column. Of points in one pixel the last counts.
 */
export function depthMaps(
  cameras: readonly Camera[],
  points: Float32Array,
  channels: number,
  { image: [height, width] }: Pick<Frustum, "image">,
): Float32Array {
  const maps = new Float32Array(cameras.length * height * width);
  cameras.forEach(({ intrinsics, rotation, translation, scale, crop }, camera) => {
    const back = transposed(rotation);
    for (let i = 0; i < points.length; i += channels) {
      const moved = [0, 1, 2].map((axis) => points[i + axis]! - translation[axis]!);
      const [x, y, z] = times(intrinsics, times(back, moved)) as [number, number, number];
      const depth = Math.min(Math.max(z, 1e-5), 1e5);
      const u = x / depth * scale - crop[0];
      const v = y / depth * scale - crop[1];
      if (!(u >= 0 && u < width && v >= 0 && v < height)) continue;
      maps[(camera * height + Math.floor(v)) * width + Math.floor(u)] = depth;
    }
  });
  return maps;
}

function times(matrix: Matrix3, vector: readonly number[]): number[] {
  return [0, 3, 6].map((row) =>
    matrix[row]! * vector[0]! + matrix[row + 1]! * vector[1]! + matrix[row + 2]! * vector[2]!
  );
}

const transposed = (m: Matrix3): Matrix3 => m.map((_, i) => m[i % 3 * 3 + Math.floor(i / 3)]!);

function inverted(m: Matrix3): Matrix3 {
  const [a, b, c, d, e, f, g, h, i] = m as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const scale = 1 / (a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g));
  const adjugate = [
    ...[e * i - f * h, c * h - b * i, b * f - c * e],
    ...[f * g - d * i, a * i - c * g, c * d - a * f],
    ...[d * h - e * g, b * g - a * h, a * e - b * d],
  ];
  return adjugate.map((value) => value * scale);
}
