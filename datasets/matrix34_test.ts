import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { apply, calibration, compose, invert } from "./matrix34.ts";

const IDENTITY = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

Deno.test("invert() gives the transform that undoes another", () => {
  const m = Float64Array.of(0.5, -1, 0.2, 3, 2, 1, -0.3, -4, 0.1, 0.4, 1.5, 5);
  for (const product of [compose(m, invert(m)), compose(invert(m), m)]) {
    product.forEach((value, i) => assertAlmostEquals(value, IDENTITY[i]!, 1e-12));
  }
});

Deno.test("invert() refuses a singular transform", () => {
  assertThrows(() => invert(new Float64Array(12)), RangeError, "its determinant is 0");
});

Deno.test("compose() applies its second transform first", () => {
  const turn = Float64Array.of(0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0);
  const move = Float64Array.of(1, 0, 0, 10, 0, 1, 0, 0, 0, 0, 1, 0);
  assertEquals(apply(compose(turn, move), [1, 2, 3]), [-2, 11, 3]);
  assertEquals(apply(compose(move, turn), [1, 2, 3]), [8, 1, 3]);
});

Deno.test("calibration() reads a 3x3 matrix as one without translation", () => {
  assertEquals(
    calibration("P0: 1\nR0_rect: 1 2 3 0 5 6 0 0 9\n", "R0_rect", 9, "calib.txt"),
    Float64Array.of(1, 2, 3, 0, 0, 5, 6, 0, 0, 0, 9, 0),
  );
});
