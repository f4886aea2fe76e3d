import { assertEquals, assertStrictEquals } from "@std/assert";
import { mean, sum } from "./numpy.ts";

/** Seeded values over seven decades, whose sum depends on the order of addition. */
function values(n: number): Float64Array {
  let x = 12345;
  return Float64Array.from({ length: n }, () => {
    x = x * 16807 % 2147483647;
    return (x - 2 ** 30) / 2 ** 31 * [1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6][x % 7]!;
  });
}

Deno.test("sum() and mean() equal np.sum and np.mean of the same values to the last digit", () => {
  // The same generator in Python, numpy 2.4.6: [n, np.sum, np.mean].
  const expected = [
    [3, 44773.186287186574, 14924.395429062191],
    [8, -448255.55056161666, -56031.94382020208],
    [19, -5646.559951551724, -297.18736587114336],
    [127, 302035.21752167866, 2378.230059225816],
    [128, 304024.0673990585, 2375.1880265551445],
    [129, 304023.72739344044, 2356.773080569306],
    [1000, 4085022.6354864617, 4085.0226354864617],
    [8192, 7083239.629038948, 864.6532750291684],
  ] as const;
  for (const [n, npSum, npMean] of expected) {
    assertStrictEquals(sum(values(n)), npSum, `sum of ${n}`);
    assertStrictEquals(mean(values(n)), npMean, `mean of ${n}`);
  }
});

Deno.test("sum() differs from adding in order, so the order is what is tested", () => {
  assertEquals(values(1000).reduce((a, b) => a + b, 0) === sum(values(1000)), false);
});

Deno.test("sum() adds blocks of 8192 in order", () => {
  const all = values(20000);
  const blocks = sum(all.subarray(0, 8192)) + sum(all.subarray(8192, 16384)) +
    sum(all.subarray(16384));
  assertStrictEquals(sum(all), blocks);
});

Deno.test("sum() is 0 and mean() is NaN when there are no values", () => {
  assertStrictEquals(sum(new Float64Array(0)), 0);
  assertStrictEquals(mean(new Float64Array(0)), NaN);
});
