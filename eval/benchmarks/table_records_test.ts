import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../std/errors.ts";
import { tableRecords } from "./table_records.ts";

function recordsOf(text: string): unknown[] {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, text);
    return [...tableRecords(path)];
  } finally {
    Deno.removeSync(path);
  }
}

Deno.test("tableRecords() yields each object of a list, whatever its texts hold", () => {
  const records = [{ a: 'x}"{', b: [1, 2] }, { a: "\\" }, { c: { d: null } }];
  assertEquals(recordsOf(JSON.stringify(records)), records);
  assertEquals(recordsOf(JSON.stringify(records, null, 1)), records);
  assertEquals(recordsOf("[]"), []);
});

Deno.test("tableRecords() crosses chunks", () => {
  const records = Array.from({ length: 30_000 }, (_, i) => ({ token: `é${i}`.padEnd(60, "x") }));
  assertEquals(recordsOf(JSON.stringify(records)), records);
});

Deno.test("tableRecords() names the byte of what is no list of objects", () => {
  for (const text of ["", "{}", "[{}", '[{"a":1} {"a":2}]', '[{"a":tru}]', "[1, {}]", "nonsense"]) {
    assertThrows(() => recordsOf(text), InputError, "and a JSON list of objects is needed");
  }
});
