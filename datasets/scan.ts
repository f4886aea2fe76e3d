/** One LiDAR scan with everything that is known of it. Arrays may be views of a file: do not write. */
export interface Scan {
  /** Unique in its data set, for example "08/000000": sequence and frame. */
  readonly id: string;
  /** Row-major [N, 4]: x, y, z in metres in the sensor frame (x forward, y left, z up), intensity. */
  readonly points: Float32Array;
  /** The data set's raw class id of each point; absent in unlabelled scans. */
  readonly semantic?: Uint16Array;
  /** Instance of each point within its scan, 0 = none; absent in unlabelled scans. */
  readonly instance?: Uint16Array;
  /** Row-major 3x4 sensor-to-world transform in metres; absent when unknown. */
  readonly pose?: Float64Array;
  readonly boxes?: Boxes;
}

/** Oriented 3-D boxes of a scan, one per object. */
export interface Boxes {
  /** Row-major [B, 7]: centre x, y, z, length, width, height in metres, yaw in radians about z. */
  readonly geometry: Float32Array;
  /** Raw class id of each box. */
  readonly semantic: Uint16Array;
  /** The instance id that the box's points carry in {@linkcode Scan.instance}. */
  readonly instance: Uint16Array;
}

/** Number of points of a scan. */
export function pointCount(scan: Scan): number {
  return scan.points.length / 4;
}
