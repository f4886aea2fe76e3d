import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { HDL32, HDL64, type Sensor, WAYMO_TOP } from "./sensor.ts";

const SENSORS = { HDL64, HDL32, WAYMO_TOP };

/** Elevation of a ring in degrees. */
const degrees = ({ lasers }: Sensor, k: number) =>
  Math.atan2(lasers.sin[k]!, lasers.cos[k]!) * 180 / Math.PI;

Deno.test("HDL64 spans +2 to -24.8 degrees in two blocks", () => {
  assertAlmostEquals(degrees(HDL64, 0), 2, 1e-9);
  assertAlmostEquals(degrees(HDL64, 31), -8.333, 1e-3);
  assertAlmostEquals(degrees(HDL64, 32), -8.83, 1e-9);
  assertAlmostEquals(degrees(HDL64, 63), -24.8, 1e-9);
});

Deno.test("HDL32 and WAYMO_TOP span what their data sheets say", () => {
  assertAlmostEquals(degrees(HDL32, 0), 10.67, 1e-9);
  assertAlmostEquals(degrees(HDL32, 31), -30.67, 1e-9);
  assertAlmostEquals(degrees(WAYMO_TOP, 0), 2.4, 1e-9);
  assertAlmostEquals(degrees(WAYMO_TOP, 63), -17.6, 1e-9);
});

for (const [name, sensor] of Object.entries(SENSORS)) {
  Deno.test(`${name}: rings fall, directions have length 1, a mask for every firing`, () => {
    const { rings, columns, lasers, blind } = sensor;
    assertEquals(blind.length, rings * columns);
    for (let k = 0; k < rings; k++) {
      if (k > 0) assert(degrees(sensor, k) < degrees(sensor, k - 1));
      assertAlmostEquals(lasers.cos[k]! ** 2 + lasers.sin[k]! ** 2, 1, 1e-14);
    }
  });

  Deno.test(`${name} turns left from the x axis`, () => {
    const { azimuthCos, azimuthSin, columns } = sensor;
    assert(azimuthCos[0]! > 0.999 && azimuthSin[0]! > 0);
    assert(azimuthSin[Math.floor(columns / 4)]! > 0.999);
    assert(azimuthSin[columns - 1]! < 0);
  });
}

Deno.test("HDL64 hides 4 to 8 % of firings, none of them in the upper rings", () => {
  const { blind, columns } = HDL64;
  const hidden = blind.reduce((sum, b) => sum + b, 0) / blind.length;
  assert(hidden > 0.04 && hidden < 0.08, `${hidden}`);
  assertEquals(blind.subarray(0, 42 * columns).indexOf(1), -1);
});
