/**
 * How fast predictions are scored, as whole processes, on generated data of the sizes at which the
 * official tools were timed. Their times are typed in with the twins, never measured here.
 */
import { CACHE } from "../../datasets/synth_file.ts";
import { TWINS } from "../../datasets/twins/registry.ts";
import type { Twin, TwinFiles } from "../../datasets/twins/twin.ts";
import type { BenchTable } from "../../reports/schema.ts";
import { writeTextAtomic } from "../../std/files.ts";
import { type ProcessOptions, type ProcessTime, timeEval } from "../harness/process.ts";
import type { TableRun, TableSpec } from "../table.ts";

const SEED = 1;
const RUNS = 5;
/** A quick run takes this part of the size. */
const QUICK_PART = 50;

/** What is aimed at: seconds for a size, or so many times as fast as the official tool. */
type Goal = { readonly size: number; readonly seconds: number } | { readonly times: number };
const GOALS: Readonly<Record<string, Goal>> = {
  // The whole of sequence 08; the devkit was timed on 100 scans.
  "semantickitti": { size: 4071, seconds: 6 },
  "kitti-object": { size: 3769, seconds: 2 },
  "nuscenes-detection": { size: 6000, seconds: 6 },
  "coco-bbox": { size: 5000, seconds: 3 },
  "waymo-detection": { times: 3 },
  "cityscapes": { times: 10 },
  "scannet-instance": { times: 10 },
  "rouge": { times: 10 },
};

const COLUMNS: BenchTable["columns"] = [
  { key: "id", title: "benchmark", kind: "label" },
  { key: "size", title: "size", kind: "label" },
  { key: "official", title: "official", unit: "s", kind: "published" },
  { key: "goal", title: "goal", unit: "s", kind: "label" },
  { key: "here", title: "here", unit: "s", kind: "measured" },
  { key: "best", title: "best", unit: "s", kind: "measured" },
  { key: "met", title: "goal met", kind: "label" },
  { key: "rate", title: "rate", kind: "label" },
  { key: "peak", title: "peak", unit: "MiB", kind: "measured" },
];

/** The table of `deno task eval`. */
export const evalSpeed: TableSpec = {
  about: "scoring of predictions beside the official tools, at their sizes, as whole processes",
  backends: ["cpu"],
  cases: [],
  processes: timeAll,
  build: (run) => [{
    id: "eval-speed",
    title: "Scoring",
    source: {
      document: "Official evaluation tools",
      number: "whole processes, two cores",
      note: "Measured on a 2-core AMD EPYC by the authors of this project, not in this run",
    },
    columns: COLUMNS,
    rows: TWINS.map((twin) => cells(twin, run)),
    notes: [
      "Inputs are generated, and in the page cache after a first run that is not counted. Here is " +
      "the median, best the fastest of the runs; both from the start of the process to its end.",
      "semantickitti: all scans but 48 are hard links to these, so that they fit on a small disk.",
    ],
  }],
};

async function timeAll({ quick, filter, log }: ProcessOptions): Promise<ProcessTime[]> {
  const times: ProcessTime[] = [];
  for (const twin of TWINS) {
    if (filter !== undefined && !filter.test(twin.benchmark)) continue;
    const size = quick ? Math.ceil(sizeOf(twin) / QUICK_PART) : sizeOf(twin);
    const { gt, pred, args } = await twinFiles(twin, size, log);
    const command = [twin.benchmark, "--gt", gt, "--pred", pred, ...args];
    const first = await timeEval(command);
    const runs = quick ? [first] : [];
    while (runs.length < (quick ? 1 : RUNS)) runs.push(await timeEval(command));
    const samplesSeconds = runs.map(({ seconds }) => seconds);
    const peakMiB = Math.max(...runs.map((run) => run.peakMiB));
    const { benchmark: id, unit } = twin;
    times.push({ id, size, unit, work: first.work, samplesSeconds, peakMiB });
    log(`eval-speed ${id}: ${size} ${unit}, ${median(samplesSeconds).toFixed(3)} s`);
  }
  return times;
}

function sizeOf({ benchmark, official }: Twin): number {
  const goal = GOALS[benchmark];
  if (goal !== undefined && "size" in goal) return goal.size;
  return official?.size ?? 100;
}

/** The twin of that size, written where it is not there yet. */
async function twinFiles(
  twin: Twin,
  size: number,
  log: (line: string) => void,
): Promise<TwinFiles> {
  const folder = `${CACHE}/twins/${twin.benchmark}-${size}-${SEED}`;
  const list = `${folder}/twin.json`;
  try {
    return JSON.parse(await Deno.readTextFile(list));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  log(`writing a twin of ${twin.benchmark}: ${size} ${twin.unit} in ${folder}`);
  // What an interrupted run left has no list.
  await Deno.remove(folder, { recursive: true }).catch(() => {});
  await Deno.mkdir(folder, { recursive: true });
  const files = await twin.write(folder, size, SEED);
  await writeTextAtomic(list, JSON.stringify(files));
  return files;
}

function cells(twin: Twin, { processes = [] }: TableRun): BenchTable["rows"][number] {
  const time = processes.find(({ id }) => id === twin.benchmark);
  const size = time?.size ?? sizeOf(twin);
  const official = twin.official?.size === size ? twin.official.seconds : null;
  const goal = goalOf(twin, size);
  const head = { id: twin.benchmark, size: `${size} ${twin.unit}`, official, goal };
  if (time === undefined) return { ...head, here: "not run", met: null };
  const here = median(time.samplesSeconds);
  return {
    ...head,
    here,
    best: Math.min(...time.samplesSeconds),
    met: goal === null ? null : here <= goal ? "yes" : "no",
    rate: rateOf(time, here),
    peak: time.peakMiB,
  };
}

/** Seconds that are aimed at; null where the size is another one. */
function goalOf({ benchmark, official }: Twin, size: number): number | null {
  const goal = GOALS[benchmark];
  if (goal === undefined) return null;
  if ("size" in goal) return goal.size === size ? goal.seconds : null;
  return official?.size === size ? Number((official.seconds / goal.times).toPrecision(3)) : null;
}

function rateOf({ work: { count, unit } }: ProcessTime, seconds: number): string {
  const rate = count / seconds;
  const [scaled, prefix] = rate >= 1e6
    ? [rate / 1e6, "M "]
    : rate >= 1e3
    ? [rate / 1e3, "k "]
    : [rate, ""];
  return `${scaled.toPrecision(3)} ${prefix}${unit}/s`;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
}
