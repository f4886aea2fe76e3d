/** TorchSparse++'s training figure: a step of the convolutions on its workloads, engine by engine. */
import { geometricMean } from "../../reports/compare.ts";
import { publishedTable } from "../../reports/published/load.ts";
import { printedNumber } from "../../reports/published/schema.ts";
import type { BenchTable } from "../../reports/schema.ts";
import type { Case } from "../case.ts";
import { BATCH, trainingCase } from "../cases/training_step.ts";
import { TRAINING_PROFILES } from "../engines/training.ts";
import { sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";
import { WORKLOADS } from "../workloads/workload.ts";

const PUBLISHED = publishedTable("torchsparse-pp-training");
/** Its rows: a GPU and an engine. */
const PRINTED = PUBLISHED.rows.map((cells, i) => ({
  key: `published-${i}`,
  title: `${cells[1]}, ${cells[0]?.replace("NVIDIA ", "")}`,
  cells,
}));
/** What the chart shows of them: the GPU that has all engines. */
const CHARTED = PRINTED.filter(({ title }) => title.endsWith("RTX 2080 Ti"));
/** Whose speed is 1. */
const UNIT = "torchsparse-pp";
const CASES = Object.entries(WORKLOADS).map(([title, workload]) => ({
  title,
  item: trainingCase(workload),
}));
const NAMES = TRAINING_PROFILES.map(({ name }) => name);

/** Speed of a profile against TorchSparse++'s: above 1 is faster; or why there is none. */
function speed({ rows }: TableRun, item: Case, profile: string): number | string {
  const [unit, own] = [rows.one(item, UNIT), rows.one(item, profile)];
  if (unit?.medianMs == null) return whyMissing(unit);
  return own?.medianMs == null ? whyMissing(own) : unit.medianMs / own.medianMs;
}

function lineOf(run: TableRun, { title, item }: typeof CASES[number]): BenchTable["rows"][number] {
  const column = PUBLISHED.columns.findIndex((each) => each.title === title);
  const unit = run.rows.one(item, UNIT);
  const voxels = unit?.params["voxels"];
  return {
    workload: title,
    ...Object.fromEntries(PRINTED.map(({ key, cells }) => [key, printedNumber(cells[column])])),
    ...Object.fromEntries(NAMES.map((name) => [name, speed(run, item, name)])),
    ms: unit?.medianMs ?? whyMissing(unit),
    voxels: voxels === undefined ? null : Number(voxels),
  };
}

function build(run: TableRun): BenchTable[] {
  const lines = CASES.map((each) => lineOf(run, each));
  const mean = (key: string) => {
    const value = geometricMean(
      lines.flatMap((line) => typeof line[key] === "number" ? [line[key]] : []),
    );
    return value === null ? null : Number(value.toFixed(3));
  };
  const keys = [...PRINTED.map(({ key }) => key), ...NAMES];
  return [{
    id: "torchsparse-pp-training",
    title: "Engines in training, speed with TorchSparse++ = 1",
    source: sourceOf(
      PUBLISHED,
      "Published: whole training steps in mixed precision (FP16), batch 2",
    ),
    columns: [
      { key: "workload", title: "workload", kind: "label" },
      ...PRINTED.map(({ key, title }) => ({ key, title, kind: "published" as const })),
      ...NAMES.map((name) => ({ key: name, title: name, kind: "measured" as const })),
      { key: "ms", title: `${UNIT}, one step`, unit: "ms", kind: "measured" },
      { key: "voxels", title: "voxels", kind: "label" },
    ],
    rows: [...lines, {
      workload: "geometric mean of these rows",
      ...Object.fromEntries(keys.map((key) => [key, mean(key)])),
    }],
    notes: [
      "All measured columns are this project's kernels, set up as each engine's papers and code say; " +
      "no other engine ran. A step is what convolutions take of it: kernel maps and their " +
      "transposed ones, forward pass, gradient of the input, gradient of the weights. Norms, " +
      "activations, loss and optimizer are left out, and values between layers are seeded.",
      ...TRAINING_PROFILES.map(({ name, about, dtype }) => `${name}, ${dtype}: ${about}.`),
      "Gradients of inputs run in the dataflow of the forward pass over the transposed map; " +
      "minkowski has a rule of its own for them, torchsparse-pp gathers and scatters instead of " +
      "fetching, and what is tuned is tuned for them apart. Dataflows that read pairs list those " +
      "of the transposed map anew, where their engines swap the columns of a list. The gradient " +
      "of the weights has one kernel, in f32 sums, that all rows share, so that engines differ " +
      "less than they do in the figure; tuned runs it as deno task bench tune --training found it.",
      `The batch is one simulated or given scan, ${BATCH} times.`,
    ],
    chart: {
      bars: "workload",
      series: [...CHARTED.map(({ key }) => key), ...NAMES],
      axis: "times as fast as TorchSparse++",
    },
  }];
}

/** The table. */
export const torchsparsePpTraining: TableSpec = {
  about: "engines as settings of ours on TorchSparse++'s training workloads",
  backends: ["cpu", "cuda"],
  cases: CASES.map(({ item }) => item),
  build,
};
