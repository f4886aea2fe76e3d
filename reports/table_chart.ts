/** The chart of a table as a Vega-Lite spec: columns as lines over another column. */
import type { BenchTable } from "./schema.ts";
import { type ChartSpec, COLORS } from "./svg.ts";

const WIDTH = 520;
const HEIGHT = 260;

/** Lines with a point a row, both axes logarithmic; null where the table asks for none or is empty. */
export function tableChart({ title, columns, rows, chart }: BenchTable): ChartSpec | null {
  if (chart === undefined) return null;
  const { x, series, axis } = chart;
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
