/** A table that somebody published, typed in once: its numbers as they were printed. */
import { z } from "zod";
import { InputError } from "../../std/errors.ts";
import { type DocumentKey, DOCUMENTS } from "./documents.ts";

/** What a reader must bring before a table can be measured. */
const NEEDS = ["weights", "data", "gpu"] as const;

export type Need = typeof NEEDS[number];

const publishedTable = z.strictObject({
  /** Names the file and the page, e.g. `thesis-4.2`. */
  id: z.string().regex(/^[a-z][a-z0-9.-]*$/),
  document: z.enum(Object.keys(DOCUMENTS) as [DocumentKey, ...DocumentKey[]]),
  /** As the document counts: "Table 4.2". */
  number: z.string().min(1),
  /** What it shows, in our words. */
  caption: z.string().min(1),
  /** The machine its times were taken on. */
  hardware: z.string().min(1).optional(),
  /** How its times were taken. */
  protocol: z.string().min(1).optional(),
  needs: z.array(z.enum(NEEDS)),
  /** The table of `deno task bench` that measures it here. */
  reproducedBy: z.string().min(1).optional(),
  columns: z.array(z.strictObject({ title: z.string().min(1), unit: z.string().optional() })).min(
    1,
  ),
  /** By column; null where the table has a dash. */
  rows: z.array(z.array(z.string().min(1).nullable())).min(1),
}).superRefine(({ columns, rows }, ctx) => {
  rows.forEach((row, i) => {
    if (row.length === columns.length) return;
    const message = `${row.length} cells, and ${columns.length} are needed`;
    ctx.addIssue({ code: "custom", path: ["rows", i], message });
  });
});

export type PublishedTable = z.infer<typeof publishedTable>;

/** Reads the text of a table; `file` is the name to show in an error. */
export function parsePublished(text: string, file: string): PublishedTable {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot read published table "${file}": not JSON: ${detail}`, { cause });
  }
  const result = publishedTable.safeParse(json);
  if (!result.success) {
    const issues = z.prettifyError(result.error).replaceAll(/\s*\n\s*/g, " ");
    throw new InputError(`Cannot read published table "${file}": ${issues}`);
  }
  if (!file.endsWith(`/${result.data.id}.json`)) {
    throw new InputError(
      `Cannot read published table "${file}": its id is "${result.data.id}", and the file's name ` +
        `is needed`,
    );
  }
  return result.data;
}

/** The number a printed cell starts with: 37.9 of "37.9 (±0.00)", 8.1 of "8.1 TFLOP/s (1.00×)". */
export function printedNumber(cell: string | null | undefined): number | null {
  const found = cell?.match(/^[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?/);
  return found ? Number(found[0]) : null;
}
