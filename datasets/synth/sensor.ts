/**
 * A Velodyne HDL-64E on the roof of a car, as in KITTI: 64 lasers in two blocks, 10 turns a second.
 * Angles and ranges are of its data sheet; laser origins, blind sectors and the count of firings
 * of a turn were read off two KITTI scans.
 */
import { Random } from "./random.ts";
import { cos, PI, sin } from "./trig.ts";

const DEGREE = PI / 180;

/** Lasers, numbered from the top: the order of rings in a scan. */
export const RINGS = 64;
/** Firings of each laser in a turn. */
export const COLUMNS = 2160;
/** Height of the sensor's origin above the road in metres. */
export const SENSOR_HEIGHT = 1.73;
/** Returns nearer or farther than these are lost, in metres. KITTI's scans end at 80 m. */
export const MIN_RANGE = 0.9;
export const MAX_RANGE = 80;

/** What is known of each laser. */
export interface Lasers {
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

/** The one unit that all scans are taken with. */
export const LASERS: Lasers = lasers();

/** Cosine and sine of the azimuth of each column: from just left of the x axis on to the left. */
export const AZIMUTH_COS: Float64Array = azimuths(cos);
export const AZIMUTH_SIN: Float64Array = azimuths(sin);

/** Elevation of ring `k` in radians: +2 to -8.33, then -8.83 to -24.8 degrees. */
export function elevation(k: number): number {
  return (k < 32 ? 2 - k / 3 : -8.83 - (k - 32) * (15.97 / 31)) * DEGREE;
}

function lasers(): Lasers {
  const unit = new Random(64);
  const row = (of: (k: number) => number) => Float64Array.from({ length: RINGS }, (_, k) => of(k));
  return {
    cos: row((k) => cos(elevation(k))),
    sin: row((k) => sin(elevation(k))),
    // The blocks are stacked in the head.
    up: row((k) => k < 32 ? 0.21 - 0.0007 * k : 0.16 - 0.0018 * (k - 32)),
    bias: row(() => unit.range(-0.012, 0.012)),
    gain: row(() => unit.range(0.75, 1.35)),
    zeros: row(() => (unit.chance(0.3) ? unit.range(0.1, 0.25) : unit.range(0.01, 0.05))),
  };
}

function azimuths(of: (x: number) => number): Float64Array {
  return Float64Array.from({ length: COLUMNS }, (_, i) => of((i + 0.5) * (360 / COLUMNS) * DEGREE));
}

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

/** One byte a firing, [RINGS, COLUMNS]: 1 where the ego vehicle is in the way. */
export const BLIND: Uint8Array = blind();

function blind(): Uint8Array {
  const mask = new Uint8Array(RINGS * COLUMNS);
  for (const [from, to, first] of HIDDEN) {
    const begin = Math.round(from / 360 * COLUMNS);
    const end = Math.round(to / 360 * COLUMNS);
    for (let k = first; k < RINGS; k++) mask.fill(1, k * COLUMNS + begin, k * COLUMNS + end);
  }
  return mask;
}
