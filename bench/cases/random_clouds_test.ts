import { assertEquals, assertThrows } from "@std/assert";
import { Context, KernelMap } from "../../ffi/mod.ts";
import { LAYERS } from "../harness/scene.ts";
import { neighbourPairs, randomCloud } from "./random_clouds.ts";

const CLOUD = { from: "spira", voxels: 500, side: 12 } as const;

Deno.test("randomCloud() is sorted, distinct and inside", () => {
  const coords = randomCloud(CLOUD, 1);
  assertEquals(coords.length, 4 * CLOUD.voxels);
  const keys = Array.from({ length: CLOUD.voxels }, (_, i) => {
    const [b, x, y, z] = coords.subarray(4 * i, 4 * i + 4);
    assertEquals(b, 0);
    return (x! * CLOUD.side + y!) * CLOUD.side + z!;
  });
  assertEquals(keys, [...new Set(keys)].sort((a, b) => a - b));
  assertEquals(keys.every((key) => key < CLOUD.side ** 3), true);
});

Deno.test("randomCloud() refuses a cube that is too small", () => {
  assertThrows(() => randomCloud({ ...CLOUD, side: 9 }, 1), RangeError, "500 voxels in 729 cells");
});

Deno.test("neighbourPairs() counts the pairs of the kernel map", () => {
  const coords = randomCloud(CLOUD, 2);
  using ctx = new Context("cpu");
  using on = ctx.tensorFrom("i32", [CLOUD.voxels, 4], coords);
  using map = KernelMap.build(on, on, LAYERS.subm3);
  assertEquals(neighbourPairs(CLOUD, coords), map.pairCount);
});
