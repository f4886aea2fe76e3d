/** A reproduced table: what was published and what was measured here, side by side. */
import { escapeText, table } from "./markdown.ts";
import { formatValue, MISSING } from "./numbers.ts";
import type { BenchTable } from "./schema.ts";

/** The table with its source above and its notes below. */
export function tableBlock(value: BenchTable): string {
  const columns = value.columns.map((column) => ({
    title: columnTitle(column),
    align: column.kind === "label" ? "left" as const : "right" as const,
  }));
  const rows = value.rows.map((row) =>
    value.columns.map((column) => escapeText(tableCell(row, column)))
  );
  const blocks = [
    `## ${escapeText(value.title)}`,
    sourceText(value.source),
    rows.length === 0 ? "No rows." : table(columns, rows),
    value.notes.map((note) => `- ${escapeText(note)}`).join("\n"),
    rows.some((row) => row.includes(MISSING)) ? `${MISSING} not published or not measured.` : "",
  ];
  return blocks.filter((block) => block !== "").join("\n\n");
}

/** A published number exactly as it was printed, a measured one to four digits. */
export function tableCell(
  row: BenchTable["rows"][number],
  { key, kind }: BenchTable["columns"][number],
): string {
  return formatValue(row[key] ?? null, kind === "measured" ? 4 : undefined);
}

/**
 * `latency, ms (measured, maps inside)`: whose number it is stands in every title, and what is in
 * it where that is known.
 */
export function columnTitle({ title, unit, kind, maps }: BenchTable["columns"][number]): string {
  const name = unit === undefined ? title : `${title}, ${unit}`;
  if (kind === "label") return name;
  return `${name} (${maps === undefined ? kind : `${kind}, maps ${maps}`})`;
}

function sourceText(source: BenchTable["source"]): string {
  if (source === null) return "";
  const { document, number, note } = source;
  return [`Published in ${[document, number].filter((x) => x !== "").join(", ")}`, note]
    .filter((text) => text !== "").map((text) => `${escapeText(text)}.`).join(" ");
}
