import { assertEquals } from "@std/assert";
import { density, histogram, ranges, ringStarts } from "./statistics.ts";

Deno.test("density() counts voxels once and neighbours with themselves", () => {
  // Two points in one voxel, one in the next along x, one alone: (2 + 2 + 1) / 3 neighbours.
  const points = Float32Array.of(0.1, 0, 0, 1, 0.2, 0, 0, 1, 1.1, 0, 0, 1, -5, 3, 0, 1);
  assertEquals(density(points, 1), { voxels: 3, neighbours: 5 / 3 });
});

Deno.test("histogram() counts from each edge to below the next", () => {
  assertEquals(histogram(Float64Array.of(-1, 0, 0.5, 1, 2), [0, 1, 2]), [40, 20]);
});

Deno.test("ranges() measures from the sensor", () => {
  assertEquals(ranges(Float32Array.of(3, 4, 12, 0.5)), Float64Array.of(13));
});

Deno.test("ringStarts() finds the wrap of the azimuth ahead, not behind", () => {
  const points = [[9, 1], [-9, 1], [-9, -1], [9, -1], [8, 1], [8, -1]];
  assertEquals(ringStarts(Float32Array.from(points.flatMap(([x, y]) => [x!, y!, 0, 0]))), [0, 4]);
});
