import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { TestFolder } from "../std/testing.ts";
import { H5Arrays } from "./h5_arrays.ts";
import { writeH5 } from "./raw/h5_writer.ts";
import { replaceNumbers } from "./test_h5.ts";
import { inputError } from "./test_scans.ts";

Deno.test("H5Arrays meets damage of any byte and any truncation in one line", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.h5`;
  await writeH5(path, [{ name: "data", shape: [2, 2, 3], data: new Float32Array(12).fill(7) }]);
  const bytes = Deno.readFileSync(path);
  const read = async () => {
    using file = await H5Arrays.open(path);
    for (const name of file.names) file.read(name);
  };
  await read();
  const meet = async (damaged: Uint8Array) => {
    Deno.writeFileSync(path, damaged);
    try {
      await read();
    } catch (error) {
      assertEquals((error as Error).name, "InputError", String(error));
      assert(!(error as Error).message.includes("\n"));
    }
  };
  for (let i = 0; i < bytes.length; i += 7) {
    const damaged = bytes.slice();
    damaged[i]! ^= 0xff;
    await meet(damaged);
  }
  for (let cut = 0; cut < bytes.length; cut += 97) await meet(bytes.subarray(0, cut));
  Deno.writeTextFileSync(path, "no HDF5 at all");
  assertStringIncludes(await inputError(read), "as HDF5:");
});

Deno.test("H5Arrays does not believe shapes that the file cannot hold", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.h5`;
  await writeH5(path, [{ name: "data", shape: [1, 3], data: new Float32Array(3) }]);
  // The dimensions and their maxima.
  replaceNumbers(path, 64, [1, 3, 1, 3], [1, 2 ** 40, 1, 2 ** 40]);
  const error = await inputError(async () => {
    using file = await H5Arrays.open(path);
    file.read("data");
  });
  assertStringIncludes(error, '"data" declares 4398046511104 bytes');
});

Deno.test("H5Arrays does not unpack chunks that need more than its limit", async () => {
  using folder = new TestFolder();
  const path = `${folder.path}/a.h5`;
  await writeH5(path, [{ name: "data", shape: [1, 3], data: new Float32Array(3) }]);
  // A chunk is 1 x 3 values of 4 bytes.
  replaceNumbers(path, 32, [1, 3, 4], [1, 2 ** 28, 4]);
  const error = await inputError(async () => {
    using file = await H5Arrays.open(path);
    file.read("data");
  });
  assertStringIncludes(error, '"data": it declares chunks of 1073741824 bytes');
});
