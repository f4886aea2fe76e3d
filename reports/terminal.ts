/** What `deno task bench` prints: a result in, plain text out, no wider than asked for. */
import { bold, cyan, dim, green, red, yellow } from "@std/fmt/colors";
import { groupLabel, sharedLabel } from "./labels.ts";
import { pad, width } from "./markdown.ts";
import {
  formatBytes,
  formatNumber,
  formatPercent,
  formatRatio,
  MISSING,
  plural,
} from "./numbers.ts";
import { OUR_PROTOCOL, protocolName, protocolText } from "./protocol.ts";
import { type BenchResult, type BenchTable, caseState } from "./schema.ts";
import { type CaseGroup, type ComparedCase, groupCases } from "./speedup.ts";
import { columnTitle, tableCell } from "./table_block.ts";
import { cut, type Paint, textTable, wrap } from "./text_table.ts";

/** How to print. */
export interface TerminalOptions {
  /** Colours; give `Deno.stdout.isTerminal()`. NO_COLOR wins over it. */
  readonly color?: boolean;
  /** Characters a line may have, 100 when not given. */
  readonly columns?: number;
}

interface Style {
  readonly columns: number;
  readonly head: Paint;
  readonly title: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly warn: Paint;
  readonly faint: Paint;
}

const PLAIN: Paint = (text) => text;

/** The tables of a run: one an op, then the reproduced ones; ends without a newline. */
export function benchText(result: BenchResult, options: TerminalOptions = {}): string {
  const columns = options.columns ?? 100;
  const style: Style = options.color === true
    ? { columns, head: dim, title: bold, good: green, bad: red, warn: yellow, faint: cyan }
    : { columns, head: PLAIN, title: PLAIN, good: PLAIN, bad: PLAIN, warn: PLAIN, faint: PLAIN };
  const groups = groupCases(result);
  const ops = [...new Set(groups.map(({ op }) => op))];
  const blocks = [
    headLines(result, columns),
    ...ops.map((op) => opLines(op, groups.filter((group) => group.op === op), style)),
    ...result.tables.map((table) => tableLines(table, style)),
    [footLine(result, style)],
  ];
  return blocks.map((lines) => lines.join("\n")).join("\n\n");
}

function headLines({ context, roofline }: BenchResult, columns: number): string[] {
  const { machine, gpu, threads, data, compiler } = context;
  const lines = [
    [
      machine,
      gpu ?? "no GPU",
      plural(threads, "thread"),
      formatBytes(context.memoryBytes),
      compiler,
    ],
    [
      `${data.name} (${data.source})`,
      plural(data.scenes, "scene"),
      plural(data.points, "point"),
    ],
    ...(protocolName(context) === OUR_PROTOCOL ? [] : [[protocolText(context.protocol!)]]),
    roofline === null ? ["roof not measured"] : [
      `roof ${formatNumber(roofline.fmaGflops)} GFLOP/s`,
      `triad ${formatNumber(roofline.triadGbps)} GB/s`,
      ...(roofline.gatherGbps === undefined
        ? []
        : [`gather ${formatNumber(roofline.gatherGbps)} GB/s`]),
    ],
  ];
  return lines.flatMap((parts) => wrap(parts.join(" · "), columns));
}

const TITLES = ["time ms", "p10–p90", "GFLOP/s", "GB/s", "% roof", "× base"];

/** Where the parts of a row stand. */
interface Frame {
  readonly label: number;
  readonly variant: number;
  readonly numbers: readonly number[];
  readonly style: Style;
}

function opLines(op: string, groups: readonly CaseGroup[], style: Style): string[] {
  const labels = groups.map((group) => groupLabel(group, groups));
  const frame = frameOf(groups, labels, style);
  const head = [
    pad("parameters", frame.label),
    pad("variant", frame.variant),
    ...TITLES.map((title, j) => pad(title, frame.numbers[j]!, "right")),
  ];
  const shared = cut(sharedLabel(groups), style.columns - width(op) - 2);
  return [
    `${style.title(op)}  ${style.faint(shared)}`.trimEnd(),
    style.head(head.join("  ")),
    ...groups.flatMap((group, i) => groupLines(group, wrap(labels[i]!, frame.label), frame)),
  ];
}

/** Numbers take what they need, the variant at most 16, the parameters what is left. */
function frameOf(groups: readonly CaseGroup[], labels: readonly string[], style: Style): Frame {
  const rows = groups.flatMap((group) => group.rows);
  const cells = rows.filter((row) => row.case.skipped === null).map(numberCells);
  const numbers = TITLES.map((title, j) =>
    Math.max(width(title), ...cells.map((row) => width(row[j]!)))
  );
  const variant = Math.min(16, Math.max(7, ...rows.map((row) => width(row.case.variant))));
  const taken = numbers.reduce((sum, each) => sum + each + 2, variant + 2);
  const room = Math.max(10, style.columns - taken - width(UNCHECKED));
  return { label: Math.min(room, Math.max(10, ...labels.map(width))), variant, numbers, style };
}

/** The label stands at the left of the first rows and may take more lines than there are rows. */
function groupLines({ rows }: CaseGroup, label: readonly string[], frame: Frame): string[] {
  return Array.from({ length: Math.max(label.length, rows.length) }, (_, i) => {
    const row = rows[i];
    const left = pad(label[i] ?? "", frame.label);
    if (row === undefined) return left.trimEnd();
    const variant = pad(cut(row.case.variant, frame.variant), frame.variant);
    return `${left}  ${variant}  ${rowText(row, frame)}`;
  });
}

/** Stands behind a row whose output was compared with nothing. */
const UNCHECKED = " ?";

function rowText(row: ComparedCase, { label, variant, numbers, style }: Frame): string {
  const { skipped, verified } = row.case;
  if (skipped !== null) {
    const failed = caseState(row.case) === "failed";
    const text = failed
      ? `FAILED: ${skipped.replace(/^check failed:\s*/i, "")}`
      : `skipped: ${skipped}`;
    const room = style.columns - label - variant - 4;
    return (failed ? style.bad : style.warn)(cut(text.replaceAll(/\s+/g, " "), room));
  }
  const paint = {
    faster: style.good,
    slower: style.bad,
    baseline: PLAIN,
    same: PLAIN,
    none: PLAIN,
  };
  const cells = numberCells(row).map((cell, j) => pad(cell, numbers[j]!, "right"));
  cells.push(paint[row.verdict](cells.pop()!));
  return cells.join("  ") + (verified ? "" : style.warn(UNCHECKED));
}

/** The cells under {@linkcode TITLES}. */
function numberCells(row: ComparedCase): string[] {
  const { medianMs, p10Ms, p90Ms, gflops, gbps, roofline } = row.case;
  return [
    formatNumber(medianMs),
    `${formatNumber(p10Ms)}–${formatNumber(p90Ms)}`,
    formatNumber(gflops),
    formatNumber(gbps),
    roofline === null ? MISSING : formatPercent(roofline.share),
    speedupText(row),
  ];
}

/** A tilde where the rank test sees no difference. */
function speedupText({ speedup, verdict }: ComparedCase): string {
  if (verdict === "baseline") return "base";
  return verdict === "same" ? `~${formatRatio(speedup)}` : formatRatio(speedup);
}

function tableLines(table: BenchTable, style: Style): string[] {
  const { source, columns, notes } = table;
  const origin = source === null ? "" : `  ${[source.document, source.number].join(", ")}`;
  const head = columns.map((column) => ({
    title: columnTitle(column),
    align: column.kind === "label" ? "left" as const : "right" as const,
  }));
  const rows = table.rows.map((row) =>
    columns.map((column) => ({ text: tableCell(row, column).replaceAll(/\s+/g, " ") }))
  );
  return [
    style.title(cut(table.title + origin, style.columns)),
    ...textTable(head, rows, style.columns, style.head),
    ...notes.flatMap((note) => wrap(note, style.columns)),
  ];
}

function footLine({ cases }: BenchResult, style: Style): string {
  const states = cases.map(caseState);
  const count = (state: string) => states.filter((value) => value === state).length;
  const failed = count("failed");
  const unchecked = count("unchecked");
  return [
    `${count("timed") + unchecked} timed`,
    ...(unchecked > 0 ? [style.warn(`${unchecked} of them not checked (?)`)] : []),
    failed > 0 ? style.bad(`${failed} failed the check`) : "0 failed",
    `${count("skipped")} skipped`,
  ].join(", ");
}
