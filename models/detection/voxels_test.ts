import { assertEquals, assertThrows } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { InputError } from "../../std/errors.ts";
import type { DetectionRange } from "../nets/detection_range.ts";
import { DetectionVoxels } from "./voxels.ts";

const RANGE: DetectionRange = {
  low: [0, -1, 0],
  high: [2, 1, 1],
  voxel: [0.5, 0.5, 0.5],
  maxPoints: 2,
  maxVoxels: 3,
};

function voxelsOf(points: number[][]): { coords: number[]; feats: number[] } {
  using ctx = new Context("cpu", { threads: 1 });
  const flat = Float32Array.from(points.flat());
  using voxels = DetectionVoxels.of(ctx, flat, 4, RANGE, "the scan");
  return { coords: [...voxels.coords.download()], feats: [...voxels.feats.download()] };
}

Deno.test("DetectionVoxels averages the first points of a voxel and drops those outside", () => {
  const found = voxelsOf([
    [1.2, 0.1, 0.2, 4],
    [1.3, 0.3, 0.4, 8],
    [1.4, 0.2, 0.3, 100],
    [-0.01, 0, 0, 1],
    [2, 0, 0, 1],
    [0, -1, 0.5, 2],
  ]);
  assertEquals(found.coords, [0, 0, 0, 1, 0, 2, 2, 0]);
  assertEquals(found.feats, [0, -1, 0.5, 2, ...[1.25, 0.2, 0.3, 6].map(Math.fround)]);
});

Deno.test("DetectionVoxels keeps the voxels that come first in the scan, sorted", () => {
  const at = [1.6, 0.6, 1.1, 0.1].map((x) => [x, 0, 0, x]);
  assertEquals(voxelsOf(at).coords, [0, 1, 2, 0, 0, 2, 2, 0, 0, 3, 2, 0]);
});

Deno.test("DetectionVoxels takes scans with nothing in the range, and refuses NaN", () => {
  assertEquals(voxelsOf([]), { coords: [], feats: [] });
  assertEquals(voxelsOf([[9, 9, 9, 9]]), { coords: [], feats: [] });
  const error = assertThrows(() => voxelsOf([[0, NaN, 0, 0]]), InputError);
  assertEquals(error.message, "Cannot run a network on the scan: point 0 has the coordinate NaN");
});
