/** Conversions that were interrupted, or that follow others into the same folder. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TestFolder } from "../std/testing.ts";
import { openScans } from "./arrow_scans.ts";
import { convert, type OutputOptions } from "./convert.ts";
import type { ConvertOptions } from "./dataset.ts";
import { semanticKitti } from "./semantic_kitti.ts";
import { inputError } from "./test_scans.ts";

const POINTS = Float32Array.of(1, 2, 3, 0.1, 4, 5, 6, 0.2, 7, 8, 9, 0.3);

/** Sequences of scans with labels. */
function sequences(folder: TestFolder, scans: Readonly<Record<string, number>>): string {
  for (const [sequence, count] of Object.entries(scans)) {
    for (let i = 0; i < count; i++) {
      const frame = String(i).padStart(6, "0");
      folder.write(`src/sequences/${sequence}/velodyne/${frame}.bin`, POINTS);
      writeLabels(folder, `${sequence}/labels/${frame}`, 10);
    }
  }
  return `${folder.path}/src`;
}

/** Labels of a scan; of the class 12, which there is not, they stop the conversion at that scan. */
function writeLabels(folder: TestFolder, name: string, last: 10 | 12): void {
  folder.write(`src/sequences/${name}.label`, Uint32Array.of(0, 40, last));
}

const runIn = (folder: TestFolder) => (options: Partial<ConvertOptions & OutputOptions>) =>
  convert(semanticKitti, `${folder.path}/src`, `${folder.path}/out`, {
    dropInvalid: false,
    warn: () => {},
    ...options,
  });

const filesIn = (folder: TestFolder) =>
  Array.from(Deno.readDirSync(`${folder.path}/out`), ({ name }) => name).sort();

Deno.test("convert() goes on after an interruption without redoing finished shards", async () => {
  using folder = new TestFolder();
  const run = runIn(folder);
  sequences(folder, { "00": 2 });
  writeLabels(folder, "00/labels/000001", 12);
  await inputError(() => run({ shardScans: 1 }));
  const first = `${folder.path}/out/semantickitti-00-00000-of-00002.arrow`;
  const before = Deno.statSync(first).ino;
  assertStringIncludes(
    await inputError(() => openScans(`${folder.path}/out`)),
    "of a conversion that did not end",
  );
  writeLabels(folder, "00/labels/000001", 10);
  assertEquals((await run({ shardScans: 1 })).resumed, 0, "the source changed");
  assert(Deno.statSync(first).ino !== before);

  assertEquals((await run({ shardScans: 1 })).resumed, 2);
  Deno.removeSync(`${folder.path}/out/semantickitti-00-00001-of-00002.arrow`);
  assertEquals((await run({ shardScans: 1 })).resumed, 1);
  assertEquals((await run({})).paths, [`${folder.path}/out/semantickitti-00.arrow`]);
  assertEquals(filesIn(folder), ["semantickitti-00.arrow", "semantickitti.manifest.json"]);
});

Deno.test("convert() keeps the files of other sequences of an earlier run", async () => {
  using folder = new TestFolder();
  const run = runIn(folder);
  sequences(folder, { "00": 2, "11": 1 });
  await run({ sequences: ["00"] });
  assertEquals((await run({ sequences: ["11"] })).paths.length, 1);
  using source = await openScans(`${folder.path}/out`);
  const scans = await Array.fromAsync(source);
  assertEquals(scans.map(({ id }) => id), ["00/000000", "00/000001", "11/000000"]);
});

Deno.test("convert() of another part does not call an interrupted one complete", async () => {
  using folder = new TestFolder();
  const run = runIn(folder);
  sequences(folder, { "00": 2, "11": 1 });
  writeLabels(folder, "00/labels/000001", 12);
  await inputError(() => run({ sequences: ["00"], shardScans: 1 }));
  await run({ sequences: ["11"], shardScans: 1 });
  assertStringIncludes(
    await inputError(() => openScans(`${folder.path}/out`)),
    "of a conversion that did not end",
  );
  writeLabels(folder, "00/labels/000001", 10);
  await run({ sequences: ["00"], shardScans: 1 });
  using source = await openScans(`${folder.path}/out`);
  assertEquals(source.length, 3);
});

Deno.test("convert() removes what an interrupted change of shards and killed runs left behind", async () => {
  using folder = new TestFolder();
  const run = runIn(folder);
  sequences(folder, { "00": 4, "11": 1 });
  await run({ shardScans: 2 });
  // The larger shards fail at the last scan, when the manifest has lost the smaller ones.
  writeLabels(folder, "00/labels/000003", 12);
  await inputError(() => run({ sequences: ["00"], shardScans: 3 }));
  writeLabels(folder, "00/labels/000003", 10);
  for (const name of ["semantickitti-00.arrow.1.part", "mine.arrow.1.part", "semantickitti.lock"]) {
    folder.write(`out/${name}`, "half");
  }
  await run({ sequences: ["00"], shardScans: 3 });
  assertEquals(filesIn(folder), [
    "mine.arrow.1.part",
    "semantickitti-00-00000-of-00002.arrow",
    "semantickitti-00-00001-of-00002.arrow",
    "semantickitti-11.arrow",
    "semantickitti.manifest.json",
  ]);
});

Deno.test("convert() refuses a folder into which another conversion writes", async () => {
  using folder = new TestFolder();
  sequences(folder, { "00": 1 });
  using other = Deno.openSync(folder.write("out/semantickitti.lock", ""), { write: true });
  other.lockSync(true);
  assertStringIncludes(await inputError(() => runIn(folder)({})), "another process holds it");
  other.unlockSync();
  assertEquals((await runIn(folder)({})).scans, 1);
});
