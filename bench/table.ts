/** What a table is: which cases it needs, and what it makes of their rows. */
import { DOCUMENTS } from "../reports/published/documents.ts";
import type { PublishedTable } from "../reports/published/schema.ts";
import type { BenchCase, BenchContext, BenchRoofline, BenchTable } from "../reports/schema.ts";
import { type BenchBackend, type Case, type CaseKey, caseName } from "./case.ts";
import type { ProcessOptions, ProcessTime } from "./harness/process.ts";
import type { Outcome } from "./harness/run.ts";

/** A table that can be asked for by its ID. */
export interface TableSpec {
  /** One line for `--list`. */
  readonly about: string;
  readonly backends: readonly BenchBackend[];
  readonly cases: readonly Case[];
  /** Variants that it needs of a case, out of the known ones, the default first; all by default. */
  variants?(item: Case, known: readonly string[]): readonly string[];
  /** Times whole commands, for a table that needs more than cases. */
  processes?(options: ProcessOptions): Promise<readonly ProcessTime[]>;
  build(run: TableRun): BenchTable[];
}

/** What a run gives to tables. */
export interface TableRun {
  readonly rows: Rows;
  readonly roofline: BenchRoofline | null;
  readonly context: BenchContext;
  /** What {@linkcode TableSpec.processes} gave; none where it did not run. */
  readonly processes?: readonly ProcessTime[];
}

/** The cases of these names, which must all be there. */
export function casesNamed(cases: readonly Case[], names: readonly string[]): Case[] {
  return names.map((name) => {
    const found = cases.find((item) => caseName(item) === name);
    if (found === undefined) throw new RangeError(`Cannot make a table: no case is called ${name}`);
    return found;
  });
}

/** The rows of a run by the case they belong to. */
export class Rows {
  readonly #rows = new Map<string, BenchCase[]>();

  constructor(outcomes: readonly Pick<Outcome, "item" | "row">[]) {
    for (const { item, row } of outcomes) {
      const name = caseName(item);
      this.#rows.set(name, [...this.all(item), row]);
    }
  }

  /** The rows of a case, itself or its name, the default variant first; none where it did not run. */
  all(item: CaseKey | string): readonly BenchCase[] {
    return this.#rows.get(typeof item === "string" ? item : caseName(item)) ?? [];
  }

  /** The row of a variant, or of the first that ran. */
  one(item: CaseKey | string, variant?: string): BenchCase | undefined {
    return this.all(item).find((row) => variant === undefined || row.variant === variant);
  }

  /** The fastest of the timed rows of a case. */
  fastest(item: CaseKey | string): BenchCase | undefined {
    const timed = this.all(item).filter(({ medianMs }) => medianMs !== null);
    return timed.sort((a, b) => a.medianMs! - b.medianMs!)[0];
  }
}

/** Where published columns are from; their hardware is the note when none is given. */
export function sourceOf(
  { document, number, hardware = "" }: PublishedTable,
  note = hardware,
): BenchTable["source"] {
  return { document: DOCUMENTS[document], number, note };
}

/** Why a measured cell has no number. */
export function whyMissing(row: BenchCase | undefined): string {
  if (row === undefined) return "not run";
  return row.skipped ?? "not timed";
}
