import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { CLASS } from "./classes.ts";
import type { Thing } from "./scene.ts";
import { buildWorld, type World } from "./world.ts";

/** World x and y of a thing. */
function place({ ego }: World, { at }: Thing): [number, number] {
  return [ego.x + at.x * ego.cos - at.y * ego.sin, ego.y + at.x * ego.sin + at.y * ego.cos];
}

Deno.test("buildWorld() moves the ego vehicle 2 m a frame", () => {
  const [a, b] = [buildWorld(1, 10).ego, buildWorld(1, 11).ego];
  assertAlmostEquals(b.x - a.x, 2, 1e-12);
});

Deno.test("buildWorld() keeps parked things in place and ids from frame to frame", () => {
  const [first, second] = [buildWorld(1, 0), buildWorld(1, 5)];
  let compared = 0;
  for (const thing of first.scene.things) {
    if (thing.semantic !== CLASS.bicycle) continue;
    const same = second.scene.things.find((other) => other.instance === thing.instance);
    if (same === undefined) continue;
    const [x, y] = place(first, thing);
    const [u, v] = place(second, same);
    assertAlmostEquals(x, u, 1e-9);
    assertAlmostEquals(y, v, 1e-9);
    compared++;
  }
  assert(compared > 0);
});

Deno.test("buildWorld() gives every thing an id of its own", () => {
  for (const seed of [1, 2, 3]) {
    const ids = buildWorld(seed, 0).scene.things.map((thing) => thing.instance);
    assertEquals(new Set(ids).size, ids.length);
    assert(ids.every((id) => id > 0 && id < 65536));
  }
});
