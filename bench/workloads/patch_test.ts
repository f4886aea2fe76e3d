import { assertEquals } from "@std/assert";
import { patchOf } from "./patch.ts";

/** A square of `side` x `side` voxels, sorted, with their number as the feature. */
function square(side: number) {
  const rows = side * side;
  return {
    coords: Int32Array.from(
      { length: 4 * rows },
      (_, i) => [0, Math.floor(i / 4 / side), Math.floor(i / 4) % side, 0][i % 4]!,
    ),
    feats: Float32Array.from({ length: rows }, (_, i) => i),
  };
}

Deno.test("patchOf() keeps the voxels around the middle one, with their features, in order", () => {
  const { coords, feats } = patchOf(square(5), 5);
  assertEquals([...feats], [7, 11, 12, 13, 17]);
  assertEquals([...coords.subarray(0, 8)], [0, 1, 2, 0, 0, 2, 1, 0]);
});

Deno.test("patchOf() leaves a small scan as it is", () => {
  assertEquals(patchOf(square(3), 9), square(3));
  assertEquals(patchOf(square(3), 0).coords.length, 0);
});
