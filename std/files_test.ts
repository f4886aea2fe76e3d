import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { InputError } from "./errors.ts";
import { holdLock, removeLeftParts, writeAtomic } from "./files.ts";

async function inFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "voxmark_std_" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const namesIn = (folder: string) => Array.from(Deno.readDirSync(folder), ({ name }) => name).sort();

Deno.test("writeAtomic() names the file for which there is no room, and leaves nothing", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.txt`;
    const full = async (temporary: string) => {
      await Deno.writeTextFile(temporary, "half");
      throw new Error("No space left on device (os error 28)");
    };
    const { message } = await assertRejects(() => writeAtomic(path, full), InputError);
    assertStringIncludes(message, `Cannot write "${path}": No space left`);
    const other = () => Promise.reject(new TypeError("ours"));
    await assertRejects(() => writeAtomic(path, other), TypeError, "ours");
    assertEquals(namesIn(folder), []);
  }));

Deno.test("holdLock() refuses a second holder, and the file goes with the first", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a.lock`;
    {
      using _lock = await holdLock(path);
      await assertRejects(() => holdLock(path), InputError, "another process holds it");
      assertEquals(namesIn(folder), ["a.lock"]);
    }
    assertEquals(namesIn(folder), []);
    (await holdLock(path))[Symbol.dispose]();
  }));

Deno.test("removeLeftParts() removes temporary files of that beginning alone", () =>
  inFolder(async (folder) => {
    for (const name of ["a-1.arrow.77.part", "a-1.arrow", "b.arrow.77.part", "a.part"]) {
      await Deno.writeTextFile(`${folder}/${name}`, "");
    }
    await removeLeftParts(folder, "a");
    assertEquals(namesIn(folder), ["a-1.arrow", "a.part", "b.arrow.77.part"]);
  }));
