import { assertEquals, assertStringIncludes } from "@std/assert";
import { writeScans } from "./arrow_writer.ts";
import { bareScan, fullScan, inputError, TestFolder, TINY } from "./test_scans.ts";
import { scanProblems } from "./scan_checks.ts";
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
