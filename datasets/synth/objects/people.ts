import { CLASS } from "../classes.ts";
import { MATERIAL } from "../materials.ts";
import type { Frame, Skin } from "../primitives.ts";
import type { Random } from "../random.ts";
import { type Scene, upright } from "../scene.ts";

/** A pedestrian in mid-step who faces the frame's x. */
export function addPerson(scene: Scene, at: Frame, random: Random, instance: number): void {
  const h = random.range(1.55, 1.9);
  const step = random.range(0.05, 0.25);
  const cloth = { material: MATERIAL.cloth, semantic: CLASS.person, instance };
  scene.cylinder(at, upright(step, 0.1, 0, 0.5 * h, 0.15, 0.15), cloth);
  scene.cylinder(at, upright(-step, -0.1, 0, 0.5 * h, 0.15, 0.15), cloth);
  scene.cylinder(at, upright(-step * 0.7, 0.25, 0.45 * h, 0.8 * h, 0.1, 0.1), cloth);
  scene.cylinder(at, upright(step * 0.7, -0.25, 0.45 * h, 0.8 * h, 0.1, 0.1), cloth);
  addTrunk(scene, at, 0, 0.43 * h, h, cloth);
  scene.things.push({
    at,
    extent: upright(0, 0, 0, h, 2 * step + 0.2, 0.62),
    semantic: CLASS.person,
    instance,
  });
}

/** A rider on a bicycle, all of one class and instance as SemanticKITTI has it. */
export function addCyclist(scene: Scene, at: Frame, random: Random, instance: number): void {
  const h = random.range(1.65, 1.85);
  const cloth = { material: MATERIAL.cloth, semantic: CLASS.bicyclist, instance };
  addFrame(scene, at, { material: MATERIAL.metal, semantic: CLASS.bicyclist, instance });
  scene.cylinder(at, upright(0.1, 0.12, 0.2, 0.95, 0.15, 0.15), cloth);
  scene.cylinder(at, upright(0, -0.12, 0.3, 0.95, 0.15, 0.15), cloth);
  scene.cylinder(at, upright(0.3, 0.2, 0.95, 1.3, 0.1, 0.1), cloth);
  scene.cylinder(at, upright(0.3, -0.2, 0.95, 1.3, 0.1, 0.1), cloth);
  addTrunk(scene, at, 0.02, 0.85, h, cloth);
  scene.things.push({
    at,
    extent: upright(0, 0, 0, h, 1.8, 0.62),
    semantic: CLASS.bicyclist,
    instance,
  });
}

/** A parked bicycle. */
export function addBicycle(scene: Scene, at: Frame, instance: number): void {
  addFrame(scene, at, { material: MATERIAL.metal, semantic: CLASS.bicycle, instance });
  scene.things.push({
    at,
    extent: upright(0, 0, 0, 1.1, 1.8, 0.6),
    semantic: CLASS.bicycle,
    instance,
  });
}

/** Torso, from `z0` to the shoulders, and head below `h`. */
function addTrunk(scene: Scene, at: Frame, x: number, z0: number, h: number, skin: Skin): void {
  scene.ellipsoid(at, upright(x, 0, z0, 0.9 * h, 0.28, 0.46), skin);
  scene.ellipsoid(at, upright(x + 0.04, 0, h - 0.25, h, 0.2, 0.17), skin);
}

function addFrame(scene: Scene, at: Frame, skin: Skin): void {
  for (const x of [-0.55, 0.55]) {
    // Spokes let most rays through: a wheel is a rim of slats.
    scene.pickets(at, upright(x, 0, 0.02, 0.68, 0.66, 0.05), skin, 0.16, 0.05);
  }
  scene.box(at, upright(0, 0, 0.48, 0.6, 0.9, 0.05), skin);
  scene.box(at, upright(-0.2, 0, 0.6, 0.92, 0.05, 0.05), skin);
  scene.box(at, upright(-0.22, 0, 0.92, 0.98, 0.26, 0.16), skin);
  scene.box(at, upright(0.42, 0, 0.6, 1, 0.05, 0.05), skin);
  scene.box(at, upright(0.42, 0, 1, 1.05, 0.06, 0.56), skin);
}
