import { assertEquals, assertGreater, assertNotMatch, assertStringIncludes } from "@std/assert";
import { tableFromArrays, tableToIPC } from "apache-arrow";
import { InputError } from "../std/errors.ts";
import { TestFolder } from "../std/testing.ts";
import { ScanFile } from "./arrow_file.ts";
import { openScans } from "./arrow_scans.ts";
import { writeScans } from "./arrow_writer.ts";
import { bareScan, fullScan, inputError, TINY } from "./test_scans.ts";

async function tinyFile(folder: TestFolder): Promise<Uint8Array<ArrayBuffer>> {
  const path = `${folder.path}/whole.arrow`;
  await writeScans(path, TINY, [fullScan("a"), bareScan("b")]);
  return await Deno.readFile(path);
}

Deno.test("ScanFile.open() says what is wrong with a file that is not Arrow or cut off", async () => {
  using folder = new TestFolder();
  const whole = await tinyFile(folder);
  const open = (name: string, bytes: string | Uint8Array<ArrayBuffer>) =>
    inputError(() => ScanFile.open(folder.write(name, bytes)));

  assertStringIncludes(await open("a", "hello, this is text"), "it is not an Arrow file");
  assertStringIncludes(await open("b", ""), "it is 0 bytes");
  assertStringIncludes(await open("c", whole.subarray(0, whole.length - 100)), "is cut off");
  assertStringIncludes(await open("d", whole.slice(whole.length - 500)), "not an Arrow file");
  const footerless = whole.slice();
  new DataView(footerless.buffer).setInt32(whole.length - 10, 0x7fffffff, true);
  assertStringIncludes(await open("e", footerless), "its footer would take 2147483647 of its");
});

Deno.test("ScanFile.open() refuses other columns and other versions", async () => {
  using folder = new TestFolder();
  const table = tableFromArrays({ x: Float32Array.of(1), y: Float32Array.of(2) });
  const foreign = folder.write("foreign.arrow", tableToIPC(table, "file").slice());
  assertStringIncludes(
    await inputError(() => ScanFile.open(foreign)),
    '"scans" version 2 is needed',
  );

  const whole = await tinyFile(folder);
  const version = folder.write("v2.arrow", replaceText(whole, "schema_version", "2", "1"));
  assertStringIncludes(
    await inputError(() => ScanFile.open(version)),
    'its layout is "scans" version 1, and version 2 is needed',
  );
  const name = folder.write("name.arrow", replaceText(whole, "semantic", "semantic", "semantik"));
  assertStringIncludes(
    await inputError(() => ScanFile.open(name)),
    "its column 3 is (semantik: List<Uint16>), and (semantic: List<Uint16>) is needed",
  );
});

Deno.test("ScanFile.open() refuses a scan that would lie outside the file", async () => {
  using folder = new TestFolder();
  const whole = await tinyFile(folder);
  using file = ScanFile.open(folder.write("whole.arrow", whole));
  const view = new DataView(whole.buffer);
  const { offset } = file.blocks[1]!;
  const at = findBlock(view, offset);
  view.setBigInt64(at + 16, 1n << 40n, true);
  assertStringIncludes(
    await inputError(() => ScanFile.open(folder.write("far.arrow", whole))),
    `scan 1 lies at bytes ${offset} to 109951`,
  );
});

Deno.test("ScanFile.read() meets any damaged byte with an error of one line or a scan", async () => {
  using folder = new TestFolder();
  const whole = await tinyFile(folder);
  let refused = 0;
  for (let at = 0; at < whole.length; at++) {
    const damaged = whole.slice();
    // In turn all bits and the lowest: far off and near by.
    damaged[at] = damaged[at]! ^ (at % 2 === 0 ? 0xff : 0x01);
    if (!(await readsAll(folder.write("damaged.arrow", damaged)))) refused++;
  }
  assertGreater(refused, whole.length / 8);
});

Deno.test("ScanFile.read() reads files cut at any byte as damaged", async () => {
  using folder = new TestFolder();
  const whole = await tinyFile(folder);
  for (let length = 0; length < whole.length; length += 7) {
    assertEquals(await readsAll(folder.write("cut.arrow", whole.subarray(0, length))), false);
  }
});

/** Whether all scans could be read; anything but an InputError fails the test. */
async function readsAll(path: string): Promise<boolean> {
  try {
    using source = await openScans(path);
    await Array.fromAsync(source);
    return true;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    assertNotMatch(error.message, /\n/);
    return false;
  }
}

/** The bytes with the first `from` at or after the last `key` turned into `to`, of equal length. */
function replaceText(
  bytes: Uint8Array,
  key: string,
  from: string,
  to: string,
): Uint8Array<ArrayBuffer> {
  // One character a byte, so that positions stay those of the bytes.
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const value = key === from ? text.lastIndexOf(key) : nearestValue(text, key, from);
  const changed = text.slice(0, value) + to + text.slice(value + from.length);
  return Uint8Array.from(changed, (character) => character.charCodeAt(0));
}

/** FlatBuffers write a value before or after its key: the nearest length-prefixed `value` it is. */
function nearestValue(text: string, key: string, value: string): number {
  const needle = `\x01\0\0\0${value}\0`;
  const at = text.lastIndexOf(key);
  const before = text.lastIndexOf(needle, at);
  const after = text.indexOf(needle, at);
  const nearer = after < 0 || (before >= 0 && at - before < after - at) ? before : after;
  return nearer + 4;
}

/** Position of the footer's entry for the record batch at `offset`. */
function findBlock(view: DataView, offset: number): number {
  for (let at = view.byteLength - 24; at >= 0; at--) {
    if (view.getBigInt64(at, true) === BigInt(offset)) return at;
  }
  throw new Error("no such block");
}
