import { imageSize, type Size } from "./encoded_image.ts";
import { rowPoint } from "./matrix34.ts";
import type { Cameras, Scan } from "./scan.ts";

/** One camera of a scan. */
export interface Camera {
  readonly name: string;
  /** 3x3, camera coordinates to pixels. */
  readonly intrinsic: ArrayLike<number>;
  /** 3x4, sensor frame to camera frame. */
  readonly fromSensor: Float64Array;
  readonly size: Size;
  /** k1, k2, p1, p2, k3. */
  readonly distortion?: readonly number[];
  /** The encoded image; absent where it is not there. */
  readonly image?: Uint8Array;
}

/**
 * A camera with the image at `path`, which gives its size; `images: false` leaves the bytes out.
 *
 * @throws {InputError} when the image is cut off or damaged.
 */
export async function readCamera(
  name: string,
  geometry: Pick<Camera, "intrinsic" | "fromSensor" | "distortion">,
  path: string,
  { images = true }: { readonly images?: boolean },
): Promise<Camera> {
  const image = await Deno.readFile(path);
  return { name, ...geometry, size: imageSize(image, `"${path}"`), ...(images && { image }) };
}

/** The columns of cameras: nothing without cameras, no images when none has one. */
export function packCameras(cameras: readonly Camera[]): Pick<Scan, "cameras" | "images"> {
  if (cameras.length === 0) return {};
  const pack = <T extends Float64Array | Uint16Array>(
    into: T,
    of: (camera: Camera) => ArrayLike<number>,
  ): T => {
    cameras.forEach((camera, i) => into.set(of(camera), i * into.length / cameras.length));
    return into;
  };
  const n = cameras.length;
  const distorted = cameras.some((camera) => camera.distortion !== undefined);
  return {
    cameras: {
      names: cameras.map(({ name }) => name),
      intrinsic: pack(new Float64Array(9 * n), (camera) => camera.intrinsic),
      fromSensor: pack(new Float64Array(12 * n), (camera) => camera.fromSensor),
      size: pack(new Uint16Array(2 * n), (camera) => camera.size),
      ...(distorted && {
        distortion: pack(new Float64Array(5 * n), (camera) => camera.distortion ?? []),
      }),
    },
    ...(cameras.some(({ image }) => image !== undefined) && {
      images: cameras.map(({ image }) => image ?? new Uint8Array(0)),
    }),
  };
}

/** How many of the points [N, 4] each camera sees, by its pinhole alone. */
export function visiblePoints(points: Float32Array, cameras: Cameras): number[] {
  return cameras.names.map((_, c) => {
    const k = cameras.intrinsic.subarray(9 * c, 9 * c + 9);
    const m = cameras.fromSensor.subarray(12 * c, 12 * c + 12);
    const [width = 0, height = 0] = cameras.size.subarray(2 * c, 2 * c + 2);
    let seen = 0;
    for (let i = 0; i < points.length; i += 4) {
      const z = rowPoint(m, 8, points, i);
      if (!(z > 0.1)) continue;
      const x = rowPoint(m, 0, points, i);
      const y = rowPoint(m, 4, points, i);
      const u = (k[0]! * x + k[1]! * y) / z + k[2]!;
      const v = (k[3]! * x + k[4]! * y) / z + k[5]!;
      if (u >= 0 && u < width && v >= 0 && v < height) seen++;
    }
    return seen;
  });
}
