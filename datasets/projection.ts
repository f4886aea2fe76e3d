import { apply, compose, invert } from "./matrix34.ts";

/**
 * A 3x4 projection P = K [I | t] of KITTI's calibration after `rectFromSensor`, as the matrix K and
 * the transform from the sensor to the camera.
 */
export function splitProjection(
  projection: Float64Array,
  rectFromSensor: Float64Array,
): { intrinsic: Float64Array; fromSensor: Float64Array } {
  const [p, q, r] = [projection[3]!, projection[7]!, projection[11]!];
  const k = projection.slice();
  k[3] = k[7] = k[11] = 0;
  const [x, y, z] = apply(invert(k), [p, q, r]);
  return {
    intrinsic: Float64Array.from({ length: 9 }, (_, i) => projection[i + Math.floor(i / 3)]!),
    fromSensor: compose(Float64Array.of(1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z), rectFromSensor),
  };
}
