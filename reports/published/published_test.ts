import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InputError } from "../../std/errors.ts";
import { sharedPath } from "../../std/testing.ts";
import { loadPublished } from "./load.ts";
import { parsePublished, printedNumber, type PublishedTable } from "./schema.ts";
import { stateOf, stateText } from "./state.ts";

const here = (path: string) => new URL(path, import.meta.url);
const shared = (path: string) => here(`../../../shared/${path}`);
const missing = sharedPath("seeds") === undefined;

interface Source {
  readonly id: string;
  /** Below `../shared`. */
  readonly file: string;
  /** First and last line, counted from 1. */
  readonly lines: readonly (readonly [number, number])[];
  /** The lines hold more than the table: then its numbers must be among theirs. */
  readonly only?: "within";
  /** Columns that repeat what the lines say once, before a colon or in their first cell. */
  readonly labels?: number;
}

const SOURCES: readonly Source[] = JSON.parse(
  Deno.readTextFileSync(here("./testdata/sources.json")),
);

/** The numbers of a text as they were printed, in order of size; citations are none. */
function numbersOf(text: string): string[] {
  const plain = text.replaceAll(/\[[\d, –]+\]/g, " ").replaceAll(/<sup>\d+<\/sup>/g, " ");
  // A figure's ".29" and a table's "0.29" are the same print.
  return [...plain.matchAll(/\d*\.?\d+/g)].map(([n]) => n.startsWith(".") ? `0${n}` : n).sort();
}

const cellsOf = ({ rows }: PublishedTable, labels = 0) =>
  rows.flatMap((row) => row.slice(labels)).filter((cell) => cell !== null).join(" ");

function sourceText({ file, lines, labels }: Source): string {
  const all = Deno.readTextFileSync(shared(file)).split("\n");
  const text = lines.flatMap(([first, last]) => all.slice(first - 1, last));
  if (labels === undefined) return text.join("\n");
  return text.map((line) => line.replace(/^(?:.*?: |\|[^|]*\|)/, "")).join("\n");
}

Deno.test({
  name: "every number of every source table is there, as it was printed",
  ignore: missing,
  async fn() {
    const tables = new Map((await loadPublished()).map((table) => [table.id, table]));
    assertEquals(SOURCES.map(({ id }) => id).sort(), [...tables.keys()].sort());
    const whole = SOURCES.filter(({ only }) => only === undefined);
    // Two tables printed side by side share their lines: together they hold all numbers.
    const groups = Map.groupBy(whole, ({ file, lines }) => `${file} ${JSON.stringify(lines)}`);
    for (const group of groups.values()) {
      const found = group.map(({ id, labels }) => cellsOf(tables.get(id)!, labels)).join(" ");
      assertEquals(numbersOf(found), numbersOf(sourceText(group[0]!)), group[0]!.id);
    }
    for (const source of SOURCES.filter(({ only }) => only === "within")) {
      const there = new Set(numbersOf(sourceText(source)));
      for (const n of numbersOf(cellsOf(tables.get(source.id)!))) {
        assert(there.has(n), `${source.id}: ${n} is not in ${source.file}`);
      }
    }
  },
});

Deno.test({
  name: "every numbered table of the papers is typed in",
  ignore: missing,
  async fn() {
    const known = new Set(
      (await loadPublished()).map(({ document, number }) =>
        `${document} ${number.replace(/ ?[a-f]$| \(.*\)$/, "")}`
      ),
    );
    const papers = {
      thesis: "efficient_sparsity_thesis.md",
      "spvnas-paper": "spvnas_paper.md",
      diet: "diet_paper.md",
    };
    for (const [document, file] of Object.entries(papers)) {
      const text = Deno.readTextFileSync(shared(`seeds/${file}`));
      for (const [, number] of text.matchAll(/^[ *]*(Table (?:a\.)?\d+(?:\.\d+)?)[.:](?!\d)/gm)) {
        assert(known.has(`${document} ${number}`), `${document} ${number}`);
      }
    }
  },
});

const minimal = {
  id: "thesis-1",
  document: "thesis",
  number: "Table 1",
  caption: "Something",
  needs: [],
  columns: [{ title: "a" }, { title: "b" }],
  rows: [["x", null]],
};

Deno.test("parsePublished() names the file and the place of what is wrong", () => {
  const parse = (value: unknown, file = "t/thesis-1.json") =>
    parsePublished(JSON.stringify(value), file);
  assertEquals(parse(minimal).id, "thesis-1");
  assertThrows(() => parse({ ...minimal, rows: [["x"]] }), InputError, "1 cells, and 2 are needed");
  assertThrows(() => parse({ ...minimal, document: "x" }), InputError, '"t/thesis-1.json"');
  assertThrows(() => parse(minimal, "t/other.json"), InputError, "the file's name is needed");
  assertThrows(() => parsePublished("{", "t/x.json"), InputError, "not JSON");
});

Deno.test("loadPublished() rejects a folder with a bad table", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/a.json`, "[]");
  await assertRejects(() => loadPublished(folder), InputError, "a.json");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("printedNumber() reads what a cell starts with", () => {
  assertEquals(printedNumber("37.9 (±0.00)"), 37.9);
  assertEquals(printedNumber("8.1 TFLOP/s (1.00×)"), 8.1);
  assertEquals(printedNumber("500*"), 500);
  assertEquals(printedNumber("1.4e5"), 140000);
  assertEquals(printedNumber("-0.6"), -0.6);
  assertEquals(printedNumber("MinkUNet"), null);
  assertEquals(printedNumber(null), null);
});

Deno.test("stateOf(): a stored run, else a command, else what is lacking", () => {
  const table = parsePublished(JSON.stringify(minimal), "t/thesis-1.json");
  const built = { ...table, reproducedBy: "maps" };
  assertEquals(stateText(stateOf(built, new Set(["maps"]))), "measured here");
  assertEquals(stateText(stateOf(built, new Set())), "not measured yet: deno task bench maps");
  assertEquals(stateText(stateOf(table, new Set())), "not yet built");
  assertEquals(
    stateText(stateOf({ ...table, needs: ["weights", "gpu"] }, new Set())),
    "not yet built; needs weights, a GPU",
  );
});
