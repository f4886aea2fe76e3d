import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { hash, hash3, Random } from "./random.ts";

Deno.test("Random.next() repeats for the same keys and differs for others", () => {
  const draw = (...keys: number[]) => {
    const random = new Random(...keys);
    return Array.from({ length: 5 }, () => random.next());
  };
  assertEquals(draw(1, 2), draw(1, 2));
  assertNotEquals(draw(1, 2), draw(2, 1));
  assertNotEquals(draw(1), draw(1, 0));
});

Deno.test("Random.next() is uniform and uncorrelated from draw to draw", () => {
  const random = new Random(7);
  const counts = new Uint32Array(100);
  const draws = 100_000;
  for (let i = 0; i < draws; i++) {
    counts[10 * Math.floor(10 * random.next()) + Math.floor(10 * random.next())]! += 1;
  }
  // Chi-square with 99 degrees of freedom: 148 is its 99.9 % point.
  let chi = 0;
  for (const count of counts) chi += (count - draws / 100) ** 2 / (draws / 100);
  assert(chi < 148, `chi-square ${chi}`);
});

Deno.test("hash() and hash3() tell neighbours apart", () => {
  const seen = new Set<number>();
  for (let i = -20; i < 20; i++) {
    for (let j = -20; j < 20; j++) seen.add(hash3(i, j, 3, 11)).add(hash(i, j));
  }
  assertEquals(seen.size, 2 * 40 * 40);
});
