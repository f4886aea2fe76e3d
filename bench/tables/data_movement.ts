/** TorchSparse's steps to less data movement (Table 4.3), as far as our dataflows take them. */
import type { Feature } from "../../ffi/mod.ts";
import { publishedTable } from "../../reports/published/load.ts";
import { printedNumber } from "../../reports/published/schema.ts";
import type { BenchTable } from "../../reports/schema.ts";
import { type Movement, movementCase, type MOVERS } from "../cases/data_movement.ts";
import { sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";
import { WORKLOADS } from "../workloads/workload.ts";

const PUBLISHED = publishedTable("thesis-4.3");
/** Its columns of speedups. */
const COLUMNS = { gather: 4, scatter: 5, both: 6 } as const;
const WORKLOAD = WORKLOADS["SemanticKITTI MinkUNet 1×"]!;
const TYPES = ["f32", "f16"] as const satisfies readonly Feature[];
const MOVED = ["gather", "scatter"] as const satisfies readonly Movement[];
const CASES = TYPES.flatMap((dtype) =>
  MOVED.map((moved) => ({ dtype, moved, item: movementCase(WORKLOAD, moved, dtype) }))
);

/** How a step runs here: a dataflow in a type; null where it is none of the settings. */
type Setting =
  | { readonly dataflow: typeof MOVERS[number]; readonly dtype: typeof TYPES[number] }
  | null;

/** A row; `printed` is its number in the published table. */
interface Step {
  readonly title: string;
  readonly printed?: number;
  readonly setting: Setting;
}

const BASE: Setting = { dataflow: "gather", dtype: "f32" };
const STEPS: readonly Step[] = [
  { title: "offset by offset, f32", printed: 0, setting: BASE },
  { title: "+ 16 bits, value by value", printed: 1, setting: null },
  {
    title: "+ vectors: offset by offset, f16",
    printed: 2,
    setting: { dataflow: "gather", dtype: "f16" },
  },
  { title: "+ all offsets at once", printed: 3, setting: null },
  {
    title: "+ in the order of rows: fused, f16",
    printed: 4,
    setting: { dataflow: "fused", dtype: "f16" },
  },
  { title: "fused, f32", setting: { dataflow: "fused", dtype: "f32" } },
  { title: "no buffers: fetch, f32", setting: { dataflow: "fetch", dtype: "f32" } },
  { title: "no buffers: fetch, f16", setting: { dataflow: "fetch", dtype: "f16" } },
];

/** Milliseconds of one movement or of both, or why there are none. */
function timeOf({ rows }: TableRun, setting: Setting, moved: Movement | "both"): number | string {
  if (setting === null) return "not a setting here";
  let sum = 0;
  for (const each of CASES) {
    if (each.dtype !== setting.dtype || (moved !== "both" && each.moved !== moved)) continue;
    const row = rows.one(each.item, setting.dataflow);
    if (row?.medianMs == null) return whyMissing(row);
    sum += row.medianMs;
  }
  return sum;
}

function lineOf(run: TableRun, { title, printed, setting }: Step): BenchTable["rows"][number] {
  const cells = printed === undefined ? undefined : PUBLISHED.rows[printed];
  const parts = Object.entries(COLUMNS).flatMap(([moved, column]) => {
    const [own, base] = [setting, BASE].map((each) =>
      timeOf(run, each, moved as Movement | "both")
    );
    const speedup = typeof own === "number" && typeof base === "number" ? base / own : null;
    return [
      [`${moved}-published`, printedNumber(cells?.[column])],
      [`${moved}-ms`, own],
      [`${moved}-speedup`, speedup],
    ];
  });
  return { step: title, ...Object.fromEntries(parts) };
}

const TITLES = { gather: "gather", scatter: "scatter", both: "both" } as const;

function build(run: TableRun): BenchTable[] {
  const columns = Object.entries(TITLES).flatMap(([moved, title]) => [
    { key: `${moved}-published`, title: `${title}: speedup`, kind: "published" as const },
    { key: `${moved}-ms`, title, unit: "ms", kind: "measured" as const },
    { key: `${moved}-speedup`, title: `${title}: speedup`, kind: "measured" as const },
  ]);
  return [{
    id: "data-movement",
    title: "Steps to less data movement",
    source: sourceOf(PUBLISHED, `${WORKLOAD.title}; the table does not name its GPU`),
    columns: [{ key: "step", title: "step", kind: "label" }, ...columns],
    rows: STEPS.map((step) => lineOf(run, step)),
    notes: [
      "Speedups are against the first row. Offset by offset is the dataflow gather: the rows of an " +
      "offset go to a buffer, their products from another to the output. fused reads each input row " +
      "once and writes it to all its places, and sums each output row before it writes it once; " +
      "it lists these places in every call. " +
      "fetch reads and adds rows where they are: what it takes is left when nothing is buffered.",
      "Two published steps are no settings here: rows are always copied as vectors, and all offsets " +
      "at once are always moved in the order of rows.",
      "No kernel gathers or scatters alone. gather: all layers of the network with one output " +
      "channel; scatter: with one input channel; both: their sum. Products with a single channel " +
      "and what else a call does are inside. Maps and lists of pairs are made before.",
      "On a CPU, 16-bit rows are widened to f32 before they are gathered, and sums are rounded " +
      "after they were scattered: it saves no traffic of buffers there.",
    ],
    chart: {
      bars: "step",
      series: ["both-published", "both-speedup"],
      axis: "times as fast as offset by offset in f32",
    },
  }];
}

/** The table. */
export const dataMovement: TableSpec = {
  about: "gathering and scattering by TorchSparse's steps: 16 bits, vectors, fused, in order (4.3)",
  backends: ["cpu", "cuda"],
  cases: CASES.map(({ item }) => item),
  build,
};
