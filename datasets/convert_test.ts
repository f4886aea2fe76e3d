import { assert, assertAlmostEquals, assertEquals, assertStringIncludes } from "@std/assert";
import { sharedPath, TestFolder } from "../std/testing.ts";
import { openScans } from "./arrow_scans.ts";
import { convert, type Converted, type OutputOptions } from "./convert.ts";
import type { ConvertOptions, Dataset } from "./dataset.ts";
import { kittiObject } from "./kitti_object.ts";
import { apply } from "./matrix34.ts";
import type { Cameras, Scan } from "./scan.ts";
import { semanticKitti } from "./semantic_kitti.ts";
import { inputError } from "./test_scans.ts";

const POINTS = Float32Array.of(1, 2, 3, 0.1, 4, 5, 6, 0.2, 7, 8, 9, 0.3);
const CALIB = "P0: 0\nTr: 0 -1 0 0 0 0 -1 0 1 0 0 0.5\n";

/** A sequence "00" of two labelled scans, with one pose. */
function sequence(folder: TestFolder): string {
  for (const frame of ["000000", "000001"]) {
    folder.write(`src/sequences/00/velodyne/${frame}.bin`, POINTS);
    folder.write(
      `src/sequences/00/labels/${frame}.label`,
      Uint32Array.of(0, (7 << 16) | 10, 40),
    );
  }
  folder.write("src/sequences/00/calib.txt", CALIB);
  folder.write("src/sequences/00/poses.txt", "1 0 0 1 0 1 0 2 0 0 1 3\n");
  return `${folder.path}/src`;
}

interface Run extends Converted {
  readonly warnings: string[];
  readonly written: Scan[];
}

async function run(
  dataset: Dataset,
  src: string,
  folder: TestFolder,
  options: Partial<ConvertOptions & OutputOptions> = {},
): Promise<Run> {
  const warnings: string[] = [];
  const warn = (text: string) => warnings.push(text);
  const out = `${folder.path}/out`;
  const converted = await convert(dataset, src, out, { dropInvalid: false, ...options, warn });
  using source = await openScans(out);
  return { ...converted, warnings, written: await Array.fromAsync(source) };
}

/** The error of a conversion, after which no output is left. */
async function failure(
  dataset: Dataset,
  src: string,
  folder: TestFolder,
  options: Partial<ConvertOptions & OutputOptions> = {},
): Promise<string> {
  const message = await inputError(() => run(dataset, src, folder, options));
  const names = [...Deno.readDirSync(folder.path)].map((entry) => entry.name);
  assert(!names.includes("out"), "the output folder is left behind");
  return message;
}

Deno.test("convert() turns SemanticKITTI into a file a sequence, with labels and poses", async () => {
  using folder = new TestFolder();
  const { paths, scans, written, warnings } = await run(semanticKitti, sequence(folder), folder);
  assertEquals(paths, [`${folder.path}/out/semantickitti-00.arrow`]);
  assertEquals(scans, 2);
  const [first, second] = written;
  assertEquals(first!.id, "00/000000");
  assertEquals(first!.points, POINTS);
  assertEquals(first!.semantic, Uint16Array.of(0, 10, 40));
  assertEquals(first!.instance, Uint16Array.of(0, 7, 0));
  // A camera's (right, down, forward) = (1, 2, 3) is the sensor's (forward, left, up) = (3, -1, -2).
  assertEquals(first!.pose, Float64Array.of(1, 0, 0, 3, 0, 1, 0, -1, 0, 0, 1, -2));
  assertEquals(second!.pose, undefined);
  assertEquals(warnings.length, 1);
  assertStringIncludes(warnings[0]!, "has 1 line: 1 scan without a pose");
});

Deno.test("convert() reads a SemanticKITTI test sequence, which has no labels or poses", async () => {
  using folder = new TestFolder();
  folder.write("src/sequences/11/velodyne/000000.bin", POINTS);
  const { written, warnings } = await run(semanticKitti, `${folder.path}/src`, folder);
  assertEquals(written, [{ id: "11/000000", points: POINTS }]);
  assertStringIncludes(warnings[0]!, 'poses.txt" is missing');
});

Deno.test("convert() converts the chosen sequences and names unknown ones", async () => {
  using folder = new TestFolder();
  const src = sequence(folder);
  folder.write("src/sequences/11/velodyne/000000.bin", POINTS);
  const error = await failure(semanticKitti, src, folder, { sequences: ["09"] });
  assertEquals(error, 'Unknown sequence "09": did you mean "00"? Known: 00, 11');
  const { written } = await run(semanticKitti, src, folder, { sequences: ["11"] });
  assertEquals(written.length, 1);
});

Deno.test("convert() refuses scans that are cut off, empty or absent", async () => {
  using folder = new TestFolder();
  const src = sequence(folder);
  const bin = "src/sequences/00/velodyne/000001.bin";
  folder.write(bin, new Uint8Array(47));
  assertStringIncludes(
    await failure(semanticKitti, src, folder),
    '000001.bin": it is 47 bytes, and a multiple of 16',
  );
  folder.write(bin, new Uint8Array(0));
  assertStringIncludes(await failure(semanticKitti, src, folder), "it has no points");
  Deno.removeSync(`${folder.path}/${bin}`);
  assertStringIncludes(
    await failure(semanticKitti, src, folder),
    'of 1 scan and 2 label files, "',
  );
  assertStringIncludes(
    await failure(semanticKitti, `${folder.path}/nowhere`, folder),
    'nowhere/sequences" is missing',
  );
  Deno.removeSync(`${src}/sequences/00/velodyne`, { recursive: true });
  assertStringIncludes(
    await failure(semanticKitti, src, folder),
    "no folder in it holds velodyne/*.bin",
  );
});

Deno.test("convert() refuses labels that do not belong to the scan", async () => {
  using folder = new TestFolder();
  const src = sequence(folder);
  const label = "src/sequences/00/labels/000001.label";
  folder.write(label, Uint32Array.of(0, 10));
  assertStringIncludes(
    await failure(semanticKitti, src, folder),
    '000001.label": it is 8 bytes (2 labels), and the scan has 3 points',
  );
  folder.write(label, Uint32Array.of(0, 10, 12));
  assertStringIncludes(
    await failure(semanticKitti, src, folder),
    '000001.label": point 2 has class 12, and one of 0, 1, 10, 11, 13',
  );
  Deno.removeSync(`${folder.path}/${label}`);
  assertStringIncludes(
    await failure(semanticKitti, src, folder),
    '000001.label" is missing',
  );
});

Deno.test("convert() refuses malformed poses and calibrations, by line", async () => {
  using folder = new TestFolder();
  const src = sequence(folder);
  folder.write("src/sequences/00/poses.txt", "1 0 0 1 0 1 0 2 0 0 1 3\n1 2 3\n");
  assertStringIncludes(
    await failure(semanticKitti, src, folder),
    'poses.txt" line 2: it has 3 numbers, and 12 are needed',
  );
  folder.write("src/sequences/00/poses.txt", "1 0 0 1 0 1 0 two 0 0 1 3\n");
  assertStringIncludes(
    await failure(semanticKitti, src, folder),
    'poses.txt" line 1: "two" is not a finite number',
  );
  folder.write("src/sequences/00/poses.txt", "1 0 0 1 0 1 0 2 0 0 1 3\n");
  folder.write("src/sequences/00/calib.txt", "P0: 1\n");
  assertStringIncludes(await failure(semanticKitti, src, folder), 'it has no line "Tr:"');
  folder.write("src/sequences/00/calib.txt", "Tr: 0 0 0 0 0 0 0 0 0 0 0 0\n");
  assertStringIncludes(
    await failure(semanticKitti, src, folder),
    "the matrix cannot be inverted",
  );
});

Deno.test("convert() drops points that are not finite only when asked, with their labels", async () => {
  using folder = new TestFolder();
  const src = sequence(folder);
  const bad = POINTS.slice();
  bad[5] = NaN;
  folder.write("src/sequences/00/velodyne/000001.bin", bad);
  assertStringIncludes(
    await failure(semanticKitti, src, folder),
    '000001.bin": point 1 is (4, NaN, 6, 0.20000000298023224), and finite values are needed',
  );
  const { written, droppedPoints } = await run(semanticKitti, src, folder, { dropInvalid: true });
  assertEquals(droppedPoints, 1);
  assertEquals(written[1]!.points, Float32Array.of(1, 2, 3, 0.1, 7, 8, 9, 0.3));
  assertEquals(written[1]!.semantic, Uint16Array.of(0, 40));
  folder.write("src/sequences/00/velodyne/000001.bin", new Float32Array(12).fill(Infinity));
  assertStringIncludes(
    await inputError(() => run(semanticKitti, src, folder, { dropInvalid: true })),
    "none of its 3 points is finite",
  );
});

const KITTI_CALIB = "R0_rect: 1 0 0 0 1 0 0 0 1\nTr_velo_to_cam: 0 -1 0 0 0 0 -1 0 1 0 0 0\n";

Deno.test("convert() turns KITTI boxes into the sensor frame and leaves DontCare out", async () => {
  using folder = new TestFolder();
  const src = `${folder.path}/src`;
  folder.write("src/training/velodyne/000007.bin", POINTS);
  folder.write("src/testing/velodyne/000007.bin", POINTS);
  folder.write(
    "src/training/label_2/000007.txt",
    "DontCare -1 -1 -10 0 0 1 1 -1 -1 -1 -1000 -1000 -1000 -10\n" +
      "Car 0 0 0 0 0 1 1 1.5 1.6 4.0 -2 1 20 -1.5707963267948966\n",
  );
  assertStringIncludes(
    await failure(kittiObject, src, folder),
    'calib/000007.txt" is missing, and boxes need their calibration',
  );
  folder.write("src/training/calib/000007.txt", KITTI_CALIB);
  const { paths, written } = await run(kittiObject, src, folder);
  assertEquals(paths.length, 2);
  assertEquals(written.map((scan) => scan.id), ["testing/000007", "training/000007"]);
  assertEquals(written[0]!.boxes, undefined);
  const boxes = written[1]!.boxes!;
  assertEquals([...boxes.semantic], [1]);
  const expected = [20, 2, -0.25, 4, 1.6, 1.5, 0];
  expected.forEach((value, i) => assertAlmostEquals(boxes.geometry[i]!, value, 1e-6));
});

Deno.test("convert() refuses KITTI labels of an unknown type or length", async () => {
  using folder = new TestFolder();
  const src = `${folder.path}/src`;
  folder.write("src/training/velodyne/000007.bin", POINTS);
  folder.write("src/training/calib/000007.txt", KITTI_CALIB);
  folder.write("src/training/label_2/000007.txt", "Boat 0 0 0\n");
  assertStringIncludes(
    await failure(kittiObject, src, folder),
    'label_2/000007.txt" line 1: its type is "Boat", and one of Car,',
  );
  folder.write("src/training/label_2/000007.txt", "Car 0 0 0\n");
  assertStringIncludes(
    await failure(kittiObject, src, folder),
    "it has 3 numbers, and 14 are needed",
  );
  assertStringIncludes(
    await failure(kittiObject, src, folder, { velodyne: "velo" }),
    'Unknown folder "velo"',
  );
  assertStringIncludes(
    await failure(semanticKitti, src, folder, { velodyne: "velodyne" }),
    "the data set has no such choice",
  );
});

Deno.test("convert() keeps every value of a real SemanticKITTI scan", async () => {
  const src = sharedPath("data/semantickitti");
  if (src === undefined) return;
  using folder = new TestFolder();
  const { written } = await run(semanticKitti, src, folder);
  assertEquals(written.map((scan) => scan.id), ["00/000000", "08/000000"]);
  for (const { id, points, semantic, instance } of written) {
    const [sequence, frame] = id.split("/");
    const file = (kind: string) => Deno.readFileSync(`${src}/sequences/${sequence}/${kind}`);
    const bytes = new Uint8Array(points.buffer, points.byteOffset, points.byteLength);
    assert(equalBytes(bytes, file(`velodyne/${frame}.bin`)));
    const labels = Uint32Array.from(semantic!, (id, i) => id | (instance![i]! << 16));
    assert(equalBytes(new Uint8Array(labels.buffer), file(`labels/${frame}.label`)));
  }
});

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}

Deno.test("convert() puts the boxes of a real KITTI scan around its points", async () => {
  const src = sharedPath("data/kitti");
  if (src === undefined) return;
  using folder = new TestFolder();
  const { written } = await run(kittiObject, src, folder);
  const [{ points, boxes }] = written as [Scan];
  assertEquals([...boxes!.semantic], [3, 1, 6]);
  const counts = Array.from(boxes!.semantic, (_, b) => {
    return pointsInside(points, boxes!.geometry.subarray(7 * b, 7 * b + 7));
  });
  assert(counts.every((count) => count >= 3), `points in the boxes: ${counts}`);
});

Deno.test("convert() keeps camera, image and 2-D box of a real KITTI scan", async () => {
  const src = sharedPath("data/kitti");
  if (src === undefined) return;
  using folder = new TestFolder();
  const { written } = await run(kittiObject, src, folder);
  const [{ boxes, cameras, images }] = written as [Scan];
  assertEquals(cameras!.names, ["image_2"]);
  assertEquals([...cameras!.size], [1242, 375]);
  assert(equalBytes(images![0]!, Deno.readFileSync(`${src}/training/image_2/000001.png`)));
  const [width = 0, height = 0] = cameras!.size;
  for (let box = 0; box < 3; box++) {
    const [left = 0, top = 0, right = 0, bottom = 0] = boxes!.features!.subarray(7 * box + 3);
    const centre = boxes!.geometry.subarray(7 * box, 7 * box + 3);
    const [u, v] = project(cameras!, centre);
    assert(u > left && u < right && v > top && v < bottom, `box ${box} is seen at ${u}, ${v}`);
    assert(right <= width && bottom <= height);
  }
});

/** Where the first camera sees a position, in pixels. */
function project({ intrinsic: k, fromSensor: m }: Cameras, at: Float32Array): [number, number] {
  const [x, y, z] = apply(m.subarray(0, 12), [at[0]!, at[1]!, at[2]!]);
  return [k[0]! * x / z + k[2]!, k[4]! * y / z + k[5]!];
}

function pointsInside(points: Float32Array, box: Float32Array): number {
  const [x = 0, y = 0, z = 0, length = 0, width = 0, height = 0, yaw = 0] = box;
  let count = 0;
  for (let i = 0; i < points.length; i += 4) {
    const [dx, dy, dz] = [points[i]! - x, points[i + 1]! - y, points[i + 2]! - z];
    const along = dx * Math.cos(yaw) + dy * Math.sin(yaw);
    const across = dy * Math.cos(yaw) - dx * Math.sin(yaw);
    if (2 * Math.abs(along) > length || 2 * Math.abs(across) > width) continue;
    if (2 * Math.abs(dz) <= height) count++;
  }
  return count;
}
