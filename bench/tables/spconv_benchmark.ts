/** spconv's own benchmark, forward and backward: its published times beside engines on our kernels. */
import { publishedTable } from "../../reports/published/load.ts";
import { printedNumber } from "../../reports/published/schema.ts";
import type { BenchTable } from "../../reports/schema.ts";
import { engineBackwardCase } from "../cases/conv_training.ts";
import { engineCase } from "../cases/engine_run.ts";
import { PROFILES } from "../engines/profiles.ts";
import { sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";
import { SPCONV_WORKLOADS } from "../workloads/spconv.ts";

const PUBLISHED = publishedTable("spconv-benchmark");
const GPUS = PUBLISHED.rows.map(([gpu]) => gpu!);
const PASSES = Object.entries(SPCONV_WORKLOADS).flatMap(([input, workload]) => [
  { input, pass: "forward", maps: "maps inside", item: engineCase(workload) },
  { input, pass: "backward", maps: "maps before", item: engineBackwardCase(workload) },
]);
type Pass = (typeof PASSES)[number];
/** Types of the published columns; ours are in f32, for which TF32 stands. */
const TYPES = ["TF32", "F16"] as const;

/** Times of a pass in a type by GPU. */
function printed({ input, pass }: Pass, type: string): Record<string, number | null> {
  const column = PUBLISHED.columns.findIndex(({ title }) => title === `${input} ${type} ${pass}`);
  return Object.fromEntries(PUBLISHED.rows.map((row) => [row[0]!, printedNumber(row[column])]));
}

function measured({ rows }: TableRun, { item }: Pass) {
  return Object.fromEntries(PROFILES.map(({ name }) => {
    const row = rows.one(item, name);
    return [name, row?.medianMs ?? whyMissing(row)];
  }));
}

function build(run: TableRun): BenchTable[] {
  const voxels = PASSES.filter(({ pass }) => pass === "forward").flatMap(({ input, item }) => {
    const found = run.rows.all(item).find(({ params }) => params["voxels"] !== undefined);
    return found === undefined ? [] : [`${input} has ${found.params["voxels"]} here`];
  });
  return [{
    id: "spconv-benchmark",
    title: "spconv's benchmark network, forward and backward",
    source: sourceOf(PUBLISHED, PUBLISHED.protocol!),
    columns: [
      { key: "pass", title: "input, pass, published type", kind: "label" },
      ...GPUS.map((key) => ({ key, title: key, unit: "ms", kind: "published" as const })),
      ...PROFILES.map(({ name }) => ({
        key: name,
        title: name,
        unit: "ms",
        kind: "measured" as const,
      })),
    ],
    rows: PASSES.flatMap((each) =>
      TYPES.map((type) => ({
        pass: `${each.input}, ${each.pass}, ${each.maps}, ${type}`,
        ...printed(each, type),
        ...(type === "TF32" && measured(run, each)),
      }))
    ),
    notes: [
      "14 submanifold convolutions of 64 to 256 channels and 6 max poolings, without norms. Measured " +
      "in f32 and shown beside TF32, which the published GPUs before Ampere lack.",
      "Input: a scan of Waymo's sensor, simulated where no data was given, in voxels of 0.1 m; large " +
      "is eight copies of it, each a metre further along y. Published: 125,562 and about 900,000 " +
      `voxels${voxels.map((text) => `; ${text}`).join("")}.`,
      "Forward: maps are built in every run, as there. Backward: the gradients of inputs and weights " +
      "of all convolutions, over the maps of the forward pass; the gradient of the poolings is left " +
      "out, and takes part in the published times.",
      "Measured columns are this project's kernels, set up as each engine's papers and code say " +
      "(`bench/engines`); no other engine ran. The page does not say which of its three algorithms " +
      "its times are of.",
    ],
    chart: {
      bars: "pass",
      series: ["A100", "4090", ...PROFILES.map(({ name }) => name)],
      axis: "ms",
    },
  }];
}

/** The table. */
export const spconvBenchmarkTable: TableSpec = {
  about: "spconv's own benchmark: its network forward and backward, on engines as settings of ours",
  backends: ["cpu", "cuda"],
  cases: PASSES.map(({ item }) => item),
  build,
};
