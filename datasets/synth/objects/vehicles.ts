import { CLASS } from "../classes.ts";
import { MATERIAL } from "../materials.ts";
import type { Frame, Skin } from "../primitives.ts";
import type { Random } from "../random.ts";
import { type Scene, upright } from "../scene.ts";

/** A car of 3.7 to 4.9 m that faces its frame's x: body, bonnet, cabin with glass, four wheels. */
export function addCar(scene: Scene, at: Frame, random: Random, instance: number): void {
  const l = random.range(3.7, 4.9);
  const w = random.range(1.66, 1.9);
  const h = random.range(1.42, 1.75);
  const estate = random.chance(0.5);
  const belt = 0.62 * h;
  const paint = skin(MATERIAL.bodywork, CLASS.car, instance);
  const glass = skin(MATERIAL.glass, CLASS.car, instance);
  scene.box(at, upright(0, 0, 0.2, 0.5 * h, l, w - 0.04), paint);
  // The bonnet falls to the front and the cabin narrows upwards, in slabs.
  const rear = estate ? -l / 2 + 0.05 : -l / 2 + 0.18 * l;
  const bonnet = -l / 2 + 0.72 * l;
  scene.box(at, upright((-l / 2 + bonnet) / 2, 0, 0.5 * h, belt, bonnet + l / 2, w - 0.1), paint);
  scene.box(at, upright(bonnet + 0.05 * l, 0, 0.5 * h, belt - 0.06, 0.28 * l, w - 0.16), paint);
  const slabs = 4;
  for (let i = 0; i < slabs; i++) {
    const share = (i + 0.5) / slabs;
    const front = bonnet - 0.02 * l - share * 0.17 * l;
    const back = rear + share * (estate ? 0.03 : 0.12) * l;
    const z0 = belt + (h - 0.06 - belt) * i / slabs;
    const z1 = belt + (h - 0.06 - belt) * (i + 1) / slabs;
    const width = w - 0.14 - 0.22 * share;
    scene.glazing(at, upright((front + back) / 2, 0, z0, z1, front - back, width), glass);
  }
  const roofFront = bonnet - 0.2 * l;
  const roofBack = rear + (estate ? 0.03 : 0.13) * l;
  const roof = upright((roofFront + roofBack) / 2, 0, h - 0.07, h, roofFront - roofBack, w - 0.38);
  scene.box(at, roof, paint);
  addWheels(scene, at, l, w, skin(MATERIAL.tyre, CLASS.car, instance));
  scene.things.push({
    at,
    extent: upright(0, 0, 0, h, l, w),
    semantic: CLASS.car,
    instance,
  });
}

/** A box truck of 6 to 8 m: cab, cargo box, wheels. */
export function addTruck(scene: Scene, at: Frame, random: Random, instance: number): void {
  const l = random.range(6, 8);
  const w = random.range(2.1, 2.4);
  const h = random.range(2.7, 3.4);
  const paint = skin(MATERIAL.bodywork, CLASS.truck, instance);
  const cab = 1.7;
  scene.box(
    at,
    upright(-cab / 2 - 0.1, 0, 0.75, h, l - cab - 0.2, w),
    skin(MATERIAL.plaster, CLASS.truck, instance),
  );
  scene.box(at, upright(l / 2 - cab / 2, 0, 0.4, 1.35, cab, w - 0.1), paint);
  scene.glazing(
    at,
    upright(l / 2 - cab / 2 - 0.1, 0, 1.35, 2.2, cab - 0.2, w - 0.2),
    skin(MATERIAL.glass, CLASS.truck, instance),
  );
  scene.box(
    at,
    upright(0, 0, 0.5, 0.75, l - 0.6, 0.9),
    skin(MATERIAL.metal, CLASS.truck, instance),
  );
  addWheels(scene, at, l, w, skin(MATERIAL.tyre, CLASS.truck, instance));
  scene.things.push({
    at,
    extent: upright(0, 0, 0, h, l, w),
    semantic: CLASS.truck,
    instance,
  });
}

function addWheels(scene: Scene, at: Frame, l: number, w: number, tyre: Skin): void {
  for (const x of [-0.31 * l, 0.31 * l]) {
    for (const side of [-1, 1]) {
      const y = side * (w / 2 - 0.11);
      // An octagon, near enough at the sensor's resolution: two crossed slabs.
      scene.box(at, upright(x, y, 0.1, 0.52, 0.62, 0.2), tyre);
      scene.box(at, upright(x, y, 0, 0.62, 0.36, 0.2), tyre);
    }
  }
}

function skin(material: number, semantic: number, instance: number): Skin {
  return { material, semantic, instance };
}
