/**
 * The CPU engine beside the engines that others run on a CPU. Their times come from the authors of
 * this project, who ran them on one machine and one scan; they are typed in, never measured here.
 */
import type { BenchCase, BenchTable } from "../../reports/schema.ts";
import type { Case } from "../case.ts";
import { ALL_CASES } from "../cases.ts";
import { casesNamed, type TableRun, type TableSpec, whyMissing } from "../table.ts";

type Unit = "ms" | "GFLOP/s";

/** What, case, unit, TorchSparse 1.4 as it ships, best peer and which it is, goal. */
type Row = readonly [string, string, Unit, number | null, number | null, string, number];

const TORCH = "torch";
const SPCONV = "spconv 1.2.1";
const OPEN3D = "Open3D";
const TUNED = "TorchSparse";
const SCN = "SparseConvNet";

const ROWS: readonly Row[] = [
  ["all maps of MinkUNet", "minkunet_maps/maps=9", "ms", 469, 98.6, SPCONV, 15],
  ["submanifold map L0", "kernel_map/layer=subm3-L0", "ms", 85.4, 33.9, SPCONV, 4],
  ["voxelize, mean of 4", "points_to_voxels/c=4", "ms", 93.8, 2.7, TORCH, 2],
  ["devoxelize: map L0", "devoxelize_map/level=0", "ms", 40.4, 30.4, TUNED, 3],
  ["devoxelize: gather of 96", "devoxelize/level=0,c=96", "ms", 415, 19.3, TORCH, 10],
  ...([
    ["subm3-L0", 4, 32, 3, 21, SPCONV, 60],
    ["subm3-L0", 32, 32, 10, 48, OPEN3D, 180],
    ["subm3-L1", 32, 32, 16, 56, OPEN3D, 180],
    ["subm3-L2", 64, 64, 31, 101, TUNED, 240],
    ["subm3-L0", 96, 96, 28, 92, OPEN3D, 260],
    ["subm3-L1", 96, 96, 41, 113, TUNED, 260],
    ["subm3-L2", 128, 128, 66, 155, TUNED, 300],
    ["subm3-L3", 128, 128, 84, 186, TUNED, 300],
    ["subm3-L3", 256, 256, 99, 257, TUNED, 330],
    ["subm3-L4", 256, 256, 98, 292, TUNED, 330],
    // Twice the best peer.
    ["down2-L0", 32, 32, 12, 48, TUNED, 96],
    ["down2-L1", 32, 32, 14, 56, SCN, 112],
    ["down2-L2", 64, 64, 26, 119, TUNED, 238],
    ["down2-L3", 128, 128, 61, 201, TUNED, 402],
    ["up2-L4", 256, 256, 87, 193, TUNED, 386],
    ["up2-L3", 256, 128, 71, 153, TUNED, 306],
    ["up2-L2", 128, 96, 41, 101, TUNED, 202],
    ["up2-L1", 96, 96, 27, 73, SPCONV, 146],
  ] as const).map(([layer, cin, cout, ...numbers]): Row => [
    `${layer} ${cin} to ${cout}`,
    `sparse_conv/layer=${layer},cin=${cin},cout=${cout}`,
    "GFLOP/s",
    ...numbers,
  ]),
  ["MinkUNet cr 1.0", "minkunet_convs/cr=1,maps=built", "ms", 4751, 2116, SPCONV, 850],
  ["MinkUNet cr 1.0, bf16", "minkunet_convs/cr=1,maps=built,dtype=bf16", "ms", null, null, "", 500],
  ["MinkUNet cr 0.5", "minkunet_convs/cr=0.5,maps=built", "ms", 2779, 1031, SPCONV, 330],
  ["SPVCNN cr 1.0", "spvcnn_convs/cr=1,maps=built", "ms", 8577, 4322, TUNED, 1000],
  ["BEV pooling, 6 cameras", "bev_pool_fused/cameras=6,c=80", "ms", null, 34.6, TORCH, 14],
];

/** Only for its prefix sum, which the fused pooling is held against. */
const BEV_UNFUSED = "bev_pool/cameras=6,c=80";

/** Of the dataflows of a whole network only the default: the others would take minutes. */
function variantsOf({ op }: Case, known: readonly string[]): readonly string[] {
  if (op.endsWith("_convs")) return known.slice(0, 1);
  return known.filter((name) => name !== "ref");
}

/** In the order in which a terminal of 100 columns cuts them into three readable parts. */
const COLUMNS: BenchTable["columns"] = [
  { key: "what", title: "what", kind: "label" },
  { key: "unit", title: "unit", kind: "label" },
  { key: "torchsparse", title: "TorchSparse", kind: "published" },
  { key: "peer", title: "best peer", kind: "published" },
  { key: "goal", title: "goal", kind: "label" },
  { key: "here", title: "here", kind: "measured" },
  { key: "met", title: "goal met", kind: "label" },
  { key: "ms", title: "time", unit: "ms", kind: "measured" },
  { key: "gflops", title: "GFLOP/s", kind: "measured" },
  { key: "peak", title: "peak", unit: "%", kind: "measured" },
  { key: "triad", title: "triad", unit: "%", kind: "measured" },
  { key: "variant", title: "variant", kind: "label" },
  { key: "fastest", title: "fastest", kind: "label" },
  { key: "name", title: "best peer is", kind: "label" },
];

type Cells = BenchTable["rows"][number];

const percent = (share: number) => Number((100 * share).toFixed(1));

function cells([what, name, unit, torchsparse, peer, who, goal]: Row, run: TableRun): Cells {
  const row = run.rows.one(name);
  const head = { what, unit, torchsparse, peer, name: who, goal };
  if (row === undefined || row.medianMs === null) {
    return { ...head, here: whyMissing(row), met: null };
  }
  const here = unit === "ms" ? row.medianMs : row.gflops;
  const met = here !== null && (unit === "ms" ? here <= goal : here >= goal);
  return {
    ...head,
    here,
    met: met ? "yes" : "no",
    ms: row.medianMs,
    gflops: row.gflops,
    ...shares(row, run),
    variant: row.variant,
    fastest: run.rows.fastest(name)?.variant ?? null,
  };
}

/** Arithmetic against the multiply-add peak; compulsory bytes against the triad. */
function shares({ gflops, gbps }: BenchCase, { roofline }: TableRun): Cells {
  if (roofline === null) return {};
  return {
    peak: gflops === null ? null : percent(gflops / roofline.fmaGflops),
    triad: gbps === null ? null : percent(gbps / roofline.triadGbps),
  };
}

/** How many times as fast the fused pooling is as our own prefix sum. */
function againstPrefixSum({ rows }: TableRun): Cells {
  const prefix = rows.one(BEV_UNFUSED, "prefix_sum");
  const fused = rows.one("bev_pool_fused/cameras=6,c=80");
  const ratio = prefix?.medianMs && fused?.medianMs ? prefix.medianMs / fused.medianMs : null;
  return {
    what: "BEV against prefix sum",
    unit: "times",
    here: ratio ?? whyMissing(prefix?.medianMs ? fused : prefix),
    variant: fused?.variant ?? null,
  };
}

/** The scan that the published columns hold for. */
const SCAN = { name: "semantickitti", scan: "00/000000" };

function notes({ context: { data, threads, noise }, roofline }: TableRun): string[] {
  const same = data.name === SCAN.name && data.more?.["scan"] === SCAN.scan;
  return [
    same
      ? "This run is on the scan that the published columns hold for."
      : `This run is on another scan (${data.name} ${data.more?.["scan"] ?? ""}): the published ` +
        "columns and the goals hold for SemanticKITTI 00/000000, so times do not compare.",
    `Goals are for two AVX-512 cores; this run had ${threads} thread${threads === 1 ? "" : "s"}` +
    (roofline === null ? "." : ` and a peak of ${roofline.fmaGflops.toFixed(0)} GFLOP/s.`),
    "TorchSparse is 1.4.0 as it ships. The best peer is the fastest of the other engines and of " +
    "TorchSparse with its loops run in parallel, all tuned; torch is 2.13.",
    "Here is the median of the default variant; fastest is the best of all variants timed. Peak is " +
    "the share of the multiply-adds, triad that of the bytes a perfect kernel must move.",
    "Voxelize includes the rounding of the points, which the peers' times do not.",
    "Networks build all their maps in the timed run, and end with the classifier. In bf16 a " +
    "convolution of each input takes the place of one of their concatenation.",
    "BEV pooling: the peer sums features of all points that are there already, and its prefix sum " +
    "takes 1148 ms; here depth and feature are multiplied on the way. Our prefix sum reads " +
    "features that are there already.",
    ...(noise?.["noisy"] === true ? ["The machine was not quiet during this run."] : []),
  ];
}

/** The table of the CPU engine. */
export const cpuEngine: TableSpec = {
  about: "the CPU engine beside other CPU engines, with goals",
  backends: ["cpu"],
  cases: casesNamed(ALL_CASES, [...ROWS.map(([, name]) => name), BEV_UNFUSED]),
  variants: variantsOf,
  build: (run) => [{
    id: "cpu-engine",
    title: "CPU engine",
    source: {
      document: "CPU peers",
      number: "two threads, f32",
      note: "Measured on a 2-core AMD EPYC (Zen 5) on SemanticKITTI 00/000000 by the authors of " +
        "this project, not in this run",
    },
    columns: COLUMNS,
    rows: [...ROWS.map((row) => cells(row, run)), againstPrefixSum(run)],
    notes: notes(run),
  }],
};
