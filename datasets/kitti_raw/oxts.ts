/** Poses from the GPS and inertial unit of KITTI, by the raw development kit's Mercator projection. */
import { compose, parseNumbers } from "../matrix34.ts";

/** Metres: the radius that the kit takes the Earth for a ball of. */
const EARTH_RADIUS = 6378137;

/** Numbers in a file of `oxts/data`. */
const VALUES = 30;

/** Latitude, longitude (degrees), altitude (m), roll, pitch, yaw (rad). */
export function parseOxts(text: string, place: string): Float64Array {
  return parseNumbers(text, VALUES, place).subarray(0, 6);
}

/** Unit to world, 3x4; `latitude` is that of the sequence's first packet. */
export function oxtsPose(values: Float64Array, latitude: number): Float64Array {
  const [lat = 0, lon = 0, altitude = 0, roll = 0, pitch = 0, yaw = 0] = values;
  const scale = Math.cos(latitude * Math.PI / 180);
  const x = scale * lon * Math.PI * EARTH_RADIUS / 180;
  const y = scale * EARTH_RADIUS * Math.log(Math.tan((90 + lat) * Math.PI / 360));
  const turn = (axis: number, angle: number) => {
    const m = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
    const [a, b] = [(axis + 1) % 3, (axis + 2) % 3];
    m[4 * a + a] = m[4 * b + b] = Math.cos(angle);
    m[4 * a + b] = -Math.sin(angle);
    m[4 * b + a] = Math.sin(angle);
    return m;
  };
  const pose = compose(turn(2, yaw), compose(turn(1, pitch), turn(0, roll)));
  pose[3] = x;
  pose[7] = y;
  pose[11] = altitude;
  return pose;
}
