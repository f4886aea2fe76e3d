import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { JsonReader } from "./json_stream.ts";

/** A file for one test. */
class TestFile implements Disposable {
  readonly path = Deno.makeTempFileSync({ prefix: "voxmark_json_" });

  constructor(content: string | Uint8Array) {
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    Deno.writeFileSync(this.path, bytes);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path);
  }
}

function read<T>(content: string | Uint8Array, take: (json: JsonReader) => T, chunk?: number): T {
  using file = new TestFile(content);
  using json = JsonReader.open(file.path, chunk);
  const value = take(json);
  json.end();
  return value;
}

const refuses = (content: string | Uint8Array, message: string, chunk?: number) =>
  assertThrows(() => read(content, (json) => json.value(), chunk), InputError, message);

/** A value with everything in it, many times the margin of a window long. */
const LARGE = Array.from({ length: 4000 }, (_, i) => ({
  id: i,
  "näme": `é${"x".repeat(i % 97)}\n"\u{1f600}`,
  "numbers": [i / 7, -i * 1e-9, 1e300, 5e-324, i * 1234567, 0.1, -0],
  nested: { a: [[], {}, [[null, true, false]]] },
}));

Deno.test("JsonReader.value() gives what JSON.parse gives, whatever the size of the chunks", () => {
  for (const space of [undefined, 2]) {
    const text = JSON.stringify(LARGE, null, space);
    for (const chunk of [7, 4096, 100_003, undefined]) {
      assertEquals(read(text, (json) => json.value(), chunk), JSON.parse(text));
    }
  }
});

Deno.test("JsonReader.number() rounds every decimal as JSON.parse does", () => {
  const texts = [
    "0",
    "-0",
    "1.5",
    "123456789012345",
    "1234567890123456789",
    "0.1234567890123456789",
  ];
  texts.push(
    "9007199254740993",
    "1e23",
    "1E+5",
    "2.5e-7",
    "179769313486231580793e289",
    "4.35",
    "1.005",
  );
  for (let i = 0; i < 2000; i++) texts.push(String(Math.sin(i) * 10 ** (i % 40 - 20)));
  const values = read(`[${texts.join(",")}]`, (json) => json.value() as number[]);
  values.forEach((value, i) => assertStrictEquals(value, Number(texts[i]), texts[i]));
});

Deno.test("JsonReader takes NaN and Infinity as numbers, as Python does", () => {
  assertEquals(read("[NaN, Infinity,-Infinity]", (json) => json.value()), [
    NaN,
    Infinity,
    -Infinity,
  ]);
});

Deno.test("JsonReader reads the wanted keys and skips the others", () => {
  const text =
    '{"skip": {"a": [1, "}"]}, "box": [1, 2.5, -3], "name": "car", "on": true, "no": null}';
  const found = read(text, (json) => {
    let box: number[] = [];
    const seen: unknown[] = [];
    json.enterObject();
    for (let key = json.key(); key !== undefined; key = json.key()) {
      if (key === "box") box = json.numbers(3);
      else if (key === "name") seen.push(json.string());
      else if (key === "on") seen.push(json.boolean());
      else if (key === "no") seen.push(json.null());
      else json.skip();
    }
    return [...box, ...seen];
  });
  assertEquals(found, [1, 2.5, -3, "car", true, null]);
});

Deno.test("JsonReader keeps no window alive through the strings it gave", () => {
  const long = "a".repeat(60);
  const text = JSON.stringify(Array.from({ length: 200_000 }, (_, i) => `${i}${long}`));
  const kept = read(text, (json) => {
    const kept: string[] = [];
    json.enterArray();
    for (let i = 0; json.element(); i++) {
      const value = json.string();
      if (i % 5000 === 0) kept.push(value);
    }
    return kept;
  });
  assertStrictEquals(kept.length, 40);
  assertStrictEquals(kept[3], `15000${long}`);
});

Deno.test("JsonReader names line and column of what is malformed", () => {
  refuses('{"a": 1,\n "b" 2}', 'line 2, column 6: found "2}", and ":" is needed');
  refuses("[1,\n\n  2 3]", 'line 3, column 5: found "3]", and "," or "]" is needed');
  refuses("[1, 2", 'found the end of the file, and "," or "]" is needed');
  refuses("[1, 2]\n]", 'line 2, column 1: found "]", and the end of the file is needed');
  refuses("[1,]", 'line 1, column 4: found "]", and another element after the comma is needed');
  refuses("{a: 1}", "a key in double quotes");
  refuses('["é", x]', 'line 1, column 7: found "x]", and a number is needed');
  refuses("", "line 1, column 1: found the end of the file, and a number is needed");
  refuses('["abc', "line 1, column 2: the file ends within this string");
  refuses('["a\nb"]', "without control characters");
  refuses('["\\x"]', "a string whose escapes are valid");
  for (const bad of ["01", "1.", ".5", "-", "+1", "1e", "tru", "nul", "'a'"]) {
    refuses(bad, "is needed");
  }
  const late = `[${"1,\n".repeat(5000)}x]`;
  for (const chunk of [11, 4096, undefined]) {
    refuses(late, 'line 5001, column 1: found "x]", and a number is needed', chunk);
  }
});

Deno.test("JsonReader refuses a file of brackets, of the wrong bytes, and one that is not there", () => {
  refuses("[".repeat(1e6), "line 1, column 257: it is nested deeper than 256 levels");
  refuses(`[${"{".repeat(3)}`, "a key in double quotes");
  refuses(Uint8Array.of(34, 0xff, 34), "it is not UTF-8 text between byte 0 and byte 3");
  refuses(Uint8Array.of(34, 0xe2, 0x82), "it is not UTF-8 text");
  refuses("9".repeat(1e5), "this number is too long");
  assertThrows(() => JsonReader.open("/no/such.json"), InputError, 'Cannot read "/no/such.json"');
});

Deno.test("JsonReader.numbers() wants exactly as many numbers as asked for", () => {
  const three = (json: JsonReader) => json.numbers(3);
  for (const text of ["[1,2]", "[1,2,3,4]", '[1,"2",3]', "3"]) {
    assertThrows(() => read(text, three), InputError, "Cannot read");
  }
});
