import { CLASS } from "../classes.ts";
import { MATERIAL } from "../materials.ts";
import { FOOTING, type Frame, type Skin } from "../primitives.ts";
import type { Random } from "../random.ts";
import { type Scene, upright } from "../scene.ts";

const WALL: Skin = { material: MATERIAL.plaster, semantic: CLASS.building, instance: 0 };
const RAIL: Skin = { material: MATERIAL.metal, semantic: CLASS.building, instance: 0 };
const WOOD: Skin = { material: MATERIAL.wood, semantic: CLASS.fence, instance: 0 };
const STONE: Skin = { material: MATERIAL.plaster, semantic: CLASS.fence, instance: 0 };

/**
 * A house of `l` by `w` metres whose long front is its frame's x axis, at y = 0, with the body at
 * positive y. No roof: the highest laser, at +2 degrees, passes below the eaves.
 */
export function addHouse(scene: Scene, at: Frame, random: Random, l: number, w: number): void {
  const h = random.range(5.5, 11);
  const spacing = random.range(2.1, 3.4);
  scene.facade(at, upright(0, w / 2, -FOOTING, h, l, w), WALL, spacing, random.range(0.5, l - 2));
  scene.box(at, upright(0, -0.04, -FOOTING, random.range(0.3, 0.7), l, 0.08), WALL);
  const pillars = Math.floor(random.range(0, 4));
  for (let i = 0; i < pillars; i++) {
    const x = (i + 0.5) / pillars * l - l / 2;
    scene.box(at, upright(x, -0.06, -FOOTING, h, random.range(0.3, 0.6), 0.12), WALL);
  }
  if (random.chance(0.6)) {
    scene.cylinder(at, upright(-l / 2 + 0.2, -0.12, 0, h, 0.1, 0.1), RAIL);
  }
  if (random.chance(0.5)) {
    const x = random.range(-0.3, 0.3) * l;
    for (let i = 0; i < 3; i++) {
      scene.box(at, upright(x, -0.25 - 0.3 * i, -0.5, 0.48 - 0.16 * i, 1.4, 0.5), WALL);
    }
  }
  if (random.chance(0.4)) addBay(scene, at, random, l);
}

/** A bay window or a balcony on the front. */
function addBay(scene: Scene, at: Frame, random: Random, l: number): void {
  const x = random.range(-0.25, 0.25) * l;
  const width = random.range(1.6, 3);
  const bottom = random.chance(0.5) ? -FOOTING : 2.5;
  scene.facade(at, upright(x, -0.4, bottom, 5.2, width, 0.8), WALL, 1.5, -10);
}

/** A picket fence of `l` metres along x, with posts. */
export function addFence(scene: Scene, at: Frame, random: Random, l: number): void {
  const h = random.range(0.9, 1.5);
  scene.pickets(at, upright(0, 0, -0.3, h, l, 0.03), WOOD, 0.14, random.range(0.06, 0.12));
  scene.box(at, upright(0, 0.03, h - 0.25, h - 0.15, l, 0.04), WOOD);
  scene.box(at, upright(0, 0.03, 0.2, 0.3, l, 0.04), WOOD);
  const posts = Math.ceil(l / 2);
  for (let i = 0; i <= posts; i++) {
    scene.box(at, upright((i / posts - 0.5) * l, 0.05, -0.3, h + 0.05, 0.1, 0.1), WOOD);
  }
}

/** A garden wall of `l` metres along x. */
export function addWall(scene: Scene, at: Frame, random: Random, l: number): void {
  scene.box(at, upright(0, 0, -0.5, random.range(0.8, 2.2), l, 0.25), STONE);
}
