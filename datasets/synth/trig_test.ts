import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { atan, cos, ln, PI, sin } from "./trig.ts";

/** Largest |f(x) - g(x)| over -100 to 100 in steps of 0.0137. */
function worst(f: (x: number) => number, g: (x: number) => number): number {
  let most = 0;
  for (let x = -100; x < 100; x += 0.0137) most = Math.max(most, Math.abs(f(x) - g(x)));
  return most;
}

Deno.test("sin() and cos() follow the built-in ones to 1e-14", () => {
  assert(worst(sin, Math.sin) < 1e-14);
  assert(worst(cos, Math.cos) < 1e-14);
});

Deno.test("sin() and cos() are exact at 0", () => {
  assertEquals(sin(0), 0);
  assertEquals(cos(0), 1);
});

Deno.test("atan() follows the built-in one to 1e-14", () => {
  assert(worst(atan, Math.atan) < 1e-14);
  assertAlmostEquals(4 * atan(1), PI, 1e-14);
});

Deno.test("ln() follows the built-in one over 600 powers of two", () => {
  for (let k = -300; k <= 300; k++) {
    const x = 1.37 * 2 ** k;
    assert(Math.abs(ln(x) - Math.log(x)) <= 1e-14 * Math.max(1, Math.abs(Math.log(x))));
  }
});

Deno.test("ln() refuses what has no logarithm", () => {
  assertThrows(() => ln(0), RangeError, "Cannot take the logarithm of 0");
});
