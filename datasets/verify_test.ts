import { assertEquals, assertStringIncludes } from "@std/assert";
import { TestFolder } from "../std/testing.ts";
import { writeScans } from "./arrow_writer.ts";
import { bareScan, fullScan, inputError, TINY } from "./test_scans.ts";
import { convert } from "./convert.ts";
import { FileChecks, scanProblems } from "./scan_checks.ts";
import { semanticKitti } from "./semantic_kitti.ts";
import { verify } from "./verify.ts";

const noTick = () => {};

Deno.test("verify() finds nothing in good files and counts them", async () => {
  using folder = new TestFolder();
  await writeScans(`${folder.path}/a.arrow`, TINY, [fullScan("a"), bareScan("b")]);
  await writeScans(`${folder.path}/b.arrow`, TINY, [fullScan("c")]);
  const { files, scans, problems } = await verify(folder.path, noTick);
  assertEquals({ files, scans, problems }, { files: 2, scans: 3, problems: [] });
});

Deno.test("verify() names the file and scan of each problem", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.arrow`;
  const points = Float32Array.of(1, 2, 3, 4, 1, Infinity, 3, 4);
  await writeScans(path, TINY, [bareScan("a"), { id: "a", points }]);
  const { problems } = await verify(path, noTick);
  assertEquals(problems, [
    `${path} scan 1 ("a"): point 1 has a value that is not finite`,
    `${path} scan 1 ("a"): its id is also that of ${path} scan 0`,
  ]);
});

Deno.test("verify() rejects with an InputError what it cannot decode", async () => {
  using folder = new TestFolder();
  const text = folder.write("a.arrow", "not an arrow file");
  assertStringIncludes(await inputError(() => verify(text, noTick)), "Cannot read");
});

Deno.test("scanProblems() checks lengths, classes, poses and boxes", () => {
  const scan = fullScan("a");
  assertEquals(scanProblems(scan, TINY), []);
  assertEquals(scanProblems({ id: "", points: new Float32Array(0) }, TINY), [
    "it has no points, and at least one is needed",
    "its id is empty",
  ]);
  assertEquals(scanProblems({ ...scan, semantic: Uint16Array.of(10, 11) }, TINY), [
    "it has 3 points and 2 semantic labels",
    "class 11 is unknown: point 1 has it, 1 in all",
  ]);
  assertEquals(
    scanProblems({ ...scan, pose: new Float64Array(12).fill(NaN) }, TINY),
    ["its pose has a value that is not finite"],
  );
  const boxes = {
    geometry: Float32Array.of(0, 0, 0, 1, 0, 1, 0, NaN, 0, 0, 1, 1, 1, 0),
    semantic: Uint16Array.of(10, 3),
    instance: Uint16Array.of(1, 2),
  };
  assertEquals(scanProblems({ ...scan, boxes }, TINY), [
    "class 3 is unknown: box 1 has it, 1 in all",
    "box 0 has the size 1 x 0 x 1 m",
    "box 1 has a value that is not finite",
  ]);
});

Deno.test("verify() holds the files of a folder against its manifest", async () => {
  using folder = new TestFolder();
  const points = new Float32Array(8).fill(1);
  for (const frame of ["000000", "000001"]) {
    folder.write(`src/sequences/00/velodyne/${frame}.bin`, points);
  }
  const out = `${folder.path}/out`;
  const options = { dropInvalid: false, shardScans: 1, warn: () => {} };
  const { paths } = await convert(semanticKitti, `${folder.path}/src`, out, options);
  const problems = async () => (await verify(out, noTick)).problems;
  assertEquals(await problems(), []);

  const [first, second] = paths as [string, string];
  const whole = await Deno.readFile(first);
  const changed = whole.slice();
  const ones = [0x80, 0x3f, 0, 0, 0x80, 0x3f];
  const at = changed.findIndex((_, i) => ones.every((byte, k) => changed[i + k] === byte));
  changed[at] = 0x81; // a coordinate, 1.0, becomes another
  await Deno.writeFile(first, changed);
  assertStringIncludes((await problems()).join(), "does not have the checksum it was written with");
  await Deno.writeFile(first, whole);
  await Deno.copyFile(first, `${out}/semantickitti-copy.arrow`);
  assertStringIncludes((await problems()).join(), '"semantickitti-copy.arrow" is there and not');
  await Deno.remove(`${out}/semantickitti-copy.arrow`);
  await Deno.remove(second);
  assertStringIncludes((await problems()).join(), "which is not there");

  const manifest = `${out}/semantickitti.manifest.json`;
  const text = await Deno.readTextFile(manifest);
  await Deno.writeTextFile(manifest, text.replace('"complete": true', '"complete": false'));
  assertStringIncludes((await problems()).join(), "the conversion did not end");
  await Deno.writeTextFile(manifest, text.replace(/"file": "/, '"file": "../'));
  assertStringIncludes(await inputError(() => verify(out, noTick)), "shards.0.file");
  await Deno.writeTextFile(manifest, text.slice(0, 50));
  assertStringIncludes(await inputError(() => verify(out, noTick)), "it is not JSON");
});

Deno.test("scanProblems() finds damaged images, cameras and transforms", () => {
  const scan = fullScan("a");
  const cameras = scan.cameras!;
  const cut = scan.images![0]!.subarray(0, 60);
  assertStringIncludes(
    scanProblems({ ...scan, images: [cut, new Uint8Array(0)] }, TINY).join(),
    "the PNG image is cut off",
  );
  const size = Uint16Array.of(6, 48, 60, 40);
  assertEquals(scanProblems({ ...scan, cameras: { ...cameras, size } }, TINY), [
    'camera "front" has its centre (32, 24) outside 6 x 48 pixels',
    "image 0 is 64 x 48 pixels, not 6 x 48",
  ]);
  const fromSensor = cameras.fromSensor.map((value) => 2 * value);
  assertEquals(scanProblems({ ...scan, cameras: { ...cameras, fromSensor } }, TINY), [
    'camera "front" does not rotate: rows 0 and 0 have the product 4.0000',
    'camera "back" does not rotate: rows 0 and 0 have the product 4.0000',
  ]);
});

Deno.test("FileChecks finds boxes beside their points and cameras that see none", () => {
  const scan = fullScan("a");
  const far = scan.boxes!.geometry.map((value, i) => i === 0 ? 100 : value);
  const away = scan.cameras!.fromSensor.map((value, i) => i < 12 && i % 12 >= 8 ? -value : value);
  const checks = new FileChecks(TINY);
  checks.add({
    ...scan,
    boxes: { ...scan.boxes!, geometry: far },
    cameras: { ...scan.cameras!, fromSensor: away },
  });
  assertEquals(checks.problems(), [
    '1 of 1 boxes hold no point, the first is box 0 of scan "a": boxes and points are not in the ' +
    "same frame",
    'camera "front" sees no point of any scan: its calibration',
  ]);
  const sound = new FileChecks(TINY);
  sound.add(scan);
  assertEquals(sound.problems(), []);
  assertEquals(sound.boxes, { expected: 1, empty: 0 });
});
