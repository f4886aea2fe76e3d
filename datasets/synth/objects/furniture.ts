import { CLASS } from "../classes.ts";
import { MATERIAL } from "../materials.ts";
import type { Frame, Skin } from "../primitives.ts";
import type { Random } from "../random.ts";
import { type Scene, upright } from "../scene.ts";

const POLE: Skin = { material: MATERIAL.metal, semantic: CLASS.pole, instance: 0 };
const SIGN: Skin = { material: MATERIAL.sign, semantic: CLASS.trafficSign, instance: 0 };
const OTHER: Skin = { material: MATERIAL.cloth, semantic: CLASS.otherObject, instance: 0 };

/** A street lamp. */
export function addLamp(scene: Scene, at: Frame, random: Random): void {
  const thick = random.range(0.14, 0.24);
  scene.cylinder(at, upright(0, 0, -0.5, random.range(5, 9), thick, thick), POLE);
  scene.cylinder(at, upright(0, 0, -0.5, 1, thick + 0.08, thick + 0.08), POLE);
}

/** A traffic sign on its pole, its face across the frame's x. */
export function addSign(scene: Scene, at: Frame, random: Random): void {
  const bottom = random.range(1.6, 2.1);
  scene.cylinder(at, upright(0, 0, -0.5, bottom + 0.7, 0.08, 0.08), POLE);
  scene.box(at, upright(-0.06, 0, bottom, bottom + 0.65, 0.03, 0.65), SIGN);
}

/** What stands about on sidewalks: a bin, a switch box, a row of bollards. */
export function addClutter(scene: Scene, at: Frame, random: Random): void {
  const what = random.next();
  if (what < 0.4) {
    scene.box(at, upright(0, 0, -0.2, 1.05, 0.55, 0.6), OTHER);
  } else if (what < 0.7) {
    scene.box(at, upright(0, 0, -0.2, random.range(1, 1.5), 0.9, 0.4), OTHER);
  } else {
    for (let i = -2; i <= 2; i++) scene.box(at, upright(1.4 * i, 0, -0.2, 0.9, 0.14, 0.14), OTHER);
  }
}
