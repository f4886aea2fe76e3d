/** The page of an eval run: a result in, Markdown out. */
import type { PageFile } from "./bench_page.ts";
import { code, escapeText, fenced, page, table } from "./markdown.ts";
import { formatValue, MISSING } from "./numbers.ts";
import type { EvalResult } from "./schema.ts";

/** Digits of a score: the devkits print no more. */
const DIGITS = 6;

/** The Markdown page of a score; `name` is its path without the ending. */
export function evalPage(result: EvalResult, name: string): PageFile[] {
  const { inputs, metrics, perClass, warnings, context } = result;
  const text = page(
    `# ${escapeText(evalTitle(result))}`,
    `Equals ${escapeText(result.reference)}.`,
    warnings.map((warning) => `> **Warning:** ${escapeText(warning)}`).join("\n>\n"),
    `## Metrics\n\n${metricTable(metrics)}`,
    Object.keys(perClass).length === 0 ? "" : `## By class\n\n${classTable(perClass)}`,
    `## Inputs\n\n${inputTable({ ...inputs, ...provenance(context) })}`,
    context?.command === undefined ? "" : `The run again:\n\n${fenced(context.command, "sh")}`,
  );
  return [{ path: `${name}.md`, text }];
}

/** `Scores: semantickitti`, with the date where it is known. */
export function evalTitle({ benchmark, context }: EvalResult): string {
  const date = context?.date?.slice(0, 10);
  return `Scores: ${benchmark}${date === undefined ? "" : `, ${date}`}`;
}

function metricTable(metrics: EvalResult["metrics"]): string {
  const rows = Object.entries(metrics).map(([name, value]) => [code(name), score(value)]);
  return table([{ title: "metric" }, { title: "value", align: "right" }], rows);
}

function classTable(perClass: EvalResult["perClass"]): string {
  const names = [...new Set(Object.values(perClass).flatMap((row) => Object.keys(row)))];
  return table(
    [{ title: "class" }, ...names.map((title) => ({ title, align: "right" as const }))],
    Object.entries(perClass).map(([name, row]) => [
      escapeText(name),
      ...names.map((key) => score(row[key] ?? null)),
    ]),
  );
}

/** Null is a score that the devkit does not give for this class. */
function score(value: number | string | null): string {
  return value === null ? MISSING : formatValue(value, DIGITS);
}

function inputTable(inputs: EvalResult["inputs"]): string {
  const rows = Object.entries(inputs).map(([name, value]) => [
    escapeText(name),
    typeof value === "string" ? code(value) : formatValue(value),
  ]);
  return table([{ title: "input" }, { title: "value" }], rows);
}

function provenance(context: EvalResult["context"]): Record<string, string> {
  const { machine, commit, deno } = context ?? {};
  const known = Object.entries({ machine, commit: commit?.slice(0, 12), Deno: deno });
  return Object.fromEntries(known.flatMap(([name, value]) => value ? [[name, value]] : []));
}
