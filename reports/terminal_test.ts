import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { getColorEnabled, setColorEnabled, stripAnsiCode } from "@std/fmt/colors";
import { benchText } from "./terminal.ts";
import { readBench } from "./testdata/read.ts";
import { cut, textTable, wrap } from "./text_table.ts";

const widest = (text: string) => Math.max(...text.split("\n").map((line) => [...line].length));

Deno.test("benchText() stays within 100 columns, also with long names and reasons", () => {
  const bench = readBench();
  assert(widest(benchText(bench)) <= 100);
  const cases = bench.cases.map((value, i) => ({
    ...value,
    variant: `${value.variant}_with_a_very_long_name`,
    params: { ...value.params, neighbourhood: "submanifold", order: `z-curve-${i}`, rows: 123456 },
    skipped: value.skipped === null ? null : value.skipped.repeat(5),
  }));
  assert(widest(benchText({ ...bench, cases })) <= 100);
});

// Where NO_COLOR is set, the library colours nothing at all.
Deno.test("benchText() colours without changing a character", { ignore: Deno.noColor }, () => {
  const before = getColorEnabled();
  setColorEnabled(true);
  try {
    const text = benchText(readBench(), { color: true });
    assertStringIncludes(text, "\x1b[");
    assertEquals(stripAnsiCode(text), benchText(readBench()));
  } finally {
    setColorEnabled(before);
  }
});

Deno.test("textTable() goes on below, with its first column again, where it is too wide", () => {
  const head = ["name", "first", "second"].map((title) => ({ title }));
  const row = ["a", "111111", "222222"].map((text) => ({ text }));
  assertEquals(textTable(head, [row], 14, (text) => text), [
    "name  first",
    "a     111111",
    "",
    "name  second",
    "a     222222",
  ]);
});

Deno.test("cut() and wrap() keep to the room they have", () => {
  assertEquals([cut("abcdef", 4), cut("abcd", 4)], ["abc…", "abcd"]);
  assertEquals(wrap("one two three", 7), ["one two", "three"]);
  assertEquals([wrap("", 5), wrap("incredible", 5)], [[], ["incr…"]]);
});
