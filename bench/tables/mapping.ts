/** TorchSparse's steps to faster mapping (Figure 4.13), as far as our ways of searching take them. */
import { publishedTable } from "../../reports/published/load.ts";
import { printedNumber } from "../../reports/published/schema.ts";
import type { BenchTable } from "../../reports/schema.ts";
import { mappingCase, type MapWayName } from "../cases/mapping_steps.ts";
import { sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";
import { WORKLOADS } from "../workloads/workload.ts";

const PUBLISHED = publishedTable("thesis-fig-4.13");
const WORKLOAD = WORKLOADS["Waymo CenterPoint, 3 frames"]!;
const ITEM = mappingCase(WORKLOAD);

/** A row; `printed` is what the figure calls the step. */
interface Step {
  readonly title: string;
  readonly printed?: string;
  /** The way that is timed, and the one that the step starts from; null = none is it. */
  readonly way: MapWayName | null;
  readonly from?: MapWayName;
}

const STEPS: readonly Step[] = [
  { title: "hash table, every offset", way: "hash" },
  { title: "grid for the hash table", printed: "grid hash map", way: "grid", from: "hash" },
  { title: "output coordinates in one kernel", printed: "fused kernel", way: null },
  { title: "simpler control flow", printed: "simplified control logic", way: null },
  { title: "symmetry, hash table", printed: "symmetry", way: "hash-mirrored", from: "hash" },
  { title: "symmetry, grid", way: "grid-mirrored", from: "grid" },
  { title: "sorted walks for the hash table", way: "sorted", from: "hash" },
  { title: "symmetry, sorted walks", way: "sorted-mirrored", from: "sorted" },
  { title: "sorted search for the hash table", way: "search", from: "hash" },
  { title: "symmetry, sorted search", way: "search-mirrored", from: "search" },
  { title: "outputs and map of a layer in one op", way: "one-op", from: "hash-mirrored" },
];

/** The factor of a step in the figure: "1.6×". */
function printedFactor(what: string | undefined): number | null {
  return printedNumber(PUBLISHED.rows.find(([name]) => name === what)?.[1]);
}

function lineOf({ rows }: TableRun, { title, printed, way, from }: Step) {
  const [own, before, first] = [way, from, "hash"].map((name) =>
    name == null ? undefined : rows.one(ITEM, name)
  );
  const over = (base: typeof own) =>
    base?.medianMs == null || own?.medianMs == null ? null : base.medianMs / own.medianMs;
  return {
    step: title,
    published: printedFactor(printed),
    factor: over(before),
    ms: way === null ? "not a setting here" : own?.medianMs ?? whyMissing(own),
    total: over(first),
  };
}

function build(run: TableRun): BenchTable[] {
  return [{
    id: "mapping",
    title: "Steps to faster mapping",
    source: sourceOf(
      PUBLISHED,
      `${WORKLOAD.title}; ${printedFactor("all of these")} times as fast by all steps`,
    ),
    columns: [
      { key: "step", title: "step", kind: "label" },
      { key: "published", title: "factor of the step", kind: "published" },
      { key: "factor", title: "factor of the step", kind: "measured" },
      { key: "ms", title: "all maps", unit: "ms", kind: "measured" },
      { key: "total", title: "over the first row", kind: "measured" },
    ],
    rows: STEPS.map((step) => lineOf(run, step)),
    notes: [
      "Time: the kernel maps of all layers of the network and the output coordinates of the strided " +
      "ones. Published factors are over the step before, ours over the same search without the step: " +
      "symmetry over the search of every offset, another search over the hash table.",
      "Output coordinates are one kernel in all rows, and control flow has one form: two published " +
      "steps are no settings here. Without symmetry, a submanifold layer gets its voxels twice, as " +
      "inputs and as outputs.",
      "grid and sorted search are ways of the CUDA backend, sorted walks one of the CPU: the others " +
      "are not run. One op for outputs and map is, on a CPU, two steps by sorted walks for the " +
      "overlapping kernels of this network.",
    ],
    chart: {
      bars: "step",
      series: ["published", "factor"],
      axis: "times as fast as without the step",
    },
  }];
}

/** The table. */
export const mapping: TableSpec = {
  about: "kernel maps of CenterPoint by TorchSparse's steps: grid, symmetry; and by sorting (4.13)",
  backends: ["cpu", "cuda"],
  cases: [ITEM],
  build,
};
