import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { sharedPath } from "../std/testing.ts";
import { occupancy } from "./voxels.ts";

const cloud = (...rows: [number, number, number][]) =>
  Float32Array.from(rows.flatMap(([x, y, z]) => [x, y, z, 0]));

Deno.test("occupancy() counts voxels and the occupied cells around each", () => {
  // Two points share a voxel; one voxel touches it by a corner; one is two voxels away.
  const points = cloud([0.1, 0.1, 0.1], [0.2, 0.2, 0.2], [-0.1, 1.1, -0.1], [2.5, 0.5, 0.5]);
  assertEquals(occupancy(points, 1), { voxels: 3, neighbours: 5 / 3 });
});

Deno.test("occupancy() does not take the end of one row for the start of the next", () => {
  assertEquals(occupancy(cloud([0, 0, 1], [0, 1, -1]), 1).neighbours, 1);
  assertEquals(occupancy(cloud([0, 3, 0], [1, 0, 0]), 1).neighbours, 1);
});

Deno.test("occupancy() is 27 inside a full block", () => {
  const rows: [number, number, number][] = [];
  for (let i = 0; i < 27; i++) rows.push([i % 3, Math.floor(i / 3) % 3, Math.floor(i / 9)]);
  // 1 centre of 27, 6 faces of 18, 12 edges of 12, 8 corners of 8.
  const expected = (27 + 6 * 18 + 12 * 12 + 8 * 8) / 27;
  assertAlmostEquals(occupancy(cloud(...rows), 1).neighbours, expected, 1e-12);
});

Deno.test("occupancy() refuses an extent it cannot number", () => {
  assertThrows(() => occupancy(cloud([0, 0, 0], [1e30, 1e30, 1e30]), 0.05), RangeError, "2^53");
});

Deno.test("occupancy() gives the published figures of real scans", () => {
  for (
    const [sequence, size, voxels, neighbours] of [
      ["00", 0.05, 91767, 3.77],
      ["00", 0.1, 60152, 6.05],
      ["08", 0.05, 94444, 3.01],
      ["08", 0.1, 68642, 4.45],
    ] as const
  ) {
    const path = sharedPath(`data/semantickitti/sequences/${sequence}/velodyne/000000.bin`);
    if (path === undefined) return;
    const found = occupancy(new Float32Array(Deno.readFileSync(path).buffer), size);
    assertEquals(found.voxels, voxels);
    assertAlmostEquals(found.neighbours, neighbours, 0.005);
  }
});
