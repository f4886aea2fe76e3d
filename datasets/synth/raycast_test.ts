import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { CLASS } from "./classes.ts";
import { Ground } from "./ground.ts";
import { GROUND, type Hit, NOTHING } from "./hit.ts";
import { MATERIAL } from "./materials.ts";
import { addCar } from "./objects/vehicles.ts";
import { Random } from "./random.ts";
import { Raycaster } from "./raycast.ts";
import { Scene, upright } from "./scene.ts";
import { FLAT_GROUND, ray, standing, WALL } from "./test_worlds.ts";

/** Casts a ray from the sensor towards a point among what `fill` puts up. */
function cast(
  fill: (scene: Scene) => void,
  x: number,
  y: number,
  z: number,
  ground = FLAT_GROUND,
): Hit {
  const scene = new Scene();
  fill(scene);
  const hit = ray(x, y, z);
  new Raycaster(scene.primitives, ground).cast(hit, 80, new Random(1));
  return hit;
}

const nothing = () => {};

Deno.test("Raycaster.cast() meets flat ground where the slope of the ray says", () => {
  const hit = cast(nothing, 10, -4, -1.73);
  assertEquals(hit.primitive, GROUND);
  assertAlmostEquals(hit.t, Math.sqrt(100 + 16 + 1.73 ** 2), 2e-3);
  assertAlmostEquals(hit.incidence, 1.73 / hit.t, 1e-6);
});

Deno.test("Raycaster.cast() follows a ray up a slope", () => {
  const hill = new Ground((x) => -1.73 + 0.1 * Math.max(0, x - 20));
  const hit = cast(nothing, 60, 0, 0, hill);
  assertEquals(hit.primitive, GROUND);
  assertAlmostEquals(hit.t, 37.3, 0.01);
});

Deno.test("Raycaster.cast() meets nothing in the sky or beyond its reach", () => {
  assertEquals(cast(nothing, 10, 3, 1).primitive, NOTHING);
  const far = (scene: Scene) => scene.box(standing(81.5, 0), upright(0, 0, 0, 5, 0.5, 5), WALL);
  assertEquals(cast(far, 10, 0, 0).primitive, NOTHING);
});

Deno.test("Raycaster.cast() meets the face of a turned box", () => {
  // Turned by 45 degrees: a corner points at the sensor.
  const half = Math.SQRT1_2;
  const hit = cast(
    (s) => s.box(standing(10, 0, half, half), upright(0, 0, 0, 3, 2, 2), WALL),
    1,
    0,
    0,
  );
  assertAlmostEquals(hit.t, 10 - Math.SQRT2, 1e-9);
  assertAlmostEquals(hit.incidence, half, 1e-9);
});

Deno.test("Raycaster.cast() meets cylinders and ellipsoids at their near side", () => {
  const pole = cast(
    (s) => s.cylinder(standing(0, 8), upright(0, 0, 0, 4, 0.4, 0.4), WALL),
    0,
    1,
    0,
  );
  assertAlmostEquals(pole.t, 7.8, 1e-9);
  assertAlmostEquals(pole.incidence, 1, 1e-9);
  const ball = (s: Scene) => s.ellipsoid(standing(-9, 0), upright(0, 0, 0.73, 2.73, 2, 4), WALL);
  assertAlmostEquals(cast(ball, -1, 0, 0).t, 8, 1e-9);
});

Deno.test("Raycaster.cast() takes the nearer of two boxes, whatever their order", () => {
  const near = (s: Scene) => s.box(standing(6, 0), upright(0, 0, 0, 3, 1, 1), WALL);
  const far = (s: Scene) => s.box(standing(6.8, 0), upright(0, 0, 0, 3, 1, 5), WALL);
  for (const order of [[near, far], [far, near]]) {
    assertAlmostEquals(cast((s) => order.forEach((add) => add(s)), 1, 0, 0).t, 5.5, 1e-9);
  }
});

Deno.test("Raycaster.cast() carries rays through the gaps of a fence", () => {
  const fence = (s: Scene) =>
    s.pickets(standing(0, 5), upright(0, 0, 0, 3, 10, 0.02), WALL, 0.2, 0.1);
  assertEquals(cast(fence, 0.05, 5, 0).primitive, 0);
  assertEquals(cast(fence, 0.15, 5, 0).primitive, NOTHING);
});

Deno.test("Raycaster.cast() sets windows back behind their wall", () => {
  const house = (s: Scene) => s.facade(standing(0, 10), upright(0, 5, -4, 6, 9, 10), WALL, 3, 100);
  // Windows of 1.15 m at the middle of every 3 m: x = 0 is in one, x = 1.5 between two.
  assertAlmostEquals(cast(house, 0, 10, 0).t, 10.18, 1e-9);
  assertAlmostEquals(cast(house, 1.5, 10, 0).t, Math.sqrt(102.25), 1e-9);
});

Deno.test("Raycaster.cast() ends in leaves at scattered depths within the crown", () => {
  const scene = new Scene();
  const leaves = { material: MATERIAL.leaf, semantic: CLASS.vegetation, instance: 0 };
  scene.foliage(standing(10, 0), upright(0, 0, 0, 3.46, 4, 4), leaves, 6, 5);
  const caster = new Raycaster(scene.primitives, FLAT_GROUND);
  const random = new Random(2);
  const depths: number[] = [];
  for (let i = 0; i < 400; i++) {
    const hit = ray(10, 0, 0.002 * (i - 200));
    caster.cast(hit, 80, random);
    if (hit.primitive === 0) depths.push(hit.t);
  }
  assert(depths.length > 300);
  const mean = depths.reduce((a, b) => a + b) / depths.length;
  const spread = Math.sqrt(depths.reduce((a, b) => a + (b - mean) ** 2, 0) / depths.length);
  assert(Math.min(...depths) >= 7.9 && Math.max(...depths) <= 12.2);
  assert(spread > 0.1 && spread < 1, `${spread}`);
});

Deno.test("Raycaster.cast() meets a car, never what the car hides", () => {
  const scene = new Scene();
  addCar(scene, standing(9, 0, 0, 1), new Random(4), 1);
  const car = scene.primitives.count;
  scene.box(standing(20, 0), upright(0, 0, 0, 6, 1, 12), WALL);
  const caster = new Raycaster(scene.primitives, FLAT_GROUND);
  let onCar = 0;
  for (let i = -60; i <= 60; i++) {
    for (let j = 0; j < 60; j++) {
      // Through a point of the car's middle plane: 1.2 m to both sides, 0.3 to 0.75 m high.
      const hit = ray(9, i * 0.02, -1.73 + 0.3 + 0.45 * j / 60);
      caster.cast(hit, 80, new Random(1));
      if (hit.primitive >= 0 && hit.primitive < car) onCar++;
      assert(hit.t < 11, `a ray at ${i}, ${j} passed through the car to ${hit.t} m`);
    }
  }
  assertEquals(onCar, 121 * 60);
});
