import { assert, assertAlmostEquals } from "@std/assert";
import { exponential, normal } from "./noise.ts";
import { Random } from "./random.ts";

/** Mean and variance of draws. */
function moments(draw: (random: Random) => number): [number, number] {
  const random = new Random(3);
  const n = 200_000;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < n; i++) {
    const x = draw(random);
    sum += x;
    squares += x * x;
  }
  return [sum / n, squares / n - (sum / n) ** 2];
}

Deno.test("normal() has mean 0 and variance 1", () => {
  const [mean, variance] = moments(normal);
  assertAlmostEquals(mean, 0, 0.01);
  assertAlmostEquals(variance, 1, 0.01);
});

Deno.test("exponential() has mean 1, variance 1 and no negative draw", () => {
  const [mean, variance] = moments(exponential);
  assertAlmostEquals(mean, 1, 0.01);
  assertAlmostEquals(variance, 1, 0.02);
  const random = new Random(1);
  for (let i = 0; i < 1000; i++) assert(exponential(random) > 0);
});
