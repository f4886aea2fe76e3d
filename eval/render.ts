/** A result as text: JSON, aligned columns for a terminal, Markdown. Pure: data in, string out. */
import type { EvalResult } from "../reports/schema.ts";
import type { Run } from "./run.ts";

type Cell = number | string | null;

/** The result as the one JSON document of `--json` and of the result file. */
export function toJson(result: EvalResult): string {
  return JSON.stringify(result, null, 2);
}

/** The result for a reader at a terminal. */
export function toText(result: EvalResult): string {
  const headline = headlineMetrics(result).map(([name, value]) => [name, format(value)]);
  return [
    `${result.benchmark}, equal to ${result.reference}`,
    describeInputs(result),
    "",
    align(headline),
    ...(hasClasses(result) ? ["", align(classTable(result))] : []),
  ].join("\n");
}

/** The result as a small Markdown page. */
export function toMarkdown(result: EvalResult): string {
  const headline = headlineMetrics(result).map(([name, value]) => [name, format(value)]);
  const lines = [
    `# ${result.benchmark}`,
    "",
    `Equal to ${result.reference}. ${describeInputs(result)}.`,
    "",
    markdownTable([["metric", "value"], ...headline]),
    "",
    ...(hasClasses(result) ? [markdownTable(classTable(result)), ""] : []),
  ];
  if (result.warnings.length === 0) return lines.join("\n");
  return [...lines, ...result.warnings.map((warning) => `- Warning: ${warning}`), ""].join("\n");
}

/** How fast a run was: "12,000,000 points in 0.031 s, 387 M points/s, 1 job, at most 61 MiB". */
export function toSpeed({ work: { count, unit }, seconds, jobs, peakMiB }: Run): string {
  const rate = (count / seconds / 1e6).toPrecision(3);
  return `${grouped(count)} ${unit} in ${seconds.toFixed(3)} s, ${rate} M ${unit}/s, ${jobs} ` +
    `${jobs === 1 ? "job" : "jobs"}, at most ${grouped(peakMiB)} MiB`;
}

/** Everything that was scored but the paths, which the reader has just typed. */
function describeInputs({ inputs }: EvalResult): string {
  return Object.entries(inputs)
    .filter(([name]) => name !== "gt" && name !== "pred")
    .map(([name, value]) => `${name} ${typeof value === "number" ? grouped(value) : value}`)
    .join(", ");
}

/**
 * The metrics that the class table does not show: it has `iou_car` as row "car", column "iou", and
 * `car_2d_easy_r40` as row "car_2d", column "easy_r40".
 */
function headlineMetrics({ metrics, perClass }: EvalResult): [string, Cell][] {
  const shown = new Set(
    Object.entries(perClass).flatMap(([name, scores]) =>
      Object.keys(scores).flatMap((score) => [`${score}_${name}`, `${name}_${score}`])
    ),
  );
  return Object.entries(metrics).filter(([name]) => !shown.has(name));
}

function hasClasses({ perClass }: EvalResult): boolean {
  return Object.keys(perClass).length > 0;
}

function classTable({ perClass }: EvalResult): string[][] {
  const rows = Object.entries(perClass);
  const columns = [...new Set(rows.flatMap(([, scores]) => Object.keys(scores)))];
  const cells = columns.map((column) =>
    formatAll(rows.map(([, scores]) => scores[column] ?? null))
  );
  return [
    ["class", ...columns],
    ...rows.map(([name], i) => [name, ...cells.map((column) => column[i]!)]),
  ];
}

/** The cells of one column: counts in full, scores as {@linkcode format} has them. */
function formatAll(cells: readonly Cell[]): string[] {
  const numbers = cells.filter((cell) => typeof cell === "number");
  const counts = numbers.every(Number.isInteger) && numbers.some((number) => number > 1);
  return cells.map((cell) => counts && typeof cell === "number" ? grouped(cell) : format(cell));
}

/** A score with four digits after the point. */
function format(value: Cell): string {
  if (value === null) return "–";
  return typeof value === "string" ? value : value.toFixed(4);
}

function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ",");
}

/** Columns two spaces apart, the first to the left, the others to the right. */
function align(rows: readonly (readonly string[])[]): string {
  const width = (j: number) => Math.max(...rows.map((row) => row[j]!.length));
  return rows
    .map((row) =>
      row.map((cell, j) => j === 0 ? cell.padEnd(width(j)) : cell.padStart(width(j))).join("  ")
    )
    .join("\n");
}

function markdownTable([head, ...body]: readonly (readonly string[])[]): string {
  const rule = head!.map((_, j) => j === 0 ? "---" : "---:");
  return [head!, rule, ...body].map((row) => `| ${row.join(" | ")} |`).join("\n");
}
