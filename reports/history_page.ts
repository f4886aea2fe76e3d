/** `history.md`: how the times of every operator moved over the stored runs of a machine. */
import { benchTitle, type PageFile } from "./bench_page.ts";
import { geometricMean } from "./compare.ts";
import type { Stored } from "./index_page.ts";
import { code, escapeText, image, link, page, table } from "./markdown.ts";
import { formatCount, formatRatio, plural } from "./numbers.ts";
import { protocolName } from "./protocol.ts";
import type { BenchResult } from "./schema.ts";
import { type ChartSpec, COLORS, drawSvg } from "./svg.ts";

/** The runs of one machine, oldest first. */
interface MachineHistory {
  readonly machine: string;
  readonly runs: readonly Stored<BenchResult>[];
  readonly points: readonly HistoryPoint[];
}

/** An operator in a run: its time over the one that each of its cases had first. */
export interface HistoryPoint {
  readonly run: string;
  readonly op: string;
  /** Geometric mean over the cases that an earlier run timed as well. */
  readonly ratio: number;
  readonly cases: number;
}

/** The page and its charts. */
export async function historyPages(bench: readonly Stored<BenchResult>[]): Promise<PageFile[]> {
  const machines = histories(bench);
  const charts: PageFile[] = [];
  const sections: string[] = [];
  for (const [i, history] of machines.entries()) {
    const spec = historyChart(history);
    const path = `history/machine-${i + 1}.svg`;
    if (spec !== null) charts.push({ path, text: await drawSvg(spec) });
    sections.push(
      `## ${escapeText(history.machine)}`,
      runTable(history),
      spec === null
        ? "No case is in two of the runs yet."
        : `${pointTable(history)}\n\n${image(`Times over the runs on ${history.machine}`, path)}`,
    );
  }
  const text = page(
    "# History",
    machines.length === 0
      ? "No run is stored yet."
      : "Each number is a geometric mean over the cases of an operator that an earlier run timed " +
        "as well: their medians over the first one that was stored. Below 1 is faster than then.",
    ...sections,
  );
  return [{ path: "history.md", text }, ...charts];
}

/** Machines in order of their names; a GPU makes another machine. */
function histories(bench: readonly Stored<BenchResult>[]): MachineHistory[] {
  const nameOf = ({ result: { context } }: Stored<BenchResult>) =>
    context.gpu == null ? context.machine : `${context.machine}, ${context.gpu}`;
  return [...Map.groupBy(bench, nameOf)].sort(([a], [b]) => a < b ? -1 : 1).map(
    ([machine, runs]) => {
      const sorted = runs.toSorted((a, b) => timeOf(a) - timeOf(b) || (a.name < b.name ? -1 : 1));
      return { machine, runs: sorted, points: historyPoints(sorted) };
    },
  );
}

const timeOf = ({ result }: Stored<BenchResult>) => Date.parse(result.context.date);

/** The points of runs that are in order of time. */
export function historyPoints(runs: readonly Stored<BenchResult>[]): HistoryPoint[] {
  const first = new Map<string, number>();
  return runs.flatMap(({ name, result }) => {
    const ratios = new Map<string, number[]>();
    for (const { id, op, backend, medianMs } of result.cases) {
      if (medianMs === null || medianMs === 0) continue;
      // Threads, scan and protocol are part of what a time means, and not of an id.
      const { threads, data } = result.context;
      const protocol = protocolName(result.context);
      const key = JSON.stringify([id, backend, threads, data.name, data.voxels, protocol]);
      const base = first.get(key);
      if (base === undefined) first.set(key, medianMs);
      else ratios.set(op, [...ratios.get(op) ?? [], medianMs / base]);
    }
    return [...ratios].map(([op, values]) => ({
      run: name,
      op,
      ratio: geometricMean(values)!,
      cases: values.length,
    }));
  });
}

function runTable({ runs }: MachineHistory): string {
  return table(
    [{ title: "run" }, { title: "date" }, { title: "commit" }, { title: "command" }],
    runs.map(({ name, result }) => [
      link(benchTitle(result), `${name}.md`),
      result.context.date.slice(0, 16).replace("T", " "),
      code(result.context.commit?.slice(0, 12) ?? ""),
      code(result.context.command),
    ]),
  );
}

function pointTable({ points }: MachineHistory): string {
  const right = "right" as const;
  return table(
    [
      { title: "run" },
      { title: "op" },
      { title: "cases", align: right },
      { title: "against the first", align: right },
    ],
    points.map(({ run, op, cases, ratio }) => [
      link(run.split("/").at(-1)!, `${run}.md`),
      code(op),
      formatCount(cases),
      formatRatio(ratio),
    ]),
  );
}

function historyChart({ machine, runs, points }: MachineHistory): ChartSpec | null {
  if (points.length === 0) return null;
  const at = new Map(runs.map(({ name }, i) => [name, i + 1]));
  return {
    title: { text: `Times on ${machine}`, subtitle: [`over ${plural(runs.length, "run")}`] },
    width: 520,
    height: 260,
    data: { values: points.map(({ run, op, ratio }) => ({ run: at.get(run)!, op, ratio })) },
    mark: { type: "line", point: { filled: true, size: 40 }, strokeWidth: 2 },
    encoding: {
      x: { field: "run", type: "ordinal", axis: { title: "run", labelAngle: 0 } },
      y: {
        field: "ratio",
        type: "quantitative",
        scale: { type: "log" },
        axis: { title: "time against the first stored one" },
      },
      color: { field: "op", type: "nominal", title: null, scale: { range: [...COLORS.series] } },
    },
  };
}
