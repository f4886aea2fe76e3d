/** The page of a bench run: a result in, Markdown and SVG texts out. */
import { speedupChart, throughputChart } from "./charts.ts";
import { groupLabel, sharedLabel } from "./labels.ts";
import { code, escapeText, fenced, image, page, table } from "./markdown.ts";
import { machineBlock, rooflineBlock } from "./machine_block.ts";
import {
  formatCount,
  formatError,
  formatNumber,
  formatPercent,
  formatRatio,
  MISSING,
  plural,
} from "./numbers.ts";
import { figureText, OUR_PROTOCOL, protocolText } from "./protocol.ts";
import { rooflineChart } from "./roofline_chart.ts";
import { type BenchResult, caseState } from "./schema.ts";
import { type CaseGroup, type ComparedCase, groupCases, summarize } from "./speedup.ts";
import { type ChartSpec, drawSvg } from "./svg.ts";
import { tableBlock } from "./table_block.ts";
import { tableChart } from "./table_chart.ts";

/** A generated file; the path is relative to the folder of all pages, with forward slashes. */
export interface PageFile {
  readonly path: string;
  readonly text: string;
}

/**
 * The Markdown page of a run and the pictures beside it. `name` is the path of the page without
 * its ending, e.g. `bench/20261121/epyc-2`; the pictures go into a folder of that name.
 */
export async function benchPage(result: BenchResult, name: string): Promise<PageFile[]> {
  const groups = groupCases(result);
  const charts = new Map<string, ChartSpec>();
  const ops = [...new Set(groups.map(({ op }) => op))];
  const sections = ops.map((op) =>
    opSection(op, groups.filter((group) => group.op === op), result, (kind, spec) => {
      const file = `${name.split("/").at(-1)}/${fileName(op)}-${kind}.svg`;
      charts.set(file, spec);
      return image(`${op}: ${kind}`, file);
    })
  );
  const tables = result.tables.map((value) => {
    const spec = tableChart(value);
    if (spec === null) return tableBlock(value);
    const file = `${name.split("/").at(-1)}/${fileName(value.id)}-table.svg`;
    charts.set(file, spec);
    return `${tableBlock(value)}\n\n${image(value.title, file)}`;
  });
  const text = page(
    `# ${escapeText(benchTitle(result))}`,
    overview(result),
    ops.length > 0 ? `## Speed against the baseline\n\n${summaryBlock(groups)}` : "",
    ...tables,
    `## Machine\n\n${machineBlock(result.context)}`,
    `The run again:\n\n${fenced(result.context.command, "sh")}`,
    rooflineBlock(result.roofline),
    ...sections,
    method(result.context),
  );
  const folder = name.includes("/") ? name.slice(0, name.lastIndexOf("/") + 1) : "";
  const files: PageFile[] = [{ path: `${name}.md`, text }];
  for (const [file, spec] of charts) {
    files.push({ path: folder + file, text: await drawSvg(spec) });
  }
  return files;
}

/** `Bench on 2-core AMD EPYC, 2026-11-21`. */
export function benchTitle({ context }: BenchResult): string {
  return `Bench on ${context.machine}, ${context.date.slice(0, 10)}`;
}

const OUR_TIMES =
  `- Inputs rotate over copies larger than the last-level cache: no variant finds its data there.
- Times are medians over raw samples, with the 10th and 90th percentile beside them.`;

/** What differs from ours, where the protocol of a paper was asked for. */
function timesOf(context: BenchResult["context"]): string {
  const { protocol } = context;
  if (protocol === undefined || protocol.name === OUR_PROTOCOL) return OUR_TIMES;
  const cache = protocol.cache === "warm"
    ? "The same inputs are used in every run: what fits into a cache is found there."
    : "Inputs rotate over copies larger than the last-level cache.";
  return `- ${escapeText(cache)}
- By protocol, and not as this project does by default: ${escapeText(protocolText(protocol))}.
  Beside the time stand the 10th and 90th percentile of all samples.`;
}

const method = (context: BenchResult["context"]) =>
  `## How it was measured

- A variant is compared with the reference before any timing. Wrong output is not timed: the row says so.
- Variants of one case run interleaved in random order, so a slow minute of the machine hits all of them.
${timesOf(context)}
- "Faster" and "slower" need a two-sided rank test at 1 %; anything else is "within noise". Losses stay in.
- The roof is what this machine reached in the same run, not a data sheet. GB/s counts the bytes a perfect
  kernel must move, so a share above 100 % means that some of them came from cache.
- Numbers that others published stand in their own columns and are part of no speedup.`;

/** One sentence on what was done and what was not. */
function overview({ cases, tables }: BenchResult): string {
  const states = cases.map(caseState);
  const count = (state: string) => states.filter((value) => value === state).length;
  const [timed, unchecked, failed] = [count("timed"), count("unchecked"), count("failed")];
  const parts = [
    `${plural(timed + unchecked, "case")} timed`,
    unchecked > 0 ? `${formatCount(unchecked)} of them with nothing to compare with` : "",
    failed > 0 ? `**${formatCount(failed)} failed the check**` : "none failed the check",
    `${formatCount(count("skipped"))} skipped`,
    tables.length > 0 ? plural(tables.length, "table") : "",
  ];
  return `${parts.filter((part) => part !== "").join(", ")}.`;
}

function summaryBlock(groups: readonly CaseGroup[]): string {
  const rows = summarize(groups);
  if (rows.length === 0) return "No case was timed in two variants: nothing to compare.";
  const right = "right" as const;
  return table(
    [
      { title: "op" },
      { title: "variant" },
      { title: "against" },
      { title: "cases", align: right },
      { title: "geometric mean", align: right },
      { title: "worst", align: right },
      { title: "best", align: right },
      { title: "faster", align: right },
      { title: "slower", align: right },
    ],
    rows.map((row) => [
      code(row.op),
      `${code(row.variant)} ${row.backend} ${escapeText(row.dtype)}`,
      code(row.baseline),
      formatCount(row.groups),
      formatRatio(row.geometricMean),
      formatRatio(row.worst),
      formatRatio(row.best),
      formatCount(row.faster),
      formatCount(row.slower),
    ]),
  );
}

function opSection(
  op: string,
  groups: readonly CaseGroup[],
  { roofline, context }: BenchResult,
  draw: (kind: string, spec: ChartSpec) => string,
): string {
  const cases = groups.flatMap(({ rows }) => rows.map((row) => row.case));
  const speedup = speedupChart(op, groups);
  const roof = roofline === null ? null : rooflineChart(op, cases, roofline);
  const throughput = roof === null ? throughputChart(op, groups, roofline) : null;
  const shared = sharedLabel(groups);
  return [
    `## ${code(op)}`,
    shared === "" ? "" : `All rows: ${escapeText(shared)}.`,
    opTable(groups, figureText(context)),
    speedup === null ? "" : draw("speedup", speedup),
    roof === null ? "" : draw("roofline", roof),
    throughput === null ? "" : draw("throughput", throughput),
  ].filter((block) => block !== "").join("\n\n");
}

function opTable(groups: readonly CaseGroup[], figure: string): string {
  const right = "right" as const;
  const rows = groups.flatMap((group) => group.rows.map((row) => caseCells(row, group, groups)));
  return table(
    [
      { title: "parameters" },
      { title: "variant" },
      { title: `${figure} ms`, align: right },
      { title: "p10–p90 ms", align: right },
      { title: "GFLOP/s", align: right },
      { title: "GB/s", align: right },
      { title: "of roof", align: right },
      { title: "× baseline", align: right },
      { title: "max error abs / rel", align: right },
      { title: "check" },
    ],
    rows,
  );
}

function caseCells(row: ComparedCase, group: CaseGroup, groups: readonly CaseGroup[]): string[] {
  const value = row.case;
  const { p10Ms, p90Ms, roofline, maxAbsErr, maxRelErr } = value;
  return [
    escapeText(groupLabel(group, groups)) || MISSING,
    code(value.variant),
    formatNumber(value.medianMs),
    p10Ms === null ? MISSING : `${formatNumber(p10Ms)}–${formatNumber(p90Ms)}`,
    formatNumber(value.gflops),
    formatNumber(value.gbps),
    roofline === null ? MISSING : `${formatPercent(roofline.share)} ${roofline.bound}`,
    speedupCell(row),
    maxAbsErr === null ? MISSING : `${formatError(maxAbsErr)} / ${formatError(maxRelErr)}`,
    checkCell(row),
  ];
}

function speedupCell({ speedup, verdict }: ComparedCase): string {
  if (speedup === null) return MISSING;
  if (verdict === "baseline") return "baseline";
  const note = { faster: "", slower: " slower", same: " within noise", none: "" }[verdict];
  return formatRatio(speedup) + note;
}

function checkCell({ case: value }: ComparedCase): string {
  const reason = escapeText(value.skipped ?? "");
  return {
    timed: "✓",
    unchecked: "not checked",
    failed: `✗ ${reason}`,
    skipped: `skipped: ${reason}`,
  }[caseState(value)];
}

/** An op as a file name: nothing but letters, digits, dash and underscore. */
function fileName(op: string): string {
  return op.replaceAll(/[^A-Za-z0-9_-]+/g, "-");
}
