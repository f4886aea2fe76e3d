import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { AZIMUTH_COS, AZIMUTH_SIN, BLIND, COLUMNS, elevation, LASERS, RINGS } from "./sensor.ts";

Deno.test("elevation() spans +2 to -24.8 degrees and falls from ring to ring", () => {
  const degrees = (k: number) => elevation(k) * 180 / Math.PI;
  assertAlmostEquals(degrees(0), 2, 1e-9);
  assertAlmostEquals(degrees(31), -8.333, 1e-3);
  assertAlmostEquals(degrees(32), -8.83, 1e-9);
  assertAlmostEquals(degrees(63), -24.8, 1e-9);
  for (let k = 1; k < RINGS; k++) assert(elevation(k) < elevation(k - 1));
});

Deno.test("LASERS holds unit directions for every ring", () => {
  for (let k = 0; k < RINGS; k++) {
    assertAlmostEquals(LASERS.cos[k]! ** 2 + LASERS.sin[k]! ** 2, 1, 1e-14);
  }
});

Deno.test("AZIMUTH_COS and AZIMUTH_SIN turn left from the x axis", () => {
  assert(AZIMUTH_COS[0]! > 0.999 && AZIMUTH_SIN[0]! > 0);
  assert(AZIMUTH_SIN[COLUMNS / 4]! > 0.999);
  assert(AZIMUTH_SIN[COLUMNS - 1]! < 0);
});

Deno.test("BLIND hides 4 to 8 % of firings, none of them in the upper rings", () => {
  const hidden = BLIND.reduce((sum, b) => sum + b, 0) / BLIND.length;
  assert(hidden > 0.04 && hidden < 0.08, `${hidden}`);
  assertEquals(BLIND.subarray(0, 42 * COLUMNS).indexOf(1), -1);
});
