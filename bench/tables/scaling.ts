/** How the cost of a voxel changes with their number, and the time of a layer with threads. */
import type { BenchCase, BenchTable } from "../../reports/schema.ts";
import type { Case } from "../case.ts";
import { scalingCases, SIZES, threadCase, THREADS } from "../cases/scaling.ts";
import { type TableRun, type TableSpec, whyMissing } from "../table.ts";

const SCALED = SIZES.map((voxels) => ({ voxels, cases: scalingCases(voxels) }));
const THREADED = THREADS.map((threads) => ({ threads, item: threadCase(threads) }));

const SERIES = {
  voxelize: "voxelize",
  map: "submanifold map",
  conv: "convolution 32 to 32",
} as const;
type Series = keyof typeof SERIES;
const KEYS = Object.keys(SERIES) as Series[];

/** Voxels below which everything may lie in cache: they do not count for the growth. */
const LARGE = 1e5;

/**
 * The exponent of growth: the slope of log time over log size by least squares, 1 for a linear
 * cost. Null for fewer than two points.
 */
export function growth(points: readonly (readonly [number, number])[]): number | null {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (i: 0 | 1) => logs.reduce((sum, point) => sum + point[i], 0) / logs.length;
  const [meanX, meanY] = [mean(0), mean(1)];
  const spread = logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  if (spread === 0 || logs.length < 2) return null;
  return logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

const nanoseconds = (row: BenchCase | undefined, voxels: number) =>
  row === undefined || row.medianMs === null ? whyMissing(row) : row.medianMs * 1e6 / voxels;

function sizeTable({ rows, context }: TableRun): BenchTable {
  const timed = (key: Series) =>
    SCALED.flatMap(({ voxels, cases }) => {
      const ms = rows.one(cases[key])?.medianMs ?? null;
      return ms === null ? [] : [[voxels, ms] as const];
    });
  const exponents = KEYS.flatMap((key) => {
    const exponent = growth(timed(key).filter(([voxels]) => voxels >= LARGE));
    return exponent === null ? [] : [`${SERIES[key]} ${exponent.toFixed(2)}`];
  });
  return {
    id: "scaling",
    title: "Cost of a voxel by their number",
    source: null,
    columns: [
      { key: "voxels", title: "voxels", kind: "label" },
      ...KEYS.map((key) => ({
        key,
        title: SERIES[key],
        unit: "ns",
        kind: "measured" as const,
      })),
    ],
    rows: SCALED.map(({ voxels, cases }) => ({
      voxels,
      ...Object.fromEntries(KEYS.map((key) => [key, nanoseconds(rows.one(cases[key]), voxels)])),
    })),
    notes: [
      `The voxels of ${context.data.name} as often as it takes, each copy under a batch number of ` +
      "its own, the last one cut. The map of the convolution is made before.",
      ...(exponents.length === 0 ? [] : [
        `Growth of the time from ${LARGE.toLocaleString("en")} voxels on, as an exponent (1 is ` +
        `linear): ${exponents.join(", ")}.`,
      ]),
    ],
    chart: { x: "voxels", series: KEYS, axis: "ns a voxel" },
  };
}

function threadTable({ rows }: TableRun): BenchTable {
  const alone = rows.one(THREADED[0]!.item)?.medianMs ?? null;
  return {
    id: "scaling-threads",
    title: "A convolution of 96 to 96 channels by threads",
    source: null,
    columns: [
      { key: "threads", title: "threads", kind: "label" },
      { key: "ms", title: "time", unit: "ms", kind: "measured" },
      { key: "speedup", title: "speed-up", kind: "measured" },
      { key: "efficiency", title: "efficiency", unit: "%", kind: "measured" },
    ],
    rows: THREADED.map(({ threads, item }) => {
      const row = rows.one(item);
      const ms = row?.medianMs ?? null;
      if (ms === null) return { threads, ms: whyMissing(row) };
      const speedup = alone === null ? null : alone / ms;
      const efficiency = speedup === null ? null : Number((100 * speedup / threads).toFixed(1));
      return { threads, ms, speedup, efficiency };
    }),
    notes: ["Level 0 of the scan. Efficiency is the speed-up divided by the threads."],
  };
}

/** Both tables. */
export const scaling: TableSpec = {
  about: "cost of a voxel from 10,000 to 10 million of them, and speed by threads",
  backends: ["cpu"],
  cases: [
    ...SCALED.flatMap(({ cases }): Case[] => Object.values(cases)),
    ...THREADED.map(({ item }) => item),
  ],
  variants: (_, known) => known.slice(0, 1),
  build: (run) => [sizeTable(run), threadTable(run)],
};
