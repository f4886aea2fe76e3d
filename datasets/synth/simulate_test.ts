import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { CLASS } from "./classes.ts";
import { simulateScan } from "./mod.ts";
import { RANGE_NOISE, sweep } from "./simulate.ts";
import { Random } from "./random.ts";
import { Scene, upright } from "./scene.ts";
import { HDL32, HDL64, WAYMO_TOP } from "./sensor.ts";
import { flatWorld, standing, WALL } from "./test_worlds.ts";

/** The sensor inside a ring of four walls 10 m away, on a flat road. */
function courtyard(): Scene {
  const scene = new Scene();
  for (const [x, y] of [[1, 0], [-1, 0], [0, 1], [0, -1]] as const) {
    const thick = upright(0, 0, -1, 6, x === 0 ? 24 : 1, x === 0 ? 1 : 24);
    scene.box(standing(10.5 * x, 10.5 * y), thick, WALL);
  }
  return scene;
}

Deno.test("sweep() returns nearly every firing that the ego vehicle does not hide", () => {
  const { points, semantic, instance } = sweep(flatWorld(courtyard()), new Random(1));
  const seen = HDL64.rings * HDL64.columns - HDL64.blind.reduce((sum, b) => sum + b, 0);
  const share = semantic.length / seen;
  assert(share > 0.98 && share < 1, `${share}`);
  assertEquals(points.length, 4 * semantic.length);
  assert(instance.every((id) => id === 0));
});

Deno.test("sweep() is the same for the same stream and differs in noise for another", () => {
  const world = flatWorld(courtyard());
  const first = sweep(world, new Random(1));
  assertEquals(sweep(world, new Random(1)), first);
  const other = sweep(world, new Random(2));
  assert(other.points.some((value, i) => value !== first.points[i]));
});

Deno.test("sweep() spreads the points of a wall by the noise of range and wall", () => {
  const { points, semantic } = sweep(flatWorld(courtyard()), new Random(1));
  let n = 0;
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < semantic.length; i++) {
    const x = points[4 * i]!;
    const y = points[4 * i + 1]!;
    if (semantic[i] !== CLASS.building || x < 9 || Math.abs(y) > 1) continue;
    n++;
    sum += x - 10;
    squares += (x - 10) ** 2;
  }
  assert(n > 1000);
  assertAlmostEquals(sum / n, 0, 0.006);
  // Along x: the pulse's noise and the spread of the lasers' biases.
  const biases = Math.sqrt(HDL64.lasers.bias.reduce((total, b) => total + b * b, 0) / HDL64.rings);
  const expected = Math.sqrt(RANGE_NOISE ** 2 + biases ** 2);
  const measured = Math.sqrt(squares / n - (sum / n) ** 2);
  assert(measured > 0.7 * expected && measured < 1.3 * expected, `${measured} of ${expected}`);
});

Deno.test("sweep() lists rings from the top and each ring to the left", () => {
  const { points } = sweep(flatWorld(courtyard()), new Random(1));
  let turns = 0;
  let last = -1;
  for (let i = 0; i < points.length; i += 4) {
    const azimuth = Math.atan2(points[i + 1]!, points[i]!);
    const turned = azimuth < 0 ? azimuth + 2 * Math.PI : azimuth;
    if (turned < last - Math.PI) turns++;
    last = turned;
  }
  assertEquals(turns, HDL64.rings - 1);
  assert(points[2]! > points[points.length - 2]!);
});

Deno.test("sweep() gives intensities in hundredths from 0 to 1", () => {
  const { points } = sweep(flatWorld(courtyard()), new Random(1));
  for (let i = 3; i < points.length; i += 4) {
    const value = points[i]!;
    assert(value >= 0 && value <= 1);
    assertAlmostEquals(value * 100, Math.round(value * 100), 1e-4);
  }
});

Deno.test("simulateScan() gives about the points of nuScenes' and of Waymo's scans", () => {
  // nuScenes keeps about 34,700 points a sweep, the car's own among them; Waymo's top about 150,000.
  const count = (sensor: typeof HDL32) => simulateScan(1, 0, sensor).points.length / 4;
  const [few, many] = [count(HDL32), count(WAYMO_TOP)];
  assert(few > 18_000 && few < 34_688, `${few}`);
  assert(many > 110_000 && many < 169_600, `${many}`);
});
