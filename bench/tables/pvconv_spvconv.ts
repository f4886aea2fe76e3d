/** PVConv against SPVConv as voxels shrink (SPVNAS Table 1, thesis Table 3.1 and Figure 3.4). */
import { publishedTable } from "../../reports/published/load.ts";
import { printedNumber } from "../../reports/published/schema.ts";
import type { BenchCase } from "../../reports/schema.ts";
import { CHANNELS, pvconvCase, spvconvCase } from "../cases/point_voxel.ts";
import { sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";

const PUBLISHED = publishedTable("thesis-3.1");
/** Metres across a scan's longest axis, about: a grid of r cells has voxels of this over r. */
const SPAN = 160;
const SIZES = [3.2, 1.6, 0.8, 0.4, 0.2, 0.1, 0.05].map((voxel) => ({
  voxel,
  dense: pvconvCase(Math.round(SPAN / voxel)),
  sparse: spvconvCase(voxel),
}));

const msOf = (row: BenchCase | undefined) => row?.medianMs ?? whyMissing(row);

/** The published time of a network of that layer on whole scenes. */
function printed(layer: string, voxel: number): number | null {
  const row = PUBLISHED.rows.find(([name, input, size]) =>
    name === layer && input === "Entire Scene" && printedNumber(size) === voxel
  );
  return printedNumber(row?.[3]);
}

function build({ rows, context }: TableRun) {
  return [{
    id: "pvconv-spvconv",
    title: "A point-voxel layer on dense and on sparse voxels",
    source: sourceOf(PUBLISHED, `Whole networks on ${PUBLISHED.hardware}`),
    columns: [
      { key: "voxel", title: "voxel", unit: "m", kind: "label" as const },
      { key: "pv-published", title: "PVCNN", unit: "ms", kind: "published" as const },
      { key: "spv-published", title: "SPVCNN", unit: "ms", kind: "published" as const },
      { key: "pv", title: "PVConv layer", unit: "ms", kind: "measured" as const },
      { key: "spv", title: "SPVConv layer", unit: "ms", kind: "measured" as const },
    ],
    rows: SIZES.map(({ voxel, dense, sparse }) => ({
      voxel,
      "pv-published": printed("PVConv", voxel),
      "spv-published": printed("SPVConv", voxel),
      pv: msOf(rows.one(dense)),
      spv: msOf(rows.one(sparse)),
    })),
    notes: [
      `Measured: one layer of ${CHANNELS} channels with two 3x3x3 convolutions, its voxels, maps and ` +
      `neighbours made in the run, on ${context.data.name}. The dense grid has ${SPAN} m over the ` +
      "voxel size cells a side. Published: networks of such layers.",
    ],
    chart: { x: "voxel", series: ["pv", "spv"], axis: "ms" },
  }];
}

/** The table. */
export const pvconvSpvconv: TableSpec = {
  about: "a point-voxel layer on dense and on sparse voxels, by voxel size",
  backends: ["cpu", "cuda"],
  cases: SIZES.flatMap(({ dense, sparse }) => [dense, sparse]),
  build,
};
