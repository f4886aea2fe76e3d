/** TorchSparse's grouping of offsets: strategies (Table 4.2), and what specialisation is worth (4.1). */
import { publishedTable } from "../../reports/published/load.ts";
import { printedNumber, type PublishedTable } from "../../reports/published/schema.ts";
import type { BenchCase, BenchTable } from "../../reports/schema.ts";
import type { Case } from "../case.ts";
import { deviceCase, STRATEGIES, strategyCase, transferCase } from "../cases/grouping_run.ts";
import { sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";
import { type Workload, WORKLOADS } from "../workloads/workload.ts";

const KITTI = WORKLOADS["SemanticKITTI MinkUNet 1×"]!;
const KITTI_HALF = WORKLOADS["SemanticKITTI MinkUNet 0.5×"]!;
const NUSCENES = WORKLOADS["nuScenes MinkUNet, 3 frames"]!;

const ABLATION = publishedTable("thesis-4.2");
/** The column of the published table, and the workload that it names. */
const ABLATED = [KITTI_HALF, NUSCENES].map((workload, i) => ({
  workload,
  column: i + 1,
  item: strategyCase(workload),
}));
/** The published row of a strategy; "together" is not among them, nor "Fixed" among ours. */
const PRINTED: Readonly<Record<string, string>> = {
  separate: "Separate",
  symmetric: "Symmetric",
  adaptive: "Adaptive",
};

interface Transfer {
  readonly published: PublishedTable;
  readonly what: string;
  readonly workloads: readonly [Workload, Workload];
}

const TRANSFERS: readonly Transfer[] = [
  { published: publishedTable("thesis-4.1a"), what: "data set", workloads: [KITTI, NUSCENES] },
  { published: publishedTable("thesis-4.1b"), what: "network", workloads: [KITTI, KITTI_HALF] },
];
const transferCases = TRANSFERS.map(({ workloads }) =>
  workloads.map((workload) => transferCase(workload, workloads))
);

const NUSCENES_ONE = WORKLOADS["nuScenes MinkUNet, 1 frame"]!;
const DEVICE_TABLE = publishedTable("thesis-4.1c");
const DEVICES = deviceCase(NUSCENES_ONE);

const msOf = (row: BenchCase | undefined) => row?.medianMs ?? whyMissing(row);

/** The speedup in brackets: "8.2 TFLOP/s (1.02×)". */
function printedSpeedup(strategy: string, column: number): number | null {
  const row = ABLATION.rows.find(([name]) => name === PRINTED[strategy]);
  return printedNumber(row?.[column]?.match(/\((.*)\)/)?.[1]);
}

function ablation({ rows }: TableRun): BenchTable {
  const line = (strategy: string) =>
    Object.fromEntries(ABLATED.flatMap(({ workload, column, item }) => {
      const own = rows.one(item, strategy);
      const base = rows.one(item, "separate")?.medianMs ?? null;
      const speedup = base === null || own?.medianMs == null ? null : base / own.medianMs;
      return [
        [`${workload.id}-published`, printedSpeedup(strategy, column)],
        [`${workload.id}-ms`, msOf(own)],
        [`${workload.id}-speedup`, speedup],
      ];
    }));
  return {
    id: "adaptive-grouping",
    title: "Grouping offsets into products",
    source: sourceOf(ABLATION),
    columns: [
      { key: "strategy", title: "strategy", kind: "label" },
      ...ABLATED.flatMap(({ workload: { id, title } }) => [
        { key: `${id}-published`, title: `${title}: speedup`, kind: "published" as const },
        {
          key: `${id}-ms`,
          title: `${title}: time`,
          unit: "ms",
          kind: "measured" as const,
          maps: "before" as const,
        },
        { key: `${id}-speedup`, title: `${title}: speedup`, kind: "measured" as const },
      ]),
    ],
    rows: STRATEGIES.map((strategy) => ({ strategy, ...line(strategy) })),
    notes: [
      "separate: one product an offset. symmetric: mirrored offsets, which have as many pairs, in one " +
      "batch. together: all offsets in one padded batch. adaptive: epsilon and S searched for every " +
      "group of layers that share a map. The published fixed grouping in three is not a setting here.",
      "Measured: all layers of the network, maps made before; published: the matrix products alone.",
    ],
    chart: {
      bars: "strategy",
      series: ABLATED.flatMap(({ workload: { id } }) => [`${id}-published`, `${id}-speedup`]),
      axis: "times as fast as separate products",
    },
  };
}

function transfer({ rows }: TableRun, index: number): BenchTable {
  const { published, what, workloads } = TRANSFERS[index]!;
  return {
    id: published.id,
    title: `Adaptive grouping searched for a ${what}, executed on another`,
    source: sourceOf(published),
    columns: [
      { key: "on", title: "executed on", kind: "label" },
      ...workloads.map(({ id, title }) => ({
        key: `${id}-published`,
        title: `searched on ${title}`,
        kind: "published" as const,
      })),
      ...workloads.map(({ id, title }) => ({
        key: id,
        title: `searched on ${title}`,
        unit: "ms",
        kind: "measured" as const,
        maps: "before" as const,
      })),
    ],
    rows: workloads.map(({ title }, i) => ({
      on: title,
      ...Object.fromEntries(workloads.flatMap(({ id }, j) => [
        [`${id}-published`, printedNumber(published.rows[i]?.[j + 1])],
        [id, msOf(rows.one(transferCases[index]![i]!, id))],
      ])),
    })),
    notes: [
      "Smaller is better: the diagonal should win its row. Published numbers have no unit in the " +
      "caption that fits them; they are shown as printed.",
    ],
  };
}

/** Table 4.1 c, of which one machine measures one row. */
function devices({ rows }: TableRun): BenchTable {
  const measured = rows.all(DEVICES);
  const keys = DEVICE_TABLE.columns.slice(1).map((_, i) => `published-${i}`);
  const columns: BenchTable["columns"] = [
    { key: "on", title: "executed on", kind: "label" },
    ...keys.map((key, i) => ({
      key,
      title: DEVICE_TABLE.columns[i + 1]!.title,
      kind: "published" as const,
    })),
    ...measured.map(({ variant }) => ({
      ...{ key: variant, title: `tuned on ${variant}`, unit: "ms", kind: "measured" as const },
    })),
  ];
  const here = Object.fromEntries(measured.map((row) => [row.variant, msOf(row)]));
  return {
    id: DEVICE_TABLE.id,
    title: "Dataflows tuned on a device, executed on another",
    source: sourceOf(DEVICE_TABLE),
    columns,
    rows: [
      ...DEVICE_TABLE.rows.map(([name, ...cells]) => ({
        on: name!,
        ...Object.fromEntries(keys.map((key, i) => [key, printedNumber(cells[i])])),
      })),
      { on: "this machine", ...here },
    ],
    notes: [
      `Measured on ${NUSCENES_ONE.title}: the fastest dataflow of every group of layers as deno task ` +
      "bench tune found it, not grouping alone. Columns are the files of .cache/tuned in this " +
      "folder: run bench tune on each machine, bring the files together, and run this table on each.",
      ...measured.length === 0
        ? ["None is here: deno task bench tune makes that of a machine."]
        : [],
    ],
  };
}

/** The tables. */
export const adaptiveGrouping: TableSpec = {
  about:
    "TorchSparse's grouping strategies, and specialisation by data set, network and device (4.1, 4.2)",
  backends: ["cpu", "cuda"],
  cases: [...ABLATED.map(({ item }): Case => item), ...transferCases.flat(), DEVICES],
  build: (run) => [ablation(run), ...TRANSFERS.map((_, i) => transfer(run, i)), devices(run)],
};
