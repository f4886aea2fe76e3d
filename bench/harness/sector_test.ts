import { assertEquals } from "@std/assert";
import { pointsInSector } from "./sector.ts";

Deno.test("pointsInSector() keeps whole rows around the x axis, on both sides of it", () => {
  const points = Float32Array.of(10, 1, 0, 10, -1, 1, -10, 0, 2, 1, 1, 3);
  assertEquals([...pointsInSector(points, 3, 30)], [10, 1, 0, 10, -1, 1]);
  assertEquals([...pointsInSector(points, 3, 100)], [10, 1, 0, 10, -1, 1, 1, 1, 3]);
  assertEquals(pointsInSector(points, 3, 360), points);
});
