/** What the camera branch of BEVFusion spends on its bird's-eye view, before and after (Figure 5.3). */
import { publishedTable } from "../../reports/published/load.ts";
import { printedNumber } from "../../reports/published/schema.ts";
import type { BenchCase } from "../../reports/schema.ts";
import { ALL_CASES } from "../cases.ts";
import { casesNamed, sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";

const PUBLISHED = publishedTable("bev-pooling");
const CASES = {
  cells: "bev_cells/cameras=6",
  sort: "bev_intervals/cameras=6",
  pool: "bev_pool/cameras=6,c=80",
  fused: "bev_pool_fused/cameras=6,c=80",
} as const;

type Cell = number | string;

const timeOf = (row: BenchCase | undefined): Cell => row?.medianMs ?? whyMissing(row);

/** The sum, or the first reason why there is none. */
function sum(...cells: readonly Cell[]): Cell {
  const reason = cells.find((cell) => typeof cell === "string");
  return reason ?? (cells as number[]).reduce((a, b) => a + b, 0);
}

function build({ rows }: TableRun) {
  const association = sum(timeOf(rows.fastest(CASES.cells)), timeOf(rows.fastest(CASES.sort)));
  const prefix = timeOf(rows.one(CASES.pool, "prefix_sum"));
  const others = rows.all(CASES.pool).filter(({ variant }) => variant !== "prefix_sum");
  const interval = timeOf(others.find(({ medianMs }) => medianMs !== null) ?? others[0]);
  const fused = timeOf(rows.fastest(CASES.fused));
  const printed = (step: string, column: number) =>
    printedNumber(PUBLISHED.rows.find(([name]) => name === step)?.[column]);
  const steps = [
    ["grid association", association, 0, 0],
    ["feature aggregation", prefix, interval, fused],
  ] as const;
  const row = (step: string, before: Cell, after: Cell, last: Cell) => ({
    step,
    publishedBefore: printed(step, 1),
    publishedAfter: printed(step, 2),
    before,
    after,
    fused: last,
  });
  const total = (column: 1 | 2) =>
    PUBLISHED.rows.reduce((all, cells) => all + printedNumber(cells[column])!, 0);
  return [{
    id: "bev-pool-breakdown",
    title: "Camera features to a bird's-eye view: prefix sum, intervals, fused",
    source: sourceOf(PUBLISHED, `${PUBLISHED.hardware}; ${PUBLISHED.protocol}`),
    columns: [
      { key: "step", title: "step", kind: "label" as const },
      { key: "publishedBefore", title: "before", unit: "ms", kind: "published" as const },
      { key: "publishedAfter", title: "after", unit: "ms", kind: "published" as const },
      { key: "before", title: "prefix sum", unit: "ms", kind: "measured" as const },
      { key: "after", title: "intervals", unit: "ms", kind: "measured" as const },
      { key: "fused", title: "depth x feature", unit: "ms", kind: "measured" as const },
    ],
    rows: [
      ...steps.map(([step, before, after, last]) => row(step, before, after, last)),
      {
        ...row("both", sum(association, prefix), interval, fused),
        publishedBefore: total(1),
        publishedAfter: total(2),
      },
    ],
    notes: [
      "Six cameras, 32 x 88 features of 80 channels, 118 depths: 1,993,728 points on 360 x 360 cells.",
      "Association before: cells of all points and their sort, every frame. After: the rig does not " +
      "move, so both are made once; pooling reads rows through the stored order and nothing is left " +
      "to do, where the published 4 ms reorder the features.",
      "Depth x feature multiplies where it sums (BEVPoolv2): the tensor of all points is never made, " +
      "and the time that others spend on making it is not in any column.",
      ...speedups(sum(association, prefix), interval, fused),
    ],
    chart: {
      bars: "step",
      series: ["publishedBefore", "publishedAfter", "before", "after", "fused"],
      axis: "ms",
    },
  }];
}

function speedups(before: Cell, ...after: readonly Cell[]): string[] {
  if (typeof before === "string") return [];
  const ratios = after.map((ms) => typeof ms === "number" ? `${(before / ms).toFixed(1)}x` : "–");
  return [
    `Whole step against prefix sum, measured here: intervals ${ratios[0]}, fused ${ratios[1]}.`,
  ];
}

/** The table. */
export const bevPoolBreakdown: TableSpec = {
  about: "BEVFusion's camera-to-BEV step: prefix sum, intervals, fused (Figure 5.3)",
  backends: ["cpu", "cuda"],
  cases: casesNamed(ALL_CASES, Object.values(CASES)),
  build,
};
