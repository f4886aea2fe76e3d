import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Scan } from "../scan.ts";
import { simulateScan, SYNTH_INFO } from "./mod.ts";
import { density } from "./statistics.ts";

const scans = new Map<string, Scan>();

/** Scans are simulated once for all tests. */
function scanOf(seed: number, index: number): Scan {
  const key = `${seed} ${index}`;
  const scan = scans.get(key) ?? simulateScan(seed, index);
  scans.set(key, scan);
  return scan;
}

const SAMPLE = [[1, 0], [1, 1], [2, 0], [2, 1], [3, 0], [3, 1]] as const;

for (const [seed, index] of SAMPLE) {
  Deno.test(`simulateScan(${seed}, ${index}) has the density of a real scan`, () => {
    const { points } = scanOf(seed, index);
    const n = points.length / 4;
    const { voxels, neighbours } = density(points, 0.05);
    assert(n >= 110_000 && n <= 130_000, `${n} points`);
    assert(voxels >= 75_000 && voxels <= 100_000, `${voxels} voxels`);
    assert(neighbours >= 2.8 && neighbours <= 5.5, `${neighbours} neighbours`);
  });

  Deno.test(`simulateScan(${seed}, ${index}) has the classes of a real street`, () => {
    const semantic = scanOf(seed, index).semantic!;
    const share = (...ids: number[]) =>
      semantic.reduce((sum, id) => sum + (ids.includes(id) ? 1 : 0), 0) / semantic.length;
    const between = (value: number, low: number, high: number, what: string) =>
      assert(value >= low && value <= high, `${what}: ${value}`);
    // Both real scans have more ground than half: 54 and 67 %.
    between(share(40, 44, 48, 60, 72), 0.35, 0.7, "ground");
    between(share(40, 44, 60), 0.2, 0.5, "road");
    between(share(70, 71), 0.12, 0.5, "vegetation");
    between(share(50), 0.05, 0.35, "building");
    for (const id of [10, 30, 31, 80]) between(share(id), 1e-5, 0.2, SYNTH_INFO.classes[id]!);
    assert(semantic.every((id) => SYNTH_INFO.classes[id] !== undefined));
  });

  Deno.test(`simulateScan(${seed}, ${index}) has a box around the points of each thing`, () => {
    assertBoxes(scanOf(seed, index));
  });
}

/** Every instance has one box of its class, which holds its points but for their noise. */
function assertBoxes({ points, semantic, instance, boxes }: Scan): void {
  const row = new Map(Array.from(boxes!.instance, (id, i) => [id, i]));
  assertEquals(row.size, boxes!.instance.length);
  const seen = new Set<number>();
  for (let k = 0; k < instance!.length; k++) {
    const thing = [10, 11, 18, 30, 31].includes(semantic![k]!);
    assertEquals(instance![k] !== 0, thing);
    if (!thing) continue;
    const i = row.get(instance![k]!)!;
    seen.add(i);
    assertEquals(boxes!.semantic[i], semantic![k]);
    const outside = distanceOutside(points.subarray(4 * k), boxes!.geometry.subarray(7 * i));
    assert(outside < 0.1, `point ${k} is ${outside} m outside of its box`);
  }
  assertEquals(seen.size, row.size);
}

/** How far a point lies outside of a box along its worst axis, in metres; negative inside. */
function distanceOutside(point: Float32Array, box: Float32Array): number {
  const dx = point[0]! - box[0]!;
  const dy = point[1]! - box[1]!;
  const c = Math.cos(box[6]!);
  const s = Math.sin(box[6]!);
  return Math.max(
    Math.abs(dx * c + dy * s) - box[3]! / 2,
    Math.abs(dy * c - dx * s) - box[4]! / 2,
    Math.abs(point[2]! - box[2]!) - box[5]! / 2,
  );
}

Deno.test("simulateScan() gives the same bytes for the same seed and index", () => {
  assertEquals(simulateScan(2, 1), scanOf(2, 1));
});

Deno.test("simulateScan() gives these bytes on every machine for this version", async () => {
  // When a change moves this hash, SYNTH_INFO.version moves with it: scores depend on the scans.
  const { points, semantic, instance, boxes } = scanOf(1, 0);
  const parts = [points, semantic!, instance!, boxes!.geometry];
  const bytes = new Blob(parts.map((part) => new Uint8Array(part.buffer as ArrayBuffer)));
  const digest = await crypto.subtle.digest("SHA-256", await bytes.arrayBuffer());
  assertEquals(SYNTH_INFO.version, 1);
  assertEquals(
    new Uint8Array(digest).toHex(),
    "1a5eaf4d5bfea8bf6f183f32cb2861a24a48698fccc19a03954582cf94b32569",
  );
});

Deno.test("simulateScan() refuses seeds and indices that are out of range", () => {
  assertThrows(() => simulateScan(0.5, 0), RangeError, "Cannot simulate a scan: seed is 0.5");
  assertThrows(() => simulateScan(1, -1), RangeError, "Cannot simulate a scan: index is -1");
});
