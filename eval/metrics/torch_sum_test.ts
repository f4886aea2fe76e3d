import { assertStrictEquals } from "@std/assert";
import { torchSum } from "./torch_sum.ts";

const BIG = 2 ** 24; // The next float32 is BIG + 2.

Deno.test("torchSum() adds what fills no vector first, then the lanes", () => {
  const values = new Float32Array(9);
  values[0] = 1;
  values[1] = BIG;
  values[8] = 1;
  // One after the other would lose both: (1 + BIG) + 1.
  assertStrictEquals(torchSum(values), BIG + 2);
});

Deno.test("torchSum() adds four vectors side by side and then together", () => {
  const values = new Float32Array(64);
  values[0] = BIG;
  values[8] = 1;
  values[8 + 32] = 1;
  // The second vector of both rows holds 2 before it meets the first.
  assertStrictEquals(torchSum(values), BIG + 2);
});

Deno.test("torchSum() empties a level after sixteen rows", () => {
  const values = new Float32Array(32 * 18);
  values[0] = BIG;
  values[32 * 16] = 1;
  values[32 * 17] = 1;
  // The first sixteen have gone up, so that the two after them meet before they meet BIG.
  assertStrictEquals(torchSum(values), BIG + 2);
});

Deno.test("torchSum() of nothing is 0", () => {
  assertStrictEquals(torchSum(new Float32Array()), 0);
});
