/** FlexGEMM's sphere shells: its published speeds beside engines on our kernels, in training. */
import { publishedTable } from "../../reports/published/load.ts";
import { printedNumber } from "../../reports/published/schema.ts";
import type { BenchTable } from "../../reports/schema.ts";
import { SHELL_ENGINES, shellCase } from "../cases/shell_training.ts";
import { sourceOf, type TableRun, type TableSpec, whyMissing } from "../table.ts";

type Cells = BenchTable["rows"][number];

const PUBLISHED = publishedTable("flexgemm-shells");
/** The columns before the engines: precision, resolution, channels, layers. */
const LABELS = 4;
const PEERS = PUBLISHED.columns.slice(LABELS).map(({ title }) => title);
/** The type of ours. */
const PRECISION = "fp32";
/** Whose speed is 1. */
const UNIT = SHELL_ENGINES[0]!.name;
const OTHERS = SHELL_ENGINES.slice(1).map(({ name }) => name);

/** By resolution, which says the channels as well. */
const CASES = new Map(
  PUBLISHED.rows.filter(([precision]) => precision === PRECISION).map(([, side, channels]) => [
    side,
    shellCase(Number(side), Number(channels)),
  ]),
);

function measured({ rows }: TableRun, side: string): Cells {
  const item = CASES.get(side)!;
  const unit = rows.one(item, UNIT);
  if (unit === undefined || unit.medianMs === null) return { ms: whyMissing(unit) };
  const { medianMs: one, params } = unit;
  const speeds = OTHERS.map((name) => {
    const row = rows.one(item, name);
    return [name, row?.medianMs == null ? whyMissing(row) : one / row.medianMs];
  });
  return {
    ms: one,
    voxels: Number(params["voxels"] ?? 0),
    part: String(params["part"] ?? ""),
    ...Object.fromEntries(speeds),
  };
}

function build(run: TableRun): BenchTable[] {
  return [{
    id: "flexgemm-shells",
    title: "A layer on a sphere shell, forward and backward, speed with FlexGEMM = 1",
    source: sourceOf(PUBLISHED, `${PUBLISHED.hardware}; ${PUBLISHED.protocol}`),
    columns: [
      { key: "shell", title: "precision, cells a side, channels", kind: "label" },
      ...PEERS.map((key) => ({ key, title: key, kind: "published" as const })),
      ...OTHERS.map((key) => ({
        key,
        title: key,
        kind: "measured" as const,
        maps: "before" as const,
      })),
      { key: "ms", title: UNIT, unit: "ms", kind: "measured", maps: "before" },
      { key: "voxels", title: "voxels", kind: "measured" },
      { key: "part", title: "of the shell", kind: "label" },
    ],
    rows: PUBLISHED.rows.map((row): Cells => {
      const [precision, side, channels] = row as [string, string, string];
      const printed = PEERS.map((key, i) => [key, printedNumber(row[LABELS + i])]);
      return {
        shell: `${precision}, ${side}, ${channels}`,
        ...Object.fromEntries(printed),
        ...(precision === PRECISION && measured(run, side)),
      };
    }),
    notes: [
      "Measured: one submanifold 3x3x3 layer in f32, the gradients of its input and weights included, " +
      "its maps made before. Published: stacks of 16 layers at 8 cells a side down to 2 from 64 on.",
      "On a CPU shells from 32 cells a side on are cut to the octant next to the origin, which keeps " +
      "the neighbours of all voxels but those on the cut.",
      "All measured columns are this project's kernels, set up as each engine's code says; no other " +
      `engine ran. ${SHELL_ENGINES.map(({ name, about }) => `${name}: ${about}`).join(". ")}.`,
      "fVDB has no setting of its own here: that benchmark calls it with rows sorted by mask.",
    ],
    chart: { bars: "shell", series: [...PEERS, ...OTHERS], axis: "times as fast as FlexGEMM" },
  }];
}

/** The table. */
export const flexgemmShells: TableSpec = {
  about: "FlexGEMM's sphere shells: a layer forward and backward, on engines as settings of ours",
  backends: ["cpu", "cuda"],
  cases: [...CASES.values()],
  build,
};
