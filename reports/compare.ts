/**
 * Two runs of the same cases: what became faster, what slower. A ratio of medians counts only after
 * a rank test over the raw samples, and a run on another machine is said to be one.
 */
import { code, escapeText, page, table } from "./markdown.ts";
import { formatCount, formatNumber, formatRatio, MISSING, plural } from "./numbers.ts";
import type { BenchCase, BenchResult } from "./schema.ts";
import { rankTest } from "./speedup.ts";

/** A case that both runs timed. */
export interface ComparedRun {
  readonly id: string;
  readonly before: number;
  readonly after: number;
  /** `after` over `before`: above 1 is slower. */
  readonly ratio: number;
  readonly verdict: "faster" | "slower" | "same";
}

/** How a run stands against an earlier one. */
export interface Comparison {
  readonly rows: readonly ComparedRun[];
  /** Slower by the rank test and by more than the threshold. */
  readonly regressions: readonly ComparedRun[];
  /** Timed before and now skipped or wrong, with the reason. */
  readonly lost: readonly { readonly id: string; readonly reason: string }[];
  /** Cases that only the later run timed. */
  readonly added: readonly string[];
  /** Of all ratios; null when no case is in both. */
  readonly geometricMean: number | null;
  /** What makes the two runs hard to compare. */
  readonly warnings: readonly string[];
}

/**
 * Compares `after` with `before`, case by case.
 *
 * @param threshold Share by which a case may become slower before it is a regression, e.g. 0.05
 */
export function compareRuns(
  before: BenchResult,
  after: BenchResult,
  threshold: number,
): Comparison {
  const earlier = timedCases(before);
  const later = timedCases(after);
  const rows = [...later].flatMap(([key, value]) => {
    const old = earlier.get(key);
    return old === undefined ? [] : [compareCase(old, value)];
  });
  const found = new Map(after.cases.map((value) => [keyOf(value), value]));
  return {
    rows,
    regressions: rows.filter(({ verdict, ratio }) => verdict === "slower" && ratio > 1 + threshold),
    lost: [...earlier].filter(([key]) => !later.has(key)).map(([key, { id }]) => ({
      id,
      reason: found.get(key)?.skipped ?? "not in the later run",
    })),
    added: [...later].filter(([key]) => !earlier.has(key)).map(([, { id }]) => id),
    geometricMean: geometricMean(rows.map(({ ratio }) => ratio)),
    warnings: [...differences(before, after), ...noisy(before, after)],
  };
}

/** The same case has the same id, backend and type; ids alone do not name the last two. */
const keyOf = ({ id, backend, dtype }: BenchCase) => JSON.stringify([id, backend, dtype]);

function timedCases({ cases }: BenchResult): Map<string, BenchCase> {
  return new Map(
    cases.filter(({ medianMs }) => medianMs !== null && medianMs > 0)
      .map((value) => [keyOf(value), value]),
  );
}

function compareCase(before: BenchCase, after: BenchCase): ComparedRun {
  const [old, now] = [before.medianMs!, after.medianMs!];
  const verdict = rankTest(after.samplesMs, before.samplesMs);
  return { id: after.id, before: old, after: now, ratio: now / old, verdict };
}

/** Null for no values. */
export function geometricMean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Fields of the context that must agree for a ratio to say anything about the code. */
const COMPARED = ["machine", "gpu", "driver", "compiler", "threads"] as const;

function differences({ context: a }: BenchResult, { context: b }: BenchResult): string[] {
  const shown = (value: unknown) => value === null || value === undefined ? "none" : String(value);
  const fields = COMPARED.map((name) => [name, shown(a[name]), shown(b[name])] as const);
  const data = ["data", `${a.data.name} (${a.data.source})`, `${b.data.name} (${b.data.source})`];
  return [...fields, data].filter(([, old, now]) => old !== now)
    .map(([name, old, now]) => `not the same ${name}: "${old}" before, "${now}" after`);
}

function noisy(before: BenchResult, after: BenchResult): string[] {
  return Object.entries({ earlier: before, later: after })
    .filter(([, { context }]) => context.noise?.["noisy"] === true)
    .map(([name]) => `the ${name} run was noisy`);
}

/** The comparison as Markdown, regressions first, then by ratio; readable at a terminal too. */
export function comparisonPage(
  comparison: Comparison,
  names: { readonly before: string; readonly after: string },
  threshold: number,
): string {
  const { rows, regressions, lost, added, warnings } = comparison;
  const slow = new Set(regressions);
  const sorted = [...rows].sort((a, b) =>
    Number(slow.has(b)) - Number(slow.has(a)) || b.ratio - a.ratio || (a.id < b.id ? -1 : 1)
  );
  const count = (verdict: ComparedRun["verdict"]) =>
    formatCount(rows.filter((row) => row.verdict === verdict).length);
  return page(
    `# ${escapeText(names.after)} against ${escapeText(names.before)}`,
    `${plural(rows.length, "case")} in both: ${count("faster")} faster, ${
      count("slower")
    } slower, ` +
      `${count("same")} within noise (rank test at 1 %). Geometric mean of after / before: ` +
      `${formatRatio(comparison.geometricMean)}. ${plural(regressions.length, "regression")} ` +
      `beyond ${formatNumber(threshold * 100)} %.`,
    warnings.map((text) => `- Warning: ${escapeText(text)}`).join("\n"),
    sorted.length === 0 ? "" : caseTable(sorted, slow),
    lost.length === 0
      ? ""
      : `No longer timed:\n\n${
        lost.map(({ id, reason }) => `- ${code(id)}: ${escapeText(reason)}`).join("\n")
      }`,
    added.length === 0 ? "" : `New:\n\n${added.map((id) => `- ${code(id)}`).join("\n")}`,
  );
}

function caseTable(rows: readonly ComparedRun[], slow: ReadonlySet<ComparedRun>): string {
  const right = "right" as const;
  return table(
    [
      { title: "case" },
      { title: "before ms", align: right },
      { title: "after ms", align: right },
      { title: "after / before", align: right },
      { title: "verdict" },
    ],
    rows.map((row) => [
      code(row.id) || MISSING,
      formatNumber(row.before),
      formatNumber(row.after),
      formatRatio(row.ratio),
      slow.has(row) ? "**regression**" : row.verdict === "same" ? "within noise" : row.verdict,
    ]),
  );
}
