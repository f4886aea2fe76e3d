/** The chart of a table as a Vega-Lite spec: columns as lines over another one, or as bars. */
import { type Bar, barChart } from "./charts.ts";
import { formatNumber } from "./numbers.ts";
import type { BenchTable } from "./schema.ts";
import { type ChartSpec, COLORS } from "./svg.ts";

const WIDTH = 520;
const HEIGHT = 260;

type Chart = NonNullable<BenchTable["chart"]>;
type Lines = Extract<Chart, { x: string }>;
type Bars = Extract<Chart, { bars: string }>;

/** Null where the table asks for no chart or has no number to draw. */
export function tableChart(table: BenchTable): ChartSpec | null {
  const { chart } = table;
  if (chart === undefined) return null;
  return "x" in chart ? lineChart(table, chart) : barsOfRows(table, chart);
}

/** A group of bars a row: measured ones in blue, published ones in grey. */
function barsOfRows(
  { title, columns, rows }: BenchTable,
  { bars, series, axis }: Bars,
): ChartSpec | null {
  const panels = rows.map((row) => ({
    title: String(row[bars] ?? ""),
    bars: series.flatMap((key): Bar[] => {
      const value = row[key];
      const column = columns.find((each) => each.key === key)!;
      if (!isPositive(value)) return [];
      const color = column.kind === "published" ? COLORS.baseline : COLORS.faster;
      const label = column.kind === "published" ? `${column.title} (published)` : column.title;
      return [{ label, value, text: formatNumber(value), color }];
    }),
  })).filter((panel) => panel.bars.length > 0);
  if (panels.length === 0) return null;
  const subtitle = ["blue: measured here, grey: published, on other machines"];
  return barChart({ title, subtitle, axis, panels, limits: [] });
}

/** Lines with a point a row, both axes logarithmic. */
function lineChart(
  { title, columns, rows }: BenchTable,
  { x, series, axis }: Lines,
): ChartSpec | null {
  const titleOf = (key: string) => columns.find((column) => column.key === key)?.title ?? key;
  const values = series.flatMap((key) =>
    rows.flatMap((row) => {
      const [at, value] = [row[x], row[key]];
      return isPositive(at) && isPositive(value) ? [{ at, value, series: titleOf(key) }] : [];
    })
  );
  if (values.length === 0) return null;
  return {
    title: { text: title },
    width: WIDTH,
    height: HEIGHT,
    data: { values },
    mark: { type: "line", point: { filled: true, size: 40 }, strokeWidth: 2 },
    encoding: {
      x: scaleOf("at", titleOf(x)),
      y: scaleOf("value", axis),
      color: {
        field: "series",
        type: "nominal",
        title: null,
        sort: series.map(titleOf),
        scale: { range: [...COLORS.series] },
      },
    },
  };
}

const isPositive = (value: unknown): value is number => typeof value === "number" && value > 0;

function scaleOf(field: string, title: string) {
  return {
    field,
    type: "quantitative" as const,
    scale: { type: "log" as const },
    axis: { title, tickCount: 6, format: "~s" },
  };
}
