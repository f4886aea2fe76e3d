import { assertStrictEquals } from "@std/assert";
import { dot } from "./numpy_dot.ts";

/** Seeded values over seven decades, whose sum depends on the order of addition. */
function values(n: number): Float64Array {
  let x = 12345;
  return Float64Array.from({ length: n }, () => {
    x = x * 16807 % 2147483647;
    return (x - 2 ** 30) / 2 ** 31 * [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6][x % 7]!;
  });
}

Deno.test("dot() equals np.dot of the same values to the last digit", () => {
  // The same generator in Python, numpy 1.26.4, OPENBLAS_CORETYPE=Haswell: np.dot(v[:-1], v[1:]).
  const expected = [
    [3, -207638783.17732924],
    [15, -13494287883.195847],
    [16, -13437810060.230717],
    [31, -13361562051.193617],
    [32, -13361641711.794334],
    [100, -111323384451.25221],
    [1000, 413245469486.839],
    [5000, 1286120967245.61],
  ] as const;
  for (const [n, npDot] of expected) {
    const v = values(n + 1);
    assertStrictEquals(dot(v.subarray(0, n), v.subarray(1)), npDot, `dot of ${n}`);
  }
});
