import { assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../std/errors.ts";
import { type Case, caseName, type Tier } from "./case.ts";
import { fakeCase } from "./harness/fakes.ts";
import { parseOptions } from "./options.ts";
import { listData, listText, type Registry, select } from "./select.ts";

const sized = (op: string, tier: Tier, more: Partial<Case> = {}): Case => ({
  ...fakeCase({ good: () => 1, other: () => 1, ref: () => 1 }),
  op,
  tier,
  params: { tier },
  ...more,
});
const onlyInTable = sized("d", "full");
const inBoth = sized("b", "full");
const REGISTRY: Registry = {
  groups: {
    first: { about: "one", cases: [sized("a", "quick"), sized("b", "tour"), inBoth] },
    second: { about: "two", cases: [sized("c", "full"), sized("c", "full", { dtype: "bf16" })] },
  },
  tables: {
    sums: {
      about: "sums of things",
      backends: ["cpu"],
      cases: [inBoth, onlyInTable],
      variants: (_, known) => known.slice(0, 1),
      build: () => [],
    },
  },
};

const chosen = (...args: string[]) => select(REGISTRY, parseOptions(args));
const names = (...args: string[]) => chosen(...args).cases.map((item) => caseName(item));
const message = (...args: string[]) => assertThrows(() => chosen(...args), InputError).message;
const variants = (item: Case, ...args: string[]) =>
  ["good", "other", "ref"].filter((variant) => chosen(...args).takes(item, variant));

Deno.test("select() takes the tour without an ID, all sizes with one, few with --quick", () => {
  assertEquals(names(), ["a/tier=quick", "b/tier=tour"]);
  assertEquals(names("--quick"), ["a/tier=quick"]);
  assertEquals(names("first"), ["a/tier=quick", "b/tier=tour", "b/tier=full"]);
  assertEquals(names("first", "--quick"), ["a/tier=quick"]);
});

Deno.test("select() takes an op as an ID, and several in the order of the list", () => {
  assertEquals(names("b"), ["b/tier=tour", "b/tier=full"]);
  assertEquals(names("c", "a"), ["a/tier=quick", "c/tier=full"]);
});

Deno.test("select() takes cases of the type that is asked for", () => {
  assertEquals(names("c", "--dtype", "bf16"), ["c/tier=full,dtype=bf16"]);
  assertEquals(names("all", "--dtype", "bf16"), ["c/tier=full,dtype=bf16"]);
});

Deno.test("select() takes what a table needs, whatever its size, and no other variant", () => {
  const { cases, tables } = chosen("sums", "--quick");
  assertEquals([cases, tables], [[inBoth, onlyInTable], ["sums"]]);
  assertEquals(variants(inBoth, "sums"), ["good"]);
  assertEquals(variants(onlyInTable, "sums", "first"), ["good"]);
});

Deno.test("select() takes a case once with all variants, when a group and a table ask for it", () => {
  assertEquals(names("first", "sums").filter((name) => name === "b/tier=full").length, 1);
  assertEquals(variants(inBoth, "first", "sums"), ["good", "other", "ref"]);
});

Deno.test("select() takes all groups and tables with all", () => {
  const { cases, tables } = chosen("all");
  assertEquals([cases.length, tables], [5, ["sums"]]);
});

Deno.test("select() leaves out what the filter does not name, of tables as well", () => {
  assertEquals(variants(inBoth, "sums", "--filter", "^b/good"), ["good"]);
  assertEquals(names("sums", "--filter", "^d/"), ["d/tier=full"]);
});

Deno.test("select() names the nearest ID, when one is unknown", () => {
  assertEquals(
    message("secnd"),
    'Unknown case "secnd": did you mean "second"? Known: first, second, a, b, c, sums, all',
  );
});

Deno.test("select() says so, when nothing is left", () => {
  assertEquals(message("second", "--quick"), "Cannot bench: --quick leaves no case; see --list");
  assertEquals(
    message("--filter", "x"),
    'Cannot bench: --filter "x" leaves no case; see --list',
  );
});

Deno.test("select() refuses a type or backend that the ID does not have", () => {
  assertEquals(
    message("first", "--dtype", "f16"),
    'Cannot bench "first" in dtype "f16": it is f32 only',
  );
  assertEquals(
    message("sums", "--dtype", "bf16"),
    'Cannot make table "sums" with --dtype bf16: its rows say their types',
  );
  assertEquals(
    message("sums", "--backend", "cuda"),
    'Cannot make table "sums" on the cuda backend: it is for cpu',
  );
});

Deno.test("listText() and listData() name all groups, cases and tables", () => {
  const text = listText(REGISTRY, "f32");
  const parts = [
    "first   one",
    "second  two (f32, bf16)",
    "  a/tier=quick  [quick]",
    "sums    sums",
  ];
  for (const part of parts) assertEquals([part, text.includes(part)], [part, true]);
  assertEquals(
    listData(REGISTRY, "bf16").map(({ id, kind, cases }) => [id, kind, cases.length]),
    [["second", "group", 1], ["sums", "table", 2]],
  );
});
