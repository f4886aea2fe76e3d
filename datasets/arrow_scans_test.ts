import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { tableFromIPC } from "apache-arrow";
import { InputError } from "../std/errors.ts";
import { TestFolder } from "../std/testing.ts";
import { openScans } from "./arrow_scans.ts";
import { writeScans } from "./arrow_writer.ts";
import type { Scan } from "./scan.ts";
import { COLUMN_TYPES } from "./schema.ts";
import { bareScan, fullScan, inputError, TINY } from "./test_scans.ts";

Deno.test("openScans() gives back what writeScans() wrote, in order and at random", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.arrow`;
  const noBoxes: Scan = {
    ...bareScan("ü"),
    boxes: {
      geometry: new Float32Array(0),
      semantic: new Uint16Array(0),
      instance: new Uint16Array(0),
    },
  };
  const scans = [fullScan("00/000000"), bareScan("00/000001"), noBoxes];

  assertEquals((await writeScans(path, TINY, scans)).scans, 3);

  using source = await openScans(path);
  assertEquals(source.metadata, TINY);
  assertEquals(await Array.fromAsync(source), scans);
  assertEquals(await source.scan(2), scans[2]!);
  assertEquals(await source.scan(0), scans[0]!);
  await assertRejects(() => source.scan(3), RangeError, "has 3 scans");
});

Deno.test("openScans() gives points as a view of the bytes read, ready for the kernels", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.arrow`;
  await writeScans(path, TINY, [fullScan("a")]);
  using source = await openScans(path);
  const { points, semantic } = await source.scan(0);
  assert(points.buffer === semantic!.buffer);
  assertEquals(points.byteOffset % 8, 0);
});

Deno.test("writeScans() makes a file that apache-arrow reads as a table of one row a scan", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.arrow`;
  await writeScans(path, TINY, [fullScan("a"), bareScan("b")]);
  const table = tableFromIPC(await Deno.readFile(path));
  assertEquals(table.schema.fields.map((field) => `${field.name}: ${field.type}`), [
    ...COLUMN_TYPES,
  ]);
  assertEquals(table.schema.metadata.get("voxmark.licence"), "CC0-1.0");
  assertEquals(table.batches.length, 2);
  assertEquals(table.getChild("id")?.toArray(), ["a", "b"]);
  assertEquals(table.getChild("semantic")?.get(0)?.toArray(), Uint16Array.of(0, 10, 40));
  assertEquals(table.getChild("semantic")?.get(1), null);
});

Deno.test("writeScans() leaves nothing behind when the scans fail half way", async () => {
  using folder = new TestFolder();
  const failing = function* () {
    yield bareScan("a");
    throw new InputError("bad second scan");
  };
  await assertRejects(() => writeScans(`${folder.path}/a.arrow`, TINY, failing()), InputError);
  await assertRejects(() => writeScans(`${folder.path}/b.arrow`, TINY, []), RangeError, "no scans");
  const odd = { ...fullScan("a"), semantic: Uint16Array.of(1) };
  await assertRejects(
    () => writeScans(`${folder.path}/c.arrow`, TINY, [odd]),
    RangeError,
    "3 points and 1 semantic labels",
  );
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("openScans() reads a folder in the order of its file names", async () => {
  using folder = new TestFolder();
  await writeScans(`${folder.path}/b.arrow`, TINY, [bareScan("third")]);
  await writeScans(`${folder.path}/a.arrow`, TINY, [bareScan("first"), bareScan("second")]);
  folder.write("notes.txt", "not data");
  using source = await openScans(`${folder.path}/`);
  assertEquals(source.length, 3);
  assertEquals((await Array.fromAsync(source)).map((scan) => scan.id), [
    "first",
    "second",
    "third",
  ]);
});

Deno.test("openScans() refuses what is absent, empty or a mix of data sets", async () => {
  using folder = new TestFolder();
  assertStringIncludes(
    await inputError(() => openScans(`${folder.path}/none`)),
    "there is no such file or folder",
  );
  assertStringIncludes(
    await inputError(() => openScans(folder.path)),
    "the folder holds no .arrow file",
  );
  await writeScans(`${folder.path}/a.arrow`, TINY, [bareScan("a")]);
  await writeScans(`${folder.path}/b.arrow`, { ...TINY, version: 2 }, [bareScan("b")]);
  assertStringIncludes(
    await inputError(() => openScans(folder.path)),
    "is tiny version 1",
  );
});
