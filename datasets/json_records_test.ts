import { assertEquals, assertStringIncludes } from "@std/assert";
import { jsonRecords } from "./json_records.ts";
import { inputError, TestFolder } from "./test_scans.ts";

const read = (path: string) => Array.fromAsync(jsonRecords(path));

Deno.test("jsonRecords() gives what JSON.parse() gives, across its chunks of a megabyte", async () => {
  using folder = new TestFolder();
  const records = Array.from({ length: 30_000 }, (_, i) => ({
    token: `${i}`,
    text: `"}]\\{ ü ${'\\"'.repeat(i % 7)}`,
    nested: { list: [{}, { a: [1, { b: "}" }] }], nothing: null },
  }));
  for (const indent of [undefined, 1]) {
    const path = folder.write("a.json", JSON.stringify(records, undefined, indent));
    assertEquals(await read(path), records);
  }
  assertEquals(await read(folder.write("empty.json", " [ ]\n")), []);
});

Deno.test("jsonRecords() names the byte at which a file is no array of objects", async () => {
  using folder = new TestFolder();
  const error = (text: string) => inputError(() => read(folder.write("a.json", text)));
  assertStringIncludes(await error('{"a": 1}'), 'byte 0 is "{"');
  assertStringIncludes(await error("[1]"), 'byte 1 is "1"');
  assertStringIncludes(await error('[{"a": 1},]'), 'byte 10 is "]"');
  assertStringIncludes(await error('[{"a": 1} {"a": 1}]'), 'byte 10 is "{"');
  assertStringIncludes(await error("[{}] x"), 'byte 5 is "x"');
  assertStringIncludes(await error('[{"a": "]'), "ends at byte 9 inside its array");
  assertStringIncludes(await error(""), "ends at byte 0 inside its array");
  assertStringIncludes(await error("[{a}]"), "the record that ends at byte 3 is not JSON");
  assertStringIncludes(await error(`[{"a": ${"[".repeat(3 << 20)}`), "is over 1048576 bytes");
});
