import { assertEquals, assertStringIncludes } from "@std/assert";
import { check, EXACT, F32_SUM, type Part } from "./check.ts";

const floats = (...values: number[]): Part[] => [
  { name: "out", values: Float32Array.from(values) },
];
const ints = (...values: number[]): Part[] => [{ name: "map", values: Int32Array.from(values) }];

Deno.test("check() reports the largest errors, when all is within tolerance", () => {
  const found = check(floats(1.5, 100), floats(1, 100), { abs: 0, scale: 0.005, rel: 0 });
  assertEquals(found, { passed: true, maxAbsErr: 0.5, maxRelErr: 0.5, detail: null });
});

Deno.test("check() adds abs, scale and rel, when it decides", () => {
  // 0.25 + 0.125 * 8 + 0.5 * 2 = 2.25
  const tolerance = { abs: 0.25, scale: 0.125, rel: 0.5 };
  assertEquals(check(floats(4.25, 8), floats(2, 8), tolerance).passed, true);
  assertEquals(check(floats(4.5, 8), floats(2, 8), tolerance).passed, false);
});

Deno.test("check() names the worst place and counts the rest, when values are off", () => {
  const { passed, detail } = check(ints(1, 5, 9, 4), ints(1, 2, 3, 4), EXACT);
  assertEquals(passed, false);
  assertEquals(detail, "map[2] is 9, the reference 3; 2 of 4 values are off");
});

Deno.test("check() compares integers exactly, when the tolerance is for floats", () => {
  assertEquals(check(ints(1_000_001), ints(1_000_000), F32_SUM).passed, false);
});

Deno.test("check() compares 64-bit counts, when they are equal or not", () => {
  const count = (n: bigint): Part[] => [{ name: "count", values: BigInt64Array.of(n) }];
  assertEquals(check(count(7n), count(7n), EXACT).passed, true);
  assertEquals(check(count(8n), count(7n), EXACT).maxAbsErr, 1);
});

Deno.test("check() fails and shows NaN, when a value is not a number", () => {
  const found = check(floats(1, NaN, 3), floats(1, 2, 3), { abs: 10, scale: 1, rel: 1 });
  assertEquals([found.passed, found.maxAbsErr, found.maxRelErr], [false, NaN, NaN]);
  assertStringIncludes(found.detail ?? "", "out[1] is NaN");
});

Deno.test("check() fails, when lengths or parts do not fit", () => {
  assertEquals(check(floats(1, 2), floats(1), F32_SUM).passed, false);
  assertEquals(check(ints(1), floats(1), F32_SUM).passed, false);
  assertEquals(check([], floats(1), F32_SUM).detail, "out has no values, the reference 1");
});

Deno.test("check() does not let a sum near zero decide the relative error", () => {
  // Against 1 % of the largest value, not against 1e-6.
  assertEquals(check(floats(2, 100), floats(1e-6, 100), F32_SUM).maxRelErr.toFixed(3), "2.000");
});

Deno.test("check() passes, when there is nothing to compare", () => {
  const nothing = check(floats(), floats(), F32_SUM);
  assertEquals(nothing, { passed: true, maxAbsErr: 0, maxRelErr: 0, detail: null });
});
