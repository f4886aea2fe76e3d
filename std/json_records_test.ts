import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "./errors.ts";
import { jsonRecords } from "./json_records.ts";

function recordsOf(text: string): unknown[] {
  const path = Deno.makeTempFileSync({ prefix: "voxmark_json_" });
  try {
    Deno.writeTextFileSync(path, text);
    return [...jsonRecords(path)];
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("jsonRecords() gives what JSON.parse() gives, across its chunks of a megabyte", () => {
  const records = Array.from({ length: 30_000 }, (_, i) => ({
    token: `${i}`,
    text: `"}]\\{ \u00fc ${'\\"'.repeat(i % 7)}`,
    nested: { list: [{}, { a: [1, { b: "}" }] }], nothing: null },
  }));
  for (const indent of [undefined, 1]) {
    assertEquals(recordsOf(JSON.stringify(records, undefined, indent)), records);
  }
  assertEquals(recordsOf(" [ ]\n"), []);
  assertEquals(recordsOf('[{"a": NaN}]'), [{ a: NaN }]);
});

Deno.test("jsonRecords() says where a file is no array of objects", () => {
  const refuses = (text: string, message: string) =>
    assertThrows(() => recordsOf(text), InputError, message);
  refuses('{"a": 1}', "line 1, column 1: found");
  refuses("[1]", 'column 2: found "1]", and an object is needed');
  refuses('[{"a": 1},]', "column 11");
  refuses('[{"a": 1}\n {"a": 1}]', 'line 2, column 2: found "{\\"a\\": 1}]", and "," or "]"');
  refuses("[{}] x", 'column 6: found "x"');
  refuses('[{"a": "]', "the file ends within this string");
  refuses("", "the end of the file");
  refuses("[{a}]", "a key in double quotes");
  refuses(`[{"a": [${"1,".repeat(1 << 20)}1]}]`, "is too long");
  refuses(`[{"a": "${"x".repeat(2 << 20)}"}]`, "is too long");
  refuses(`[{"a": ${"[".repeat(3 << 20)}`, "it is nested deeper than 256 levels");
});
