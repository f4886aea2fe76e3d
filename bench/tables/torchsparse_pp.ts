/** TorchSparse++'s inference figure: engines on its workloads, speed against its own profile. */
import { geometricMean } from "../../reports/compare.ts";
import { publishedTable } from "../../reports/published/load.ts";
import { printedNumber } from "../../reports/published/schema.ts";
import type { BenchTable } from "../../reports/schema.ts";
import { engineCase } from "../cases/engine_run.ts";
import { PROFILES } from "../engines/profiles.ts";
import { sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";
import { WORKLOADS } from "../workloads/workload.ts";

const PUBLISHED = publishedTable("torchsparse-pp-inference");
/** The published row of a profile on the first GPU of the figure. */
const PRINTED: Readonly<Record<string, string>> = {
  minkowski: "MinkowskiEngine",
  "spconv-1.2": "SpConv 1.2.1",
  "torchsparse-mlsys": "TorchSparse (MLSys)",
  "spconv-2": "SpConv 2.3.5",
};
const GPU = "NVIDIA A100";
/** Whose speed is 1. */
const UNIT = "torchsparse-pp";
const CASES = Object.entries(WORKLOADS).map(([title, workload]) => ({
  title,
  item: engineCase(workload),
}));

function printed(profile: string, workload: string): number | null {
  const column = PUBLISHED.columns.findIndex(({ title }) => title === workload);
  const row = PUBLISHED.rows.find(([gpu, precision, engine]) =>
    gpu === GPU && precision === "FP16" && engine === PRINTED[profile]
  );
  return printedNumber(row?.[column]);
}

/** Speed of a profile against TorchSparse++'s: above 1 is faster; or why there is none. */
function speed({ rows }: TableRun, item: (typeof CASES)[number]["item"], profile: string) {
  const [unit, own] = [rows.one(item, UNIT), rows.one(item, profile)];
  if (unit?.medianMs == null) return whyMissing(unit);
  return own?.medianMs == null ? whyMissing(own) : unit.medianMs / own.medianMs;
}

function build(run: TableRun): BenchTable[] {
  const names = PROFILES.map(({ name }) => name);
  const lines = CASES.map(({ title, item }) => ({
    workload: title,
    ms: run.rows.one(item, UNIT)?.medianMs ?? whyMissing(run.rows.one(item, UNIT)),
    ...Object.fromEntries(names.map((name) => [name, speed(run, item, name)])),
    ...Object.fromEntries(
      Object.keys(PRINTED).map((name) => [`${name}-published`, printed(name, title)]),
    ),
  })) as BenchTable["rows"];
  const mean = (key: string) => {
    const of = lines.flatMap((line) => typeof line[key] === "number" ? [line[key]] : []);
    const value = geometricMean(of);
    return value === null ? null : Number(value.toFixed(3));
  };
  const keys = [...names, ...Object.keys(PRINTED).map((name) => `${name}-published`)];
  return [{
    id: "torchsparse-pp-inference",
    title: "Engines in inference, speed with TorchSparse++ = 1",
    source: sourceOf(PUBLISHED, `Published columns: ${GPU}, FP16`),
    columns: [
      { key: "workload", title: "workload", kind: "label" },
      ...Object.keys(PRINTED).map((name) => ({
        key: `${name}-published`,
        title: name,
        kind: "published" as const,
      })),
      ...names.map((name) => ({
        key: name,
        title: name,
        kind: "measured" as const,
        maps: "inside" as const,
      })),
      { key: "ms", title: `${UNIT}, whole pass`, unit: "ms", kind: "measured", maps: "inside" },
    ],
    rows: [...lines, {
      workload: "geometric mean of these rows",
      ...Object.fromEntries(keys.map((key) => [key, mean(key)])),
    }],
    notes: [
      "All measured columns are this project's kernels, set up as each engine's papers and code say; " +
      "no other engine ran. They share types (f32 on a CPU), row products and everything that is not " +
      "named below.",
      ...PROFILES.map(({ name, about }) => `${name}: ${about}.`),
      "Time: kernel maps and all layers of one scan, voxels and weights ready. Simulated scans of each " +
      "data set's sensor where no data was given. CenterPoint is its sparse encoder: voxels of " +
      "0.075 x 0.075 x 0.2 m on nuScenes and 0.1 x 0.1 x 0.15 m on Waymo, at most 160,000 and 200,000.",
    ],
    chart: {
      bars: "workload",
      series: [...Object.keys(PRINTED).map((name) => `${name}-published`), ...names],
      axis: "times as fast as TorchSparse++",
    },
  }];
}

/** The table. */
export const torchsparsePpInference: TableSpec = {
  about: "engines as settings of ours on TorchSparse++'s inference workloads",
  backends: ["cpu", "cuda"],
  cases: CASES.map(({ item }) => item),
  build,
};
