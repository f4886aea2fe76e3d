/** What a ray carries along while it looks for the nearest surface. */

/** What {@linkcode Hit.primitive} says when no primitive was hit. */
export const NOTHING = -1;
export const GROUND = -2;

/** A ray and the nearest thing it has met so far. One object serves all rays of a scan. */
export interface Hit {
  /** Origin in metres and unit direction, in the sensor frame. */
  ox: number;
  oy: number;
  oz: number;
  dx: number;
  dy: number;
  dz: number;
  /** Distance in metres; the reach of the ray while nothing is hit. */
  t: number;
  primitive: number;
  /** Cosine of the angle between the ray and the surface's normal, 0.01..1. */
  incidence: number;
  material: number;
}

/** A ray to be filled in; its fields start as doubles, so that the engine keeps them unboxed. */
export function newHit(): Hit {
  return {
    ox: 0.5,
    oy: 0.5,
    oz: 0.5,
    dx: 0.5,
    dy: 0.5,
    dz: 0.5,
    t: 0.5,
    primitive: NOTHING,
    incidence: 0.5,
    material: 0,
  };
}

/** Forgets the last hit; nothing farther than `reach` metres will count. */
export function clearHit(hit: Hit, reach: number): void {
  hit.t = reach;
  hit.primitive = NOTHING;
  hit.incidence = 1;
}

/**
 * The ray in the frame of the primitive that is being tested, and the distances at which it enters
 * and leaves that one's bounds. Module state instead of return values: the ray loop allocates
 * nothing.
 */
export const local = new Float64Array(8);
/** Places in {@linkcode local}: origin, direction, entry and exit. */
export const OX = 0;
export const OY = 1;
export const OZ = 2;
export const DX = 3;
export const DY = 4;
export const DZ = 5;
export const ENTER = 6;
export const LEAVE = 7;
