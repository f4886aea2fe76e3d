/**
 * The CUDA engine beside the floors and goals of one H200. Floors are compulsory bytes over 4.8 TB/s
 * or operations over 990 TFLOP/s, whichever is longer; nothing but the last columns is measured.
 */
import type { BenchCase, BenchTable } from "../../reports/schema.ts";
import type { Case } from "../case.ts";
import { ALL_CASES } from "../cases.ts";
import { casesNamed, type TableRun, type TableSpec, whyMissing } from "../table.ts";

/** Dense bf16 products of an H200 as measured with a vendor library, in TFLOP/s. */
const MEASURED_TFLOPS = 790;

const NETWORK = "minkunet_convs/cr=1,maps=cached,dtype=f16";
const POOL = "bev_pool/cameras=6,c=80";

/** A time in ms, a share of a roof in %, or how many times as fast as another variant. */
type Unit = "ms" | "%" | "times";

interface Row {
  readonly what: string;
  readonly name: string;
  readonly unit: Unit;
  readonly floor: number | null;
  readonly goal: number;
  /** The value of the fastest variant; its time by default. */
  readonly value?: (row: BenchCase, run: TableRun) => number | null;
}

const percent = (share: number | null) => share === null ? null : Number((100 * share).toFixed(1));

const useful = ({ gflops }: BenchCase) =>
  percent(gflops === null ? null : gflops / 1e3 / MEASURED_TFLOPS);

/** Compulsory bytes against the triad that this run measured. */
const ofTriad = ({ gbps }: BenchCase, { roofline }: TableRun) =>
  percent(gbps === null || roofline === null ? null : gbps / roofline.triadGbps);

function againstGather({ medianMs }: BenchCase, { rows }: TableRun): number | null {
  const gather = rows.one(NETWORK, "gather")?.medianMs;
  return gather && medianMs ? gather / medianMs : null;
}

const product = (layer: string, channels: number): Row => ({
  what: `implicit GEMM ${layer}, ${channels} to ${channels}, f16, of ${MEASURED_TFLOPS} TFLOP/s`,
  name: `sparse_conv/layer=${layer},cin=${channels},cout=${channels},dtype=f16`,
  unit: "%",
  floor: null,
  goal: 45,
  value: useful,
});

const ROWS: readonly Row[] = [
  {
    what: "all maps of MinkUNet",
    name: "minkunet_maps/maps=9",
    unit: "ms",
    floor: 0.03,
    goal: 0.25,
  },
  { what: "MinkUNet cr 1.0, f16", name: NETWORK, unit: "ms", floor: 0.36, goal: 1 },
  {
    what: "MinkUNet cr 1.0, f16, with its maps, as a plan",
    name: "minkunet_plan/cr=1,maps=built,dtype=f16",
    unit: "ms",
    floor: 0.39,
    goal: 1.6,
  },
  {
    what: "the same, recorded on another scan",
    name: "minkunet_plan/cr=1,maps=any,dtype=f16",
    unit: "ms",
    floor: 0.39,
    goal: 1.6,
  },
  product("subm3-L2", 128),
  product("subm3-L3", 256),
  {
    what: "BEV pooling, fused, f32",
    name: "bev_pool_fused/cameras=6,c=80",
    unit: "ms",
    floor: 0.0167,
    goal: 0.025,
  },
  {
    what: "BEV pooling, fused, f16",
    name: "bev_pool_fused/cameras=6,c=80,dtype=f16",
    unit: "ms",
    floor: 0.011,
    goal: 0.025,
  },
  {
    what: "BEV pooling, of all features, f32, of the triad",
    name: POOL,
    unit: "%",
    floor: null,
    goal: 75,
    value: ofTriad,
  },
  {
    what: "implicit GEMM against separate gather-GEMM-scatter",
    name: NETWORK,
    unit: "times",
    floor: 5,
    goal: 3,
    value: againstGather,
  },
];

const COLUMNS: BenchTable["columns"] = [
  { key: "what", title: "what", kind: "label" },
  { key: "unit", title: "unit", kind: "label" },
  { key: "floor", title: "floor", kind: "label" },
  { key: "goal", title: "goal", kind: "label" },
  { key: "here", title: "here", kind: "measured" },
  { key: "met", title: "goal met", kind: "label" },
  { key: "ms", title: "ms", kind: "measured" },
  { key: "variant", title: "fastest variant", kind: "label" },
  { key: "defaultMs", title: "ms of the default", kind: "measured" },
];

type Cells = BenchTable["rows"][number];

function cells({ what, name, unit, floor, goal, value }: Row, run: TableRun): Cells {
  const standard = run.rows.one(name);
  const row = run.rows.fastest(name);
  const head = { what, unit, floor, goal };
  if (row === undefined) return { ...head, here: whyMissing(standard), met: null };
  const here = value === undefined ? row.medianMs : value(row, run);
  const met = here !== null && (unit === "ms" ? here <= goal : here >= goal);
  return {
    ...head,
    here: here ?? "what it is held against was not timed",
    met: here === null ? null : met ? "yes" : "no",
    ms: row.medianMs,
    variant: row.variant,
    defaultMs: standard?.medianMs ?? null,
  };
}

function notes({ context: { gpu, data }, roofline }: TableRun): string[] {
  return [
    `Floors and goals hold for one H200 and a real SemanticKITTI scan of about 92,000 voxels; ` +
    `this run was on ${gpu ?? "no GPU"} with ${data.voxels} voxels (${data.name}).`,
    "Times are between two events on the stream, over inputs that rotate through more than the " +
    "last-level cache; the host is not in them as long as it queues faster than the GPU runs.",
    "The goal of BEV pooling was set for f16, whose floor is 11 us; that of f32 is 16.7 us.",
    ...(roofline === null
      ? []
      : [`The triad of this run: ${roofline.triadGbps.toFixed(0)} GB/s of three streams.`]),
  ];
}

/** All but the reference, which takes a network seconds. */
function variantsOf(_: Case, known: readonly string[]): readonly string[] {
  return known.filter((name) => name !== "ref");
}

/** The table of the CUDA engine. */
export const cudaEngine: TableSpec = {
  about: "the CUDA engine beside the floors and goals of one GPU",
  backends: ["cuda"],
  cases: casesNamed(ALL_CASES, [...new Set(ROWS.map(({ name }) => name))]),
  variants: variantsOf,
  build: (run) => [{
    id: "cuda-engine",
    title: "CUDA engine",
    source: {
      document: "GPU floors",
      number: "one H200",
      note: "Computed from sizes and a data sheet by the authors of this project, not measured",
    },
    columns: COLUMNS,
    rows: ROWS.map((row) => cells(row, run)),
    notes: notes(run),
  }],
};
