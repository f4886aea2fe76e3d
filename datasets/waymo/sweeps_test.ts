import { assertAlmostEquals, assertEquals } from "@std/assert";
import type { Scan } from "../scan.ts";
import { joinSweeps } from "./sweeps.ts";

/** A frame with one point, at a place along x, facing along y. */
const frame = (microseconds: number, x: number, point: readonly number[]): Scan => ({
  id: `segment/${microseconds}`,
  points: Float32Array.from(point),
  features: Float32Array.of(0.25, 1, 2, 1, 0),
  semantic: Uint16Array.of(7),
  instance: Uint16Array.of(3),
  time: microseconds,
  pose: Float64Array.of(0, -1, 0, x, 1, 0, 0, 0, 0, 0, 1, 0),
});

Deno.test("joinSweeps() moves earlier points into the newest frame and says how old they are", () => {
  const [newest, earlier] = [
    frame(1_600_000, 5, [1, 2, 3, 0.5]),
    frame(1_500_000, 4, [4, 0, 1, 0.7]),
  ];
  const { id, points, features, semantic, instance } = joinSweeps([newest, earlier]);
  assertEquals(id, newest.id);
  // The vehicle moved to its right by 1 m: what was there is 1 m further left.
  assertEquals([...points], [1, 2, 3, 0.5, 4, 1, 1, Math.fround(0.7)]);
  assertEquals([...features!.subarray(0, 5)], [0.25, 1, 2, 1, 0]);
  assertAlmostEquals(features![9]!, 0.1, 1e-6);
  assertEquals([[...semantic!], [...instance!]], [[7, 0], [3, 0]]);
  assertEquals(earlier.points[1], 0, "what is joined is not changed");
  assertEquals(joinSweeps([newest]), newest);
});
