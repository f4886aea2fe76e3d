import { assertEquals } from "@std/assert";
import { nonzerosByOffset, pruned } from "./weight_sparse.ts";

Deno.test("pruned() sets about the share of the weights to 0 that was asked for, the same each time", () => {
  const weight = new Float32Array(10_000).fill(1);
  for (const percent of [0, 50, 99, 100]) {
    const left = pruned(weight, percent).reduce((sum, value) => sum + value, 0);
    assertEquals([percent, Math.abs(left / 100 - (100 - percent)) < 2], [percent, true]);
  }
  assertEquals(pruned(weight, 90), pruned(weight, 90));
});

Deno.test("nonzerosByOffset() counts the weights that are not 0, of any sign", () => {
  assertEquals(nonzerosByOffset(Float32Array.of(1, 0, -1, 0, 0, 0), 3), [2, 0]);
});
