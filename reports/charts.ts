/** The charts of a bench page as Vega-Lite specs: pure data, drawn by `svg.ts`. */
import { groupLabel } from "./labels.ts";
import { formatNumber, formatRatio } from "./numbers.ts";
import type { BenchRoofline } from "./schema.ts";
import type { CaseGroup, ComparedCase } from "./speedup.ts";
import { type ChartSpec, COLORS } from "./svg.ts";

export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly text: string;
  readonly color: string;
}

export interface Panel {
  readonly title: string;
  readonly bars: readonly Bar[];
}

const WIDTH = 520;
const STEP = 22;

/** How much faster than the baseline each variant is; null when there is nothing to compare. */
export function speedupChart(op: string, groups: readonly CaseGroup[]): ChartSpec | null {
  const compared = groups.filter(({ rows }) => rows.some(isCompared));
  if (compared.length === 0) return null;
  const baselines = [...new Set(compared.map(({ baseline }) => baseline!.variant))];
  return barChart({
    title: `${op}: speed against ${baselines.join(" / ")}`,
    subtitle: [
      "blue: faster, orange: slower, pale: within noise (rank test at 1 %)",
      "grey: the baseline; dashed: its speed",
    ],
    axis: "times as fast as the baseline",
    panels: compared.map((group) => ({
      title: groupLabel(group, compared),
      bars: group.rows.filter(({ speedup }) => speedup !== null).map(speedupBar),
    })),
    limits: [1],
  });
}

function isCompared(row: ComparedCase): boolean {
  return row.speedup !== null && row.verdict !== "baseline";
}

function speedupBar({ case: value, speedup, verdict }: ComparedCase): Bar {
  const color = verdict === "none" ? COLORS.same : COLORS[verdict];
  const text = `${formatRatio(speedup)} · ${formatNumber(value.medianMs)} ms`;
  return { label: value.variant, value: speedup!, text, color };
}

/** Memory throughput of each variant beside what this machine can do; null when none is known. */
export function throughputChart(
  op: string,
  groups: readonly CaseGroup[],
  roofline: BenchRoofline | null,
): ChartSpec | null {
  const known = groups.filter(({ rows }) => rows.some((row) => row.case.gbps !== null));
  if (known.length === 0) return null;
  const { triadGbps, gatherGbps } = roofline ?? {};
  const limits = Object.entries({ triad: triadGbps, gather: gatherGbps })
    .flatMap(([name, value]) => value === undefined ? [] : [{ name, value }]);
  const lines = limits.map(({ name, value }) => `${name} ${formatNumber(value)} GB/s`);
  return barChart({
    title: `${op}: memory throughput`,
    subtitle: lines.length === 0 ? [] : [`dashed, measured in the same run: ${lines.join(", ")}`],
    axis: "GB/s of the bytes a perfect kernel must move",
    panels: known.map((group) => ({
      title: groupLabel(group, known),
      bars: throughputBars(group),
    })),
    limits: limits.map(({ value }) => value),
  });
}

function throughputBars({ rows }: CaseGroup): Bar[] {
  return rows.flatMap(({ case: { variant, gbps } }) =>
    gbps === null
      ? []
      : [{ label: variant, value: gbps, text: formatNumber(gbps), color: COLORS.faster }]
  ).sort((a, b) => b.value - a.value);
}

/** Panels of bars under one another on a common axis, each bar with its value at the end. */
export function barChart(chart: {
  title: string;
  subtitle: readonly string[];
  axis: string;
  panels: readonly Panel[];
  limits: readonly number[];
}): ChartSpec {
  const { panels, limits } = chart;
  const values = panels.flatMap(({ bars }) => bars.map(({ value }) => value));
  // Room at the right for the longest label: 0.3 of the width at most.
  const top = Math.max(...values, ...limits) * 1.3;
  const names = panels.flatMap(({ bars }) => bars.map(({ label }) => label.length));
  const extent = Math.max(...names) * 7 + 10;
  return {
    title: { text: chart.title, subtitle: [...chart.subtitle] },
    vconcat: panels.map((panel, i) =>
      barPanel(panel, { top, extent, limits, axis: i === panels.length - 1 ? chart.axis : "" })
    ),
  };
}

type PanelSpec = Extract<ChartSpec, { vconcat: unknown }>["vconcat"][number];

interface PanelFrame {
  readonly top: number;
  readonly extent: number;
  readonly limits: readonly number[];
  readonly axis: string;
}

function barPanel({ title, bars }: Panel, { top, extent, limits, axis }: PanelFrame): PanelSpec {
  const last = axis !== "";
  const x = {
    field: "value",
    type: "quantitative" as const,
    scale: { domain: [0, top], nice: false },
    axis: { title: last ? axis : null, labels: last, ticks: last, domain: false, tickCount: 6 },
  };
  const y = {
    field: "label",
    type: "nominal" as const,
    sort: bars.map(({ label }) => label),
    axis: { title: null, ticks: false, labelPadding: 6, minExtent: extent, maxExtent: extent },
  };
  const value = {
    mark: { type: "text" as const, align: "left" as const, dx: 5, fontSize: 11 },
    encoding: { x, y, text: { field: "text", type: "nominal" as const } },
  };
  return {
    title: { text: title, fontSize: 11, fontWeight: "normal", offset: 4 },
    width: WIDTH,
    height: { step: STEP },
    data: { values: bars.map((bar) => ({ ...bar })) },
    layer: [
      {
        mark: { type: "bar", height: { band: 0.72 } },
        encoding: { x, y, color: { field: "color", type: "nominal", scale: null } },
      },
      {
        data: { values: limits.map((value) => ({ value })) },
        mark: { type: "rule", color: COLORS.limit, strokeDash: [4, 3], opacity: 0.6 },
        encoding: { x },
      },
      // A white rim first: the dashed lines do not strike out a number.
      { ...value, mark: { ...value.mark, stroke: "white", strokeWidth: 3, color: "white" } },
      { ...value, mark: { ...value.mark, color: COLORS.text } },
    ],
  };
}
