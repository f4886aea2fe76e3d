/** Tiny worlds made by hand, for tests. */
import { CLASS } from "./classes.ts";
import { Ground, type Terrain } from "./ground.ts";
import { type Hit, newHit } from "./hit.ts";
import { MATERIAL } from "./materials.ts";
import type { Frame, Skin } from "./primitives.ts";
import type { Scene } from "./scene.ts";

/** Flat road, 1.73 m below the sensor. */
const FLAT: Terrain = { zone: () => CLASS.road, height: () => 0 };
export const FLAT_GROUND: Ground = new Ground(() => -1.73);

/** The sensor frame over {@linkcode FLAT}. */
const EGO: Frame = { x: 0, y: 0, z: 1.73, cos: 1, sin: 0 };

/** A place on the flat road, in the sensor frame. */
export function standing(x: number, y: number, cos = 1, sin = 0): Frame {
  return { x, y, z: -1.73, cos, sin };
}

export const WALL: Skin = { material: MATERIAL.plaster, semantic: CLASS.building, instance: 0 };

/** A ray from the sensor's origin towards a point. */
export function ray(x: number, y: number, z: number): Hit {
  const length = Math.sqrt(x * x + y * y + z * z);
  return Object.assign(newHit(), {
    ox: 0,
    oy: 0,
    oz: 0,
    dx: x / length,
    dy: y / length,
    dz: z / length,
  });
}

/** A world of `scene` on the flat road. */
export function flatWorld(scene: Scene): { terrain: Terrain; ego: Frame; scene: Scene } {
  return { terrain: FLAT, ego: EGO, scene };
}
