/** LiDAR recordings of nuScenes: five little-endian float32 a point. */
import { InputError } from "../../std/errors.ts";

/** Bytes of a point: x, y, z (m), intensity, ring. */
const SWEEP_POINT_BYTES = 20;

/** Points nearer than this along both x and y are the vehicle's own, in metres. */
const NEAR = 1;

export interface Sweep {
  /** Row-major [N, 4]: x, y, z, intensity of the points that were kept. */
  readonly points: Float32Array;
  readonly rings: Float32Array;
  /** Seconds that it is older than the scan it is part of. */
  readonly lag: number;
  /** Index in the file of each point that was kept. */
  readonly kept: Uint32Array;
  /** Points in the file. */
  readonly total: number;
  /** Points left out because a value was not finite. */
  readonly invalid: number;
}

/**
 * Number of points of a recording.
 *
 * @throws {InputError} when the file is missing, empty or ends inside a point.
 */
export async function countSweepPoints(path: string): Promise<number> {
  let size: number;
  try {
    size = (await Deno.stat(path)).size;
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError(`Cannot convert "${path}": the tables name it, and it is not there`, {
      cause,
    });
  }
  return pointsOf(path, size);
}

function pointsOf(path: string, size: number): number {
  if (size > 0 && size % SWEEP_POINT_BYTES === 0) return size / SWEEP_POINT_BYTES;
  throw new InputError(
    `Cannot convert "${path}": it is ${size} bytes, and a multiple of ${SWEEP_POINT_BYTES} above 0 ` +
      `(float32 x, y, z, intensity, ring) is needed`,
  );
}

/** Reads a recording; @throws {InputError} when it is cut off, or a value is not finite. */
export async function readSweep(
  path: string,
  lag: number,
  options: { readonly dropInvalid: boolean; readonly dropNear: boolean },
): Promise<Sweep> {
  await countSweepPoints(path);
  const bytes = await Deno.readFile(path);
  const total = pointsOf(path, bytes.length);
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, 5 * total);
  const points = new Float32Array(4 * total);
  const rings = new Float32Array(total);
  const kept = new Uint32Array(total);
  let n = 0;
  let invalid = 0;
  for (let i = 0; i < total; i++) {
    const point = values.subarray(5 * i, 5 * i + 5);
    if (!point.every(Number.isFinite)) {
      if (!options.dropInvalid) {
        throw new InputError(
          `Cannot convert "${path}": point ${i} is (${Array.from(point).join(", ")}), and finite ` +
            `values are needed; --drop-invalid leaves such points out`,
        );
      }
      invalid++;
      continue;
    }
    if (options.dropNear && Math.abs(point[0]!) < NEAR && Math.abs(point[1]!) < NEAR) continue;
    points.set(point.subarray(0, 4), 4 * n);
    rings[n] = point[4]!;
    kept[n++] = i;
  }
  if (n === 0) throw new InputError(`Cannot convert "${path}": none of its points is left`);
  return {
    points: points.subarray(0, 4 * n),
    rings: rings.subarray(0, n),
    lag,
    kept: kept.subarray(0, n),
    total,
    invalid,
  };
}
