import { assertEquals, assertStrictEquals } from "@std/assert";
import { interp, linspace01 } from "./numpy_interp.ts";

Deno.test("linspace01() has the digits of np.linspace, which are not those of i / 100", () => {
  const values = linspace01(101);
  assertEquals([values[0], values[100], values.length], [0, 1, 101]);
  assertStrictEquals(values[57], 0.5700000000000001);
  assertStrictEquals(values[35], 0.35000000000000003);
});

Deno.test("interp() takes end values beyond the ends, or what is asked for on the right", () => {
  const [xs, ys] = [Float64Array.of(1, 2, 4), Float64Array.of(10, 20, 0)];
  const x = Float64Array.of(0, 1, 1.5, 2, 3, 4, 5);
  assertEquals([...interp(x, xs, ys)], [10, 10, 15, 20, 10, 0, 0]);
  assertEquals([...interp(x, xs, ys, -1)], [10, 10, 15, 20, 10, 0, -1]);
});

Deno.test("interp() takes the last of equal xs, and keeps NaN where there is one", () => {
  const [xs, ys] = [Float64Array.of(0, 0, 1, 1), Float64Array.of(1, 2, 3, 4)];
  assertEquals([...interp(Float64Array.of(0, 0.5, 1), xs, ys)], [2, 2.5, 4]);
  assertEquals([...interp(Float64Array.of(0.5), Float64Array.of(0, 1), Float64Array.of(NaN, 1))], [
    NaN,
  ]);
});
