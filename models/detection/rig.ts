/** A rig of cameras as BEVFusion reads it: images resized, cropped and normalised; rays; depths. */
import { InputError } from "../../std/errors.ts";
import type { Three } from "../value.ts";
import type { DetectionRange } from "../nets/detection_range.ts";
import { type Camera, depthMaps, type Frustum, frustumPoints } from "./camera.ts";
import { resizeBicubic, type RgbImage } from "./resample.ts";

/** A camera of a scan, and what it saw. */
export interface RigCamera {
  readonly name: string;
  /** 3 x 3: pixels of the image from directions. */
  readonly intrinsic: ArrayLike<number>;
  /** 3 x 4: the camera's coordinates from those of the scan (x forward, y left, z up), metres. */
  readonly fromSensor: ArrayLike<number>;
  readonly image: RgbImage;
}

/** What a network reads of a rig. */
export interface RigTask {
  readonly cameras: number;
  readonly frustum: Frustum;
  /** Whether it reads the depth of LiDAR points. */
  readonly depthMap: boolean;
}

/** nuScenes' images, and the share of their size that is kept in tests (ImageAug3D). */
const IMAGE = [1600, 900] as const;
const SCALE = 0.48;
/** torchvision's mean and deviation of red, green and blue, of values from 0 to 1. */
const MEAN: Three = [0.485, 0.456, 0.406];
const DEVIATION: Three = [0.229, 0.224, 0.225];

/**
 * The inputs behind the voxels: images, the points of all rays, and depths where the network has
 * them.
 *
 * @param points [N, channels], in the network's axes: x right, y forward
 * @throws {InputError} The scan has other cameras than the network, or they are not calibrated.
 */
export function rigInputs(
  rig: readonly RigCamera[],
  { cameras: needed, frustum, depthMap }: RigTask,
  { points, channels, range }: {
    readonly points: Float32Array;
    readonly channels: number;
    readonly range: DetectionRange;
  },
  what: string,
): Float32Array[] {
  if (rig.length !== needed) {
    throw new InputError(
      `Cannot run a network on ${what}: it has ${rig.length} cameras, and ${needed} are needed`,
    );
  }
  for (const { name, image: { width, height } } of rig) {
    if (width === IMAGE[0] && height === IMAGE[1]) continue;
    throw new InputError(
      `Cannot run a network on ${what}: the image of ${name} is ${width} x ${height} pixels, and ` +
        `${IMAGE.join(" x ")} are needed`,
    );
  }
  for (const { name, intrinsic, fromSensor } of rig) {
    const [k, m] = [Array.from(intrinsic), Array.from(fromSensor)];
    // Focal lengths of 0 would put every pixel nowhere.
    if ([...k, ...m].every(Number.isFinite) && k[0]! > 0 && k[4]! > 0 && k[8] === 1) continue;
    throw new InputError(
      `Cannot run a network on ${what}: the calibration of ${name} is (${k.join(", ")}) and ` +
        `(${m.join(", ")}), and finite numbers with focal lengths above 0 are needed`,
    );
  }
  const crop = cropOf(frustum);
  const cameras = rig.map((camera) => turned(camera, crop));
  const images = networkImages(rig, frustum, crop);
  const rays = frustumPoints(cameras, frustum);
  if (!depthMap) return [images, rays];
  return [images, rays, depthMaps(cameras, within(points, channels, range), channels, frustum)];
}

/** Pixels of the smaller image that are left of the network's, and above it: it has its bottom. */
function cropOf({ image: [height, width] }: Frustum): [number, number] {
  const [wide, high] = IMAGE.map((side) => Math.trunc(side * SCALE)) as [number, number];
  return [Math.trunc(Math.max(0, wide - width) / 2), high - height];
}

/** [cameras, H, W, 3] */
function networkImages(
  rig: readonly RigCamera[],
  { image: [height, width] }: Frustum,
  [left, top]: readonly [number, number],
): Float32Array {
  const out = new Float32Array(rig.length * height * width * 3);
  let at = 0;
  for (const { image } of rig) {
    const [wide, high] = IMAGE.map((side) => Math.trunc(side * SCALE)) as [number, number];
    const { samples } = resizeBicubic(image, wide, high);
    for (let y = 0; y < height; y++) {
      const row = 3 * ((y + top) * wide + left);
      for (let i = 0; i < 3 * width; i++) {
        const value = Math.fround(samples[row + i]! / 255);
        out[at++] = (value - MEAN[i % 3]!) / DEVIATION[i % 3]!;
      }
    }
  }
  return out;
}

/** The camera in the network's axes, which are the scan's after a right angle: (-y, x, z). */
function turned({ intrinsic, fromSensor: m }: RigCamera, crop: readonly [number, number]): Camera {
  // The rotation's inverse is its transpose: column by column, the scan's x, y and z.
  const back = [0, 1, 2].map((axis) => [m[axis]!, m[4 + axis]!, m[8 + axis]!]);
  const rows = [back[1]!.map((value) => -value), back[0]!, back[2]!];
  const moved = rows.map(([a, b, c]) => -(a! * m[3]! + b! * m[7]! + c! * m[11]!));
  return {
    intrinsics: Array.from(intrinsic),
    rotation: rows.flat(),
    translation: moved as unknown as Three,
    scale: SCALE,
    crop,
  };
}

/** The points inside the range, borders left out (PointsRangeFilter). */
function within(points: Float32Array, channels: number, { low, high }: DetectionRange) {
  const kept = new Float32Array(points.length);
  let count = 0;
  for (let i = 0; i < points.length; i += channels) {
    const row = points.subarray(i, i + channels);
    if (![0, 1, 2].every((axis) => row[axis]! > low[axis]! && row[axis]! < high[axis]!)) continue;
    kept.set(row, count);
    count += channels;
  }
  return kept.subarray(0, count);
}
