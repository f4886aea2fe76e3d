import { assertEquals, assertStringIncludes } from "@std/assert";
import { TestFolder } from "../std/testing.ts";
import { H5File } from "./h5_file.ts";
import { writeH5 } from "./raw/h5_writer.ts";
import { replaceNumbers } from "./test_h5.ts";
import { inputError } from "./test_scans.ts";

const DATA = { name: "data", shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };

Deno.test("H5File reads rows and whole arrays on its thread, and names what is not there", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.h5`;
  await writeH5(path, [DATA, { name: "label", shape: [2], data: Int32Array.of(7, 8) }]);
  using file = await H5File.open(path);
  assertEquals(file.names, ["data", "label"]);
  assertEquals(file.shape("data"), [2, 3]);
  assertEquals(await file.read("data", 1, 2), { shape: [1, 3], data: Float32Array.of(4, 5, 6) });
  assertEquals((await file.read("label")).data, Int32Array.of(7, 8));
  assertStringIncludes(
    await inputError(() => file.read("points")),
    'it has the arrays data, label, and "points" is needed',
  );
});

Deno.test("H5File does not take a million rows for samples", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.h5`;
  await writeH5(path, [{ name: "data", shape: [1, 2], data: new Uint8Array(2) }]);
  // The dimensions and their maxima.
  replaceNumbers(path, 64, [1, 2, 1, 2], [2 ** 20 + 1, 2, 2 ** 20 + 1, 2]);
  using file = await H5File.open(path);
  assertEquals(file.shape("data"), [2 ** 20 + 1, 2]);
  assertStringIncludes(
    await inputError(() => Promise.try(() => file.samples("data"))),
    '"data" declares 1048577 rows',
  );
});

Deno.test("H5File ends a reader that takes too long", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.h5`;
  await writeH5(path, [DATA]);
  // The thread cannot even have begun.
  const error = await inputError(() => H5File.open(path, 0));
  assertStringIncludes(error, "it took more than 0 s");
});

Deno.test("H5File says of a damaged file what its thread found", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.h5`;
  Deno.writeTextFileSync(path, "no HDF5 at all");
  assertStringIncludes(await inputError(() => H5File.open(path)), `"${path}" as HDF5:`);
});
