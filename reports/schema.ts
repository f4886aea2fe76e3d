/**
 * The one contract between the rooms: what a bench and an eval result file hold, and their readers.
 * Objects are strict, so a misspelt field is an error and not a lost number. A change of meaning or
 * shape moves {@linkcode SCHEMA_VERSION}; stored files are never edited.
 */
import { z } from "zod";
import { InputError } from "../std/errors.ts";

/** Version of both file formats. */
export const SCHEMA_VERSION = 1;

/** JSON has no NaN or infinity, and wrong kernels and odd scores are both: they travel as words. */
const jsonNumber = z.union([z.number(), z.literal(["NaN", "Infinity", "-Infinity"])]);
const count = z.number().int().nonnegative();
const positive = z.number().positive();
const scalar = z.union([z.number(), z.string(), z.boolean()]);

const cpu = z.strictObject({
  model: z.string(),
  cores: positive,
  /** Instruction sets the kernels may use here, e.g. `["avx2", "fma"]`. */
  isa: z.array(z.string()),
  l2Bytes: count.optional(),
  l3Bytes: count.optional(),
});

const benchData = z.strictObject({
  name: z.string(),
  /** Where the points come from: "synthetic, seed 1", a data set and its split, a path's base name. */
  source: z.string(),
  scenes: count,
  /** Points over all scenes. */
  points: count,
  /** Voxels over all scenes; null where nothing was voxelized. */
  voxels: count.nullable(),
  /** Anything else worth a line in the machine block, e.g. `{ voxelMeters: 0.05 }`. */
  more: z.record(z.string(), scalar).optional(),
});

/** How often a run times each case, and the number that it makes of the samples. */
const protocol = z.strictObject({
  name: z.string().min(1),
  /** Who measures so. */
  source: z.string().min(1),
  warmUps: count,
  /** Null where time decides as well. */
  samples: positive.nullable(),
  figure: z.enum(["median", "mean", "geometric mean", "mean of the middle"]),
  /** Samples that "the middle" has. */
  kept: positive.nullable(),
  /** Cold: inputs rotate over more copies than a cache holds. Warm: the same ones every time. */
  cache: z.enum(["cold", "warm"]),
});

const context = z.strictObject({
  /** A description, never the host name: "2-core AMD EPYC". */
  machine: z.string().min(1),
  cpu,
  memoryBytes: count,
  os: z.string(),
  gpu: z.string().nullable(),
  driver: z.string().nullable(),
  compiler: z.string(),
  threads: positive,
  /** Null outside a git checkout. */
  commit: z.string().nullable(),
  dirty: z.boolean().nullable(),
  abi: count,
  deno: z.string(),
  data: benchData,
  date: z.iso.datetime(),
  /** The command line that repeats the run. */
  command: z.string().min(1),
  /** Ours where it is absent: results from before there was a choice. */
  protocol: protocol.optional(),
  /** What was seen of noise (load average, clock range, timer resolution), name with unit -> value. */
  noise: z.record(z.string(), scalar).optional(),
  /** Other engines that were asked for: version and device, or "absent: ..." with the reason. */
  peers: z.record(z.string(), z.string()).optional(),
});

const roofline = z.strictObject({
  fmaGflops: positive,
  triadGbps: positive,
  gatherGbps: positive.optional(),
  /** Matrix peaks by dtype where they differ from `fmaGflops`, e.g. `{ f16: 989000 }`. */
  matrixGflops: z.record(z.string(), positive).optional(),
});

const caseFields = {
  /** Unique in the file: `op/variant/params`, e.g. `voxel_mean/simd/n=120000,c=32`. */
  id: z.string().min(1),
  op: z.string().min(1),
  params: z.record(z.string(), scalar),
  backend: z.enum(["cpu", "cuda"]),
  variant: z.string().min(1),
  dtype: z.string().min(1),
  /** Every timed sample in the order it was taken; empty when `skipped` says why. */
  samplesMs: z.array(z.number().nonnegative()),
  /** The figure of the run's protocol: the median under ours. */
  medianMs: z.number().nonnegative().nullable(),
  p10Ms: z.number().nonnegative().nullable(),
  p90Ms: z.number().nonnegative().nullable(),
  /** Null where the op has no meaningful count of operations or bytes. */
  gflops: z.number().nonnegative().nullable(),
  gbps: z.number().nonnegative().nullable(),
  /** Share of the bound that applies, 0..1; above 1 means the working set sat in cache. */
  roofline: z.strictObject({
    bound: z.enum(["compute", "memory"]),
    share: z.number().nonnegative(),
  })
    .nullable(),
  /** Worst error against the reference; null when nothing was compared. */
  maxAbsErr: jsonNumber.nullable(),
  maxRelErr: jsonNumber.nullable(),
  /** True only when the output was compared with the reference and passed, before any timing. */
  verified: z.boolean(),
  /** Why there are no samples; null when there are. */
  skipped: z.string().min(1).nullable(),
};

const benchCase = z.strictObject(caseFields).superRefine((value, ctx) => {
  const timed = value.skipped === null;
  const times = [value.medianMs, value.p10Ms, value.p90Ms];
  if (timed !== value.samplesMs.length > 0) {
    const message = timed ? "no samples and no reason: set skipped" : "samples beside a reason";
    ctx.addIssue({ code: "custom", path: ["samplesMs"], message });
  }
  if (times.some((time) => (time !== null) !== timed)) {
    const message = timed ? "a timed case needs median, p10 and p90" : "a time beside a reason";
    ctx.addIssue({ code: "custom", path: ["medianMs"], message });
  }
});

const column = z.strictObject({
  key: z.string().min(1),
  title: z.string(),
  unit: z.string().optional(),
  kind: z.enum(["measured", "published", "label"]),
  /** Of a time of convolutions: whether their kernel maps are made in it. */
  maps: z.enum(["inside", "before"]).optional(),
});

/** Columns to draw as lines over another one, both axes logarithmic. */
const lineChart = z.strictObject({
  x: z.string(),
  series: z.array(z.string()).min(1),
  /** What the lines measure, with its unit. */
  axis: z.string(),
});

/** Columns to draw as bars, those of a row beside each other. */
const barChart = z.strictObject({
  /** The column that names the rows. */
  bars: z.string(),
  series: z.array(z.string()).min(1),
  axis: z.string(),
});

const table = z.strictObject({
  id: z.string().min(1),
  title: z.string(),
  /** Where it was published: `{ document: "SPVNAS, ECCV 2020", number: "Table 3", note: "" }`. */
  source: z.strictObject({ document: z.string(), number: z.string(), note: z.string() }).nullable(),
  columns: z.array(column).min(1),
  /** By column key. A string in a measured cell is the reason why there is no number. */
  rows: z.array(z.record(z.string(), z.union([z.number(), z.string()]).nullable())),
  notes: z.array(z.string()),
  chart: z.union([lineChart, barChart]).optional(),
}).superRefine((value, ctx) => {
  const keys = new Set(value.columns.map((c) => c.key));
  const { chart } = value;
  const drawn = chart === undefined ? [] : ["x" in chart ? chart.x : chart.bars, ...chart.series];
  const unknown = drawn.find((key) => !keys.has(key));
  if (unknown !== undefined) {
    ctx.addIssue({ code: "custom", path: ["chart"], message: `no column is called "${unknown}"` });
  }
  if (keys.size < value.columns.length) {
    ctx.addIssue({ code: "custom", path: ["columns"], message: "a key appears twice" });
  }
  value.rows.forEach((row, i) => {
    const stray = Object.keys(row).find((key) => !keys.has(key));
    if (stray === undefined) return;
    ctx.addIssue({ code: "custom", path: ["rows", i, stray], message: "no such column" });
  });
});

/** A bench result file. */
export const benchResultSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  context,
  /** Peaks of this machine, measured in the same run; null when they were not. */
  roofline: roofline.nullable(),
  /** By op, the variant that speedups are against; "ref" where nothing is said. */
  baselines: z.record(z.string(), z.string()).optional(),
  cases: z.array(benchCase),
  tables: z.array(table),
}).superRefine((value, ctx) => {
  const seen = new Set<string>();
  value.cases.forEach(({ id }, i) => {
    if (seen.has(id)) ctx.addIssue({ code: "custom", path: ["cases", i, "id"], message: "twice" });
    seen.add(id);
  });
});

/** An eval result file. */
const evalResultSchema = z.strictObject({
  schemaVersion: z.literal(SCHEMA_VERSION),
  benchmark: z.string().min(1),
  /** The devkit and its version whose numbers these equal. */
  reference: z.string(),
  /** What was scored: paths as given, split, number of scenes, rule, ... */
  inputs: z.record(z.string(), scalar.nullable()),
  /** In the order the devkit prints them. */
  metrics: z.record(z.string(), jsonNumber),
  /** By class name, then by metric name. */
  perClass: z.record(z.string(), z.record(z.string(), jsonNumber.nullable())),
  warnings: z.array(z.string()),
  /** Where a stored result comes from; `--json` on the command line may leave it out. */
  context: z.strictObject({
    machine: z.string().optional(),
    commit: z.string().nullable().optional(),
    deno: z.string().optional(),
    date: z.iso.datetime().optional(),
    command: z.string().optional(),
  }).optional(),
});

/** A bench result file, as read or about to be written. */
export type BenchResult = z.infer<typeof benchResultSchema>;
/** Machine, data and command of a bench run. */
export type BenchContext = BenchResult["context"];
/** The measured peaks of a machine. */
export type BenchRoofline = NonNullable<BenchResult["roofline"]>;
/** One op, parameters and variant: timed, or skipped with a reason. */
export type BenchCase = BenchResult["cases"][number];
/** A reproduced table: published and measured columns side by side. */
export type BenchTable = BenchResult["tables"][number];
/** An eval result file, as read or about to be written. */
export type EvalResult = z.infer<typeof evalResultSchema>;
/** A number as JSON can carry it. */
export type JsonNumber = z.infer<typeof jsonNumber>;

/** A number as JSON can carry it: NaN and the infinities become words. */
export function toJsonNumber(value: number): JsonNumber {
  return Number.isFinite(value) ? value : String(value) as JsonNumber;
}

/**
 * What became of a case: `timed` (checked, then timed), `unchecked` (timed, nothing to compare
 * with), `failed` (compared and wrong, so not timed) or `skipped` (never ran).
 */
export function caseState(value: BenchCase): "timed" | "unchecked" | "failed" | "skipped" {
  if (value.skipped === null) return value.verified ? "timed" : "unchecked";
  return value.maxAbsErr !== null && !value.verified ? "failed" : "skipped";
}

/** Reads the text of a bench result file; `file` is the name to show in an error. */
export function parseBenchResult(text: string, file: string): BenchResult {
  return parseWith(benchResultSchema, text, file, "bench");
}

/** Reads the text of an eval result file; `file` is the name to show in an error. */
export function parseEvalResult(text: string, file: string): EvalResult {
  return parseWith(evalResultSchema, text, file, "eval");
}

function parseWith<T>(schema: z.ZodType<T>, text: string, file: string, kind: string): T {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(`Cannot read ${kind} result "${file}": not JSON: ${detail}`, { cause });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  // One line: the command line shows errors as one, and the first places are the ones to mend.
  const issues = z.prettifyError(result.error).replaceAll(/\s*\n\s*→\s*/g, " ").split("\n");
  const shown = issues.slice(0, 3).map((line) => line.replace(/^✖\s*/, ""));
  const rest = issues.length > shown.length ? `; and ${issues.length - shown.length} more` : "";
  const message = `Cannot read ${kind} result "${file}": ${shown.join("; ")}${rest}`;
  throw new InputError(message, { cause: result.error });
}
