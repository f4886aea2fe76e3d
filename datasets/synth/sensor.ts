/** The spinning LiDARs that scans are simulated with. */
import { Random } from "./random.ts";
import { cos, PI, sin } from "./trig.ts";

const DEGREE = PI / 180;

/** Height of the sensor's origin above the road in metres. */
export const SENSOR_HEIGHT = 1.73;

/** What is known of each laser. */
export interface Lasers {
  /** In radians. */
  readonly elevation: Float64Array;
  /** Cosine and sine of the elevation. */
  readonly cos: Float64Array;
  readonly sin: Float64Array;
  /** The laser's origin above the sensor's in metres. */
  readonly up: Float64Array;
  /** Range bias in metres that calibration has left. */
  readonly bias: Float64Array;
  /** Receiver gain, about 1. */
  readonly gain: Float64Array;
  /** Share of returns whose intensity reads 0. */
  readonly zeros: Float64Array;
}

/** A spinning LiDAR. */
export interface Sensor {
  /** Lasers, numbered from the top: the order of rings in a scan. */
  readonly rings: number;
  /** Firings of each laser in a turn. */
  readonly columns: number;
  /** Returns nearer or farther than these are lost, in metres. */
  readonly minRange: number;
  readonly maxRange: number;
  readonly lasers: Lasers;
  /** Cosine and sine of the azimuth of each column: from just left of the x axis on to the left. */
  readonly azimuthCos: Float64Array;
  readonly azimuthSin: Float64Array;
  /** One byte a firing, [rings, columns]: 1 where the ego vehicle is in the way. */
  readonly blind: Uint8Array;
}

/** What makes one sensor differ from another. */
interface Design {
  readonly rings: number;
  readonly columns: number;
  readonly maxRange: number;
  /** Elevation of a ring in degrees, and its laser's origin above the sensor's in metres. */
  elevation(ring: number): number;
  up(ring: number): number;
  blind(): Uint8Array;
}

const MIN_RANGE = 0.9;

function sensorOf({ rings, columns, maxRange, elevation, up, blind }: Design): Sensor {
  const unit = new Random(64);
  const row = (of: (k: number) => number) => Float64Array.from({ length: rings }, (_, k) => of(k));
  const turn = (of: (x: number) => number) =>
    Float64Array.from({ length: columns }, (_, i) => of((i + 0.5) * (360 / columns) * DEGREE));
  return {
    rings,
    columns,
    minRange: MIN_RANGE,
    maxRange,
    lasers: {
      elevation: row((k) => elevation(k) * DEGREE),
      cos: row((k) => cos(elevation(k) * DEGREE)),
      sin: row((k) => sin(elevation(k) * DEGREE)),
      up: row(up),
      bias: row(() => unit.range(-0.012, 0.012)),
      gain: row(() => unit.range(0.75, 1.35)),
      zeros: row(() => (unit.chance(0.3) ? unit.range(0.1, 0.25) : unit.range(0.01, 0.05))),
    },
    azimuthCos: turn(cos),
    azimuthSin: turn(sin),
    blind: blind(),
  };
}

/** Rings and columns of the HDL-64E. */
const [RINGS, COLUMNS] = [64, 2160] as const;

/** What the ego vehicle hides: from azimuth, to azimuth in degrees, and the first ring hidden. */
const HIDDEN: readonly (readonly [number, number, number])[] = [
  [155, 160, 42],
  [195, 200, 42],
  [160, 196, 53],
  [282, 290, 46],
  [279, 293, 51],
  [126, 131, 56],
  [215, 221, 56],
  [225, 231, 59],
  [0, 7, 57],
  [0, 14, 60],
  [0, 22, 62],
  [354, 360, 57],
  [347, 360, 60],
  [340, 360, 62],
  [140, 160, 61],
  [233, 250, 62],
];

function behindTheVehicle(): Uint8Array {
  const mask = new Uint8Array(RINGS * COLUMNS);
  for (const [from, to, first] of HIDDEN) {
    const begin = Math.round(from / 360 * COLUMNS);
    const end = Math.round(to / 360 * COLUMNS);
    for (let k = first; k < RINGS; k++) mask.fill(1, k * COLUMNS + begin, k * COLUMNS + end);
  }
  return mask;
}

/**
 * A Velodyne HDL-64E on the roof of a car, as in KITTI: 64 lasers in two blocks, 10 turns a second.
 * Angles and ranges are of its data sheet; laser origins, blind sectors and the count of firings
 * of a turn were read off two KITTI scans. KITTI's scans end at 80 m.
 */
export const HDL64: Sensor = sensorOf({
  rings: RINGS,
  columns: COLUMNS,
  maxRange: 80,
  // +2 to -8.33, then -8.83 to -24.8 degrees.
  elevation: (k) => k < 32 ? 2 - k / 3 : -8.83 - (k - 32) * (15.97 / 31),
  // The blocks are stacked in the head.
  up: (k) => k < 32 ? 0.21 - 0.0007 * k : 0.16 - 0.0018 * (k - 32),
  blind: behindTheVehicle,
});

/** A Velodyne HDL-32E as on nuScenes' car, 20 turns a second: angles and range of its data sheet. */
export const HDL32: Sensor = sensorOf({
  rings: 32,
  columns: 1084,
  maxRange: 70,
  elevation: (k) => 10.67 - k * (41.34 / 31),
  up: () => 0.11,
  blind: () => new Uint8Array(32 * 1084),
});

/**
 * Like Waymo's top LiDAR: 64 lasers between +2.4 and -17.6 degrees, denser near the horizon, 2650
 * columns, cut at 75 m, 2.2 m above the road. The angles are a smooth stand-in for its own.
 */
export const WAYMO_TOP: Sensor = sensorOf({
  rings: 64,
  columns: 2650,
  maxRange: 75,
  elevation: (k) => 2.4 - 20 * (k / 63) ** 1.4,
  up: () => 0.47,
  blind: () => new Uint8Array(64 * 2650),
});
