import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { TestFolder } from "../../std/testing.ts";
import { openScans } from "../arrow_scans.ts";
import { convert } from "../convert.ts";
import type { ConvertOptions } from "../dataset.ts";
import { compose, invert, movePoints } from "../matrix34.ts";
import { datasetNamed } from "../registry.ts";
import type { Scan } from "../scan.ts";
import { verify } from "../verify.ts";
import { CLASS_NAMES, type ClassNames, type FullScan, simulated } from "./raw_twin.ts";
import { rawTwinNamed } from "./registry.ts";
import { WAYMO_COLUMNS, WAYMO_INCLINATIONS } from "./waymo.ts";

const SEED = 3;

/** What the converter makes of the raw files that the twin writes: two scans, found sound. */
async function roundTrip(
  format: string,
  options: Partial<ConvertOptions> = {},
): Promise<{ scans: Scan[]; classes: Readonly<Record<number, string>> }> {
  using folder = new TestFolder();
  const [src, out] = [`${folder.path}/raw`, `${folder.path}/out`];
  await rawTwinNamed(format).write(src, 2, SEED, () => {});
  const names = Array.from(Deno.readDirSync(folder.path), ({ name }) => name);
  assertEquals(names, ["raw"]);
  const warn = (text: string) => assert(false, text);
  await convert(datasetNamed(format), src, out, { dropInvalid: false, ...options, warn });
  assertEquals((await verify(out, () => {})).problems, []);
  using source = await openScans(out);
  const scans = await Array.fromAsync(source);
  assertEquals(scans.length, 2);
  return { scans, classes: source.metadata.classes };
}

function assertClose(found: ArrayLike<number>, expected: ArrayLike<number>, within: number): void {
  assertEquals(found.length, expected.length);
  for (let i = 0; i < found.length; i++) {
    const error = Math.abs(found[i]! - expected[i]!);
    if (!(error <= within)) throw new Error(`value ${i} is ${found[i]}, not ${expected[i]}`);
  }
}

/** Boxes are equal up to rounding; angles may differ by full turns. */
function assertBoxes(found: Scan, { boxes }: FullScan, within: number): void {
  const turned = found.boxes!.geometry.map((value, i) =>
    i % 7 === 6
      ? value - 2 * Math.PI * Math.round((value - boxes.geometry[i]!) / (2 * Math.PI))
      : value
  );
  assertClose(turned, boxes.geometry, within);
}

/** The class names that ids stand for are those of the simulator's ids. */
function assertClasses(
  found: Uint16Array,
  expected: Uint16Array,
  classes: Readonly<Record<number, string>>,
  nameOf: (names: ClassNames) => string,
): void {
  assertEquals(found.length, expected.length);
  const wrong = found.findIndex((id, i) => classes[id] !== nameOf(CLASS_NAMES.get(expected[i]!)!));
  assertEquals(wrong, -1, `entry ${wrong} is ${classes[found[wrong]!]}`);
}

Deno.test("the SemanticKITTI twin comes back with the same points, labels and poses", async () => {
  const { scans } = await roundTrip("semantickitti");
  scans.forEach((scan, i) => {
    const { points, semantic, instance, pose } = simulated(SEED, i);
    assertEquals(scan.points, points);
    assertEquals(scan.semantic, semantic);
    assertEquals(scan.instance, instance);
    assertClose(scan.pose!, pose, 1e-12);
  });
});

Deno.test("the KITTI object twin comes back with the same points and boxes", async () => {
  const { scans, classes } = await roundTrip("kitti-object");
  scans.forEach((scan, i) => {
    const expected = simulated(SEED, i);
    assertEquals(scan.points, expected.points);
    assertBoxes(scan, expected, 1e-5);
    assertClasses(scan.boxes!.semantic, expected.boxes.semantic, classes, ({ kitti }) => kitti);
    assertEquals([...scan.cameras!.size], [1242, 375]);
  });
});

Deno.test("the KITTI raw twin comes back with the same points, boxes and motion", async () => {
  const { scans, classes } = await roundTrip("kitti-raw");
  const [first, second] = [simulated(SEED, 0), simulated(SEED, 1)];
  [first, second].forEach((expected, i) => {
    assertEquals(scans[i]!.points, expected.points);
    assertBoxes(scans[i]!, expected, 1e-5);
    assertClasses(scans[i]!.boxes!.semantic, expected.boxes.semantic, classes, (n) => n.kitti);
  });
  const moved = (from: Float64Array, to: Float64Array) => compose(invert(from), to);
  // Metres: longitudes of 1e-5 degrees have 1e-16 of rounding, and the Earth 6e6 m.
  assertClose(moved(scans[0]!.pose!, scans[1]!.pose!), moved(first.pose, second.pose), 1e-6);
});

Deno.test("the nuScenes twin comes back with the same points, labels, boxes and poses", async () => {
  const { scans, classes } = await roundTrip("nuscenes");
  scans.forEach((scan, i) => {
    const expected = simulated(SEED, 2 * i);
    assertEquals(scan.points, expected.points);
    assertClasses(scan.semantic!, expected.semantic, classes, ({ nuscenes }) => nuscenes);
    assertClose(scan.pose!, expected.pose, 1e-9);
    assertBoxes(scan, expected, 1e-5);
    const names = ({ nuscenes }: ClassNames) => nuscenes;
    assertClasses(scan.boxes!.semantic, expected.boxes.semantic, classes, names);
    const { names: cameras, fromSensor, size } = scan.cameras!;
    assertEquals([cameras.length, scan.images!.length, ...size.subarray(0, 2)], [6, 6, 1600, 900]);
    // The front camera is 0.56 m before the LiDAR and 0.34 m below it: right, down, ahead.
    const front = fromSensor.subarray(12 * cameras.indexOf("CAM_FRONT")).slice(0, 12);
    assertClose(front, Float64Array.of(0, -1, 0, 0, 0, 0, -1, -0.34, 1, 0, 0, -0.56), 1e-9);
  });
});

Deno.test("nuScenes sweeps are moved into the frame of the scan, without points near them", async () => {
  const { scans } = await roundTrip("nuscenes", { sweeps: 2 });
  const far = (points: Float32Array) =>
    points.filter((_, i) =>
      Math.abs(points[i - i % 4]!) >= 1 || Math.abs(points[i - i % 4 + 1]!) >= 1
    );
  const [key, before] = [simulated(SEED, 2), simulated(SEED, 1)];
  const own = far(key.points);
  const moved = far(before.points);
  movePoints(compose(invert(key.pose), before.pose), moved);
  const { points, features, semantic } = scans[1]!;
  assertEquals(points.subarray(0, own.length), own);
  assertClose(points.subarray(own.length), moved, 2e-5);
  assertEquals(features![1], 0);
  assertAlmostEquals(features!.at(-1)!, 0.25, 1e-6);
  assertEquals(semantic!.at(-1), 255);
  assertEquals(scans[0]!.points, far(simulated(SEED, 0).points), "the first sample has no sweep");
});

Deno.test("the Waymo twin comes back with its points where their pixels are", async () => {
  const { scans, classes } = await roundTrip("waymo");
  const rows = WAYMO_INCLINATIONS.map((value, i) => Math.abs(value - WAYMO_INCLINATIONS[i - 1]!));
  // Half a pixel each way; points above the highest row are off by the height of their laser.
  const angle = Math.hypot(Math.max(...rows.slice(1)), 2 * Math.PI / WAYMO_COLUMNS) / 2;
  scans.forEach((scan, i) => {
    const expected = simulated(SEED, i);
    assertEquals(scan.semantic!.length, scan.points.length / 4);
    assertLess(0.9, scan.points.length / expected.points.length);
    assertBoxes(scan, expected, 0);
    assertClose(scan.pose!, expected.pose, 0);
    assertEquals(classes[scan.boxes!.semantic[0]!]!.startsWith("box-"), true);
    let within = 0;
    const place = rangeIndex(expected.points);
    for (let k = 0; k < scan.points.length; k += 4) {
      const point = scan.points.subarray(k, k + 4);
      const range = Math.hypot(point[0]!, point[1]!, point[2]!);
      const near = place.get(range.toFixed(3)) ?? [];
      const reach = range * angle + 1e-3;
      if (near.some((other) => Math.hypot(...other.map((v, a) => v - point[a]!)) <= reach)) {
        within++;
      }
    }
    assertLess(0.95, within / (scan.points.length / 4));
  });
});

Deno.test("Waymo's earlier frames are moved into the frame of the scan", async () => {
  const [{ scans }, { scans: alone }] = [
    await roundTrip("waymo", { sweeps: 2 }),
    await roundTrip("waymo"),
  ];
  const [first, second] = alone as [Scan, Scan];
  assertEquals(scans[0]!.points, first.points, "the first frame has none before it");
  const moved = first.points.slice();
  movePoints(compose(invert(second.pose!), first.pose!), moved);
  const own = second.points.length;
  assertEquals(scans[1]!.points.subarray(0, own), second.points);
  assertEquals(scans[1]!.points.subarray(own), moved);
  assertAlmostEquals(
    scans[1]!.features!.at(-1)!,
    (second.time! - first.time!) / 1e6,
    1e-6,
  );
});

/** Points by their range in millimetres. */
function rangeIndex(points: Float32Array): Map<string, number[][]> {
  const index = new Map<string, number[][]>();
  for (let i = 0; i < points.length; i += 4) {
    const point = Array.from(points.subarray(i, i + 3));
    for (const shift of [-1e-3, 0, 1e-3]) {
      const key = (Math.hypot(...point) + shift).toFixed(3);
      const entry = index.get(key);
      if (entry === undefined) index.set(key, [point]);
      else entry.push(point);
    }
  }
  return index;
}

Deno.test("the PandaSet twin comes back with the same points, labels and boxes", async () => {
  const { scans, classes } = await roundTrip("pandaset");
  scans.forEach((scan, i) => {
    const expected = simulated(SEED, i);
    assertClose(scan.points, expected.points, 1e-5);
    assertClasses(scan.semantic!, expected.semantic, classes, ({ pandaset }) => pandaset);
    assertBoxes(scan, expected, 1e-5);
    assertClasses(scan.boxes!.semantic, expected.boxes.semantic, classes, (n) => n.pandaset);
    assertClose(scan.pose!, expected.pose, 1e-9);
  });
});
