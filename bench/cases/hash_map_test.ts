import { assertEquals } from "@std/assert";
import { hashCapacity, neighbours } from "./hash_map.ts";

Deno.test("hashCapacity() is the smallest power of two that is at most half full", () => {
  assertEquals([0, 1, 2, 3, 1024, 1025].map(hashCapacity), [2, 2, 4, 8, 2048, 4096]);
});

Deno.test("neighbours() lists the 27 cells around a voxel, x fastest, itself in the middle", () => {
  const found = neighbours(Int32Array.of(3, 10, 20, 30));
  assertEquals(found.length, 27 * 4);
  assertEquals([...found.subarray(0, 8)], [3, 9, 19, 29, 3, 10, 19, 29]);
  assertEquals([...found.subarray(13 * 4, 14 * 4)], [3, 10, 20, 30]);
  assertEquals([...found.subarray(26 * 4)], [3, 11, 21, 31]);
});
