import { CLASS } from "../classes.ts";
import { MATERIAL } from "../materials.ts";
import type { Frame, Skin } from "../primitives.ts";
import type { Random } from "../random.ts";
import { type Scene, upright } from "../scene.ts";

const LEAVES: Skin = { material: MATERIAL.leaf, semantic: CLASS.vegetation, instance: 0 };
const BARK: Skin = { material: MATERIAL.bark, semantic: CLASS.trunk, instance: 0 };

/** A tree whose crown starts at `clear` metres: a trunk and five overlapping clouds of leaves. */
export function addTree(scene: Scene, at: Frame, random: Random, clear: number): void {
  const radius = random.range(0.1, 0.24);
  const spread = random.range(1.4, 2.8);
  scene.cylinder(at, upright(0, 0, -1, clear + spread, 2 * radius, 2 * radius), BARK);
  for (let i = 0; i < 5; i++) {
    const size = spread * random.range(0.8, 1.4);
    const x = random.range(-0.6, 0.6) * spread;
    const y = random.range(-0.6, 0.6) * spread;
    const z0 = clear + random.range(0, 1);
    scene.foliage(at, upright(x, y, z0, z0 + size, size, size), LEAVES, 9, leafSeed(random));
  }
}

/** A bush of about `size` metres: three clouds of leaves on the ground. */
export function addBush(scene: Scene, at: Frame, random: Random, size: number): void {
  for (let i = 0; i < 3; i++) {
    const width = size * random.range(0.6, 1);
    const x = random.range(-0.35, 0.35) * size;
    const y = random.range(-0.35, 0.35) * size;
    const top = size * random.range(0.5, 0.9);
    scene.foliage(at, upright(x, y, -0.3, top, width, width), LEAVES, 14, leafSeed(random));
  }
}

/** A clipped hedge of `l` by `w` by `h` metres along the frame's x. */
export function addHedge(
  scene: Scene,
  at: Frame,
  random: Random,
  l: number,
  w: number,
  h: number,
): void {
  scene.hedge(at, upright(0, 0, -0.4, h, l, w), LEAVES, 24, leafSeed(random));
}

/** A seed small enough to stay exact in the primitive's float parameters. */
function leafSeed(random: Random): number {
  return Math.floor(random.range(0, 2 ** 30));
}
