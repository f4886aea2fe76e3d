/**
 * One sample of a data set with everything that is known of it: a LiDAR scan with its cameras, an
 * image, a pair of texts. Arrays may be views of a file: do not write.
 */
export interface Scan {
  /** Unique in its data set, for example "08/000000": sequence and frame. */
  readonly id: string;
  /**
   * Row-major [N, 4]: x, y, z in metres in the sensor frame (x forward, y left, z up), intensity.
   * Empty in samples that are images or texts alone.
   */
  readonly points: Float32Array;
  /** Row-major [N, F]: further values of each point, named by {@linkcode ScanMetadata.features}. */
  readonly features?: Float32Array;
  /** The data set's raw class id of each point; absent in unlabelled scans. */
  readonly semantic?: Uint16Array;
  /** Instance of each point within its scan, 0 = none; absent in unlabelled scans. */
  readonly instance?: Uint16Array;
  /** Microseconds, on the clock of the data set. */
  readonly time?: number;
  /** Row-major 3x4 sensor-to-world transform in metres; absent when unknown. */
  readonly pose?: Float64Array;
  readonly boxes?: Boxes;
  readonly cameras?: Cameras;
  /** Encoded images (PNG, JPEG), one a camera where there are cameras; 0 bytes = not there. */
  readonly images?: readonly Uint8Array[];
  /** Encoded images (PNG) of a raw class id a pixel, one an image. */
  readonly labelImages?: readonly Uint8Array[];
  /** Encoded images (PNG) of an instance a pixel, in the numbers of the data set, one an image. */
  readonly instanceImages?: readonly Uint8Array[];
  /** Objects that are marked in the first image. */
  readonly objects?: ImageObjects;
  /**
   * Row-major [T, W]: texts that belong together, named by {@linkcode ScanMetadata.texts}, such as
   * a sentence and its translation.
   */
  readonly texts?: readonly string[];
}

/** Oriented 3-D boxes of a scan, one per object. */
export interface Boxes {
  /** Row-major [B, 7]: centre x, y, z, length, width, height in metres, yaw in radians about z. */
  readonly geometry: Float32Array;
  /** Raw class id of each box. */
  readonly semantic: Uint16Array;
  /** The instance id that the box's points carry in {@linkcode Scan.instance}. */
  readonly instance: Uint16Array;
  /** Row-major [B, G]: further values of each box, named by {@linkcode ScanMetadata.boxFeatures}. */
  readonly features?: Float32Array;
  /** The data set's own name of each object, the same in all frames that show it. */
  readonly ids?: readonly string[];
}

/** Objects of an image, in its pixels. */
export interface ImageObjects {
  /** Row-major [O, 4]: left, top, width, height. */
  readonly boxes: Float64Array;
  /** Raw class id of each object. */
  readonly semantic: Uint16Array;
  /** Pixels of each object. */
  readonly area: Float64Array;
  /** 1 = a crowd of objects. */
  readonly crowd: Uint16Array;
  /** The data set's own id of each object. */
  readonly ids: readonly string[];
  /** Outline or mask of each object, JSON as its data set gives it; "" = none. */
  readonly masks: readonly string[];
}

/** The cameras of a scan: pinholes that look along z, x right and y down. */
export interface Cameras {
  readonly names: readonly string[];
  /** Row-major [C, 9]: the 3x3 matrices from camera coordinates to pixels. */
  readonly intrinsic: Float64Array;
  /** Row-major [C, 12]: the 3x4 transforms from the sensor frame to the camera's, metres. */
  readonly fromSensor: Float64Array;
  /** Row-major [C, 2]: width and height in pixels. */
  readonly size: Uint16Array;
  /** Row-major [C, 5]: k1, k2, p1, p2, k3 of the Brown model; absent where images are rectified. */
  readonly distortion?: Float64Array;
}

/** Number of points of a scan. */
export function pointCount(scan: Scan): number {
  return scan.points.length / 4;
}
