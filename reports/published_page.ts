/** `TABLES.md` and a page for each published table. */
import type { PageFile } from "./bench_page.ts";
import type { Stored } from "./index_page.ts";
import { escapeText, link, page, table } from "./markdown.ts";
import { MISSING, plural } from "./numbers.ts";
import { DOCUMENTS } from "./published/documents.ts";
import type { PublishedTable } from "./published/schema.ts";
import { stateOf, stateText } from "./published/state.ts";
import type { BenchResult } from "./schema.ts";

/** The index of all published tables, with links to the pages below `pages`. */
export function tablesIndex(
  tables: readonly PublishedTable[],
  bench: readonly Stored<BenchResult>[],
  pages: string,
): string {
  const stored = pagesByTable(bench);
  const sections = Object.entries(DOCUMENTS).flatMap(([key, title]) => {
    const own = tables.filter(({ document }) => document === key);
    if (own.length === 0) return [];
    const rows = own.map((item) => [
      link(item.number, `${pages}published/${item.id}.md`),
      escapeText(item.caption),
      stateCell(item, stored, pages),
    ]);
    const columns = [{ title: "table" }, { title: "shows" }, { title: "state" }];
    return [`## ${escapeText(title)}`, table(columns, rows)];
  });
  const measured = tables.filter((item) =>
    stateOf(item, new Set(stored.keys())).kind === "measured"
  );
  return page(
    "# Published tables",
    `${
      plural(tables.length, "table")
    } of the papers and pages whose numbers people quote, as they ` +
      `were printed; ${measured.length} of them have a stored measurement of ours.`,
    ...sections,
  );
}

/** The page of each table: its numbers as printed, and where ours are. */
export function publishedPages(
  tables: readonly PublishedTable[],
  bench: readonly Stored<BenchResult>[],
): PageFile[] {
  const stored = pagesByTable(bench);
  return tables.map((item) => ({
    path: `published/${item.id}.md`,
    text: publishedPage(item, stateCell(item, stored, "../")),
  }));
}

function publishedPage(item: PublishedTable, state: string): string {
  const { caption, number, document, hardware, protocol, columns, rows } = item;
  const head = columns.map(({ title, unit }) => ({
    title: unit === undefined ? title : `${title}, ${unit}`,
  }));
  const notes = [
    `Published in ${DOCUMENTS[document]}, ${number}.`,
    hardware === undefined ? "" : `Hardware: ${hardware}.`,
    protocol === undefined ? "" : `Protocol: ${protocol}.`,
  ].filter((text) => text !== "");
  return page(
    `# ${escapeText(caption)}`,
    escapeText(notes.join(" ")),
    `State: ${state}.`,
    table(head, rows.map((row) => row.map((cell) => cell === null ? MISSING : escapeText(cell)))),
  );
}

/** The page of the newest stored run that holds a table, by the table's id. */
function pagesByTable(bench: readonly Stored<BenchResult>[]): Map<string, string> {
  const newest = new Map<string, { date: string; page: string }>();
  for (const { name, result } of bench) {
    const { date } = result.context;
    for (const { id } of result.tables) {
      const known = newest.get(id);
      if (known === undefined || known.date < date) newest.set(id, { date, page: `${name}.md` });
    }
  }
  return new Map([...newest].map(([id, { page }]) => [id, page]));
}

function stateCell(
  item: PublishedTable,
  stored: ReadonlyMap<string, string>,
  pages: string,
): string {
  const text = stateText(stateOf(item, new Set(stored.keys())));
  const { id, reproducedBy } = item;
  const run = reproducedBy === undefined ? undefined : stored.get(id) ?? stored.get(reproducedBy);
  return run === undefined ? escapeText(text) : link(text, `${pages}${run}`);
}
