/** `deno task bench tune`: times dataflows on the workloads and keeps the fastest for this device. */
import { parseArgs } from "@std/cli/parse-args";
import { defaultScenes } from "../datasets/default_scenes.ts";
import { Context, type Feature } from "../ffi/mod.ts";
import {
  type Dataflow,
  dataflowName,
  type Direction,
  DIRECTIONS,
  type WgradDataflow,
} from "../models/dataflow.ts";
import { Scene as ModelScene } from "../models/scene.ts";
import { TrainingLayers } from "../models/training_layers.ts";
import { defaultCandidates } from "../models/tune.ts";
import { stepCandidates, type TimedGroup, tuneStep } from "../models/tune_step.ts";
import { saveTuned } from "../models/tuned_store.ts";
import { textTable } from "../reports/text_table.ts";
import { InputError, unknownName } from "../std/errors.ts";
import { print, printError } from "../std/main.ts";
import type { BenchBackend } from "./case.ts";
import { type Prepared, prepareWorkload, tuneOn } from "./cases/engine_run.ts";
import { BATCH, batched } from "./cases/training_step.ts";
import { GROUPED } from "./engines/profiles.ts";
import { FEATURE_TYPES } from "./harness/dtype.ts";
import { checkBackend } from "./harness/machine.ts";
import { loadScene } from "./harness/scene.ts";
import { BACKENDS } from "./options.ts";
import { type Workload, WORKLOADS } from "./workloads/workload.ts";

const ALL = Object.values(WORKLOADS);

const HELP = `Usage: deno task bench tune [WORKLOAD...] [options]

Times every dataflow, and every epsilon and S of the grouped one, on each group of layers that
share a kernel map, then the fastest two in every tile and with sums in one to eight pieces where
the backend has tiles; prints what each took; keeps the fastest in .cache/tuned for "--engine
tuned". With --training the same of a training step of two scans, in each direction by itself:
forward pass, gradients of inputs, gradients of weights.

WORKLOAD            of ${ALL.map(({ id }) => id).join(", ")}
                    (default: all)
--backend cpu|cuda  where the kernels run (default cpu)
--dtype TYPE        features and weights in f32 (default), bf16 or f16
--data PATH         scans made by "deno task data convert", for workloads of that data set
--threads N         threads of the CPU kernels (default: one a core)
--training          a step of a training, direction by direction
--quick             one setting of each dataflow, in the tile that the library chooses
--json              one JSON document instead of tables

Exit code 0 = done, 2 = bad usage or input.`;

/** Candidates that are shown for each group. */
const SHOWN = 3;

interface TuneOptions {
  readonly backend: BenchBackend;
  readonly dtype: Feature;
  readonly workloads: readonly Workload[];
  readonly data: string | undefined;
  readonly threads: number;
  readonly training: boolean;
  readonly quick: boolean;
  readonly json: boolean;
}

/** Runs the command; `args` without the word "tune". */
export async function tuneCommand(args: readonly string[]): Promise<void> {
  const options = parse(args);
  if (options === "help") return print(HELP);
  const { backend, threads } = options;
  checkBackend("tune", backend);
  using stack = new DisposableStack();
  const ctx = stack.use(new Context(backend, { threads }));
  const cpu = backend === "cpu" ? ctx : stack.use(new Context("cpu", { threads }));
  const scene = await loadScene(cpu, options.data ?? await defaultScenes());
  const found: Found[] = [];
  for (const workload of options.workloads) {
    const prepared = prepareWorkload({ ctx, cpu, scene }, workload);
    const tuned = options.training
      ? await tuneTraining(ctx, workload, prepared, options)
      : await tuneForward(ctx, workload, prepared, options);
    found.push(...tuned);
    if (!options.json) { for (const each of tuned) print(tradeOff(workload, each)); }
  }
  if (options.json) print(JSON.stringify({ schemaVersion: 1, tuned: found }, undefined, 2));
  else printError(`written: ${found.at(-1)!.stored}`);
}

type Groups = readonly TimedGroup<Dataflow & WgradDataflow>[];

/** What was found for a workload in a direction. */
interface Found {
  readonly workload: string;
  readonly direction: Direction;
  readonly groups: Groups;
  /** The file that has it. */
  readonly stored: string;
}

/** Every dataflow; every setting of the grouped one as well unless time is short. */
const convolutions = (backend: BenchBackend, quick: boolean): Dataflow[] => [
  ...defaultCandidates(backend),
  ...quick ? [] : GROUPED,
];

/** The forward pass of one scan. */
async function tuneForward(
  ctx: Context,
  { id }: Workload,
  prepared: Prepared,
  { backend, dtype, quick }: TuneOptions,
): Promise<Found[]> {
  const candidates = convolutions(backend, quick);
  printError(`tuning ${id}: ${candidates.length} candidates`);
  const { network, coords } = prepared;
  const { plan, groups } = tuneOn(ctx, prepared, "sorted", candidates, { dtype, tiles: !quick });
  using on = ctx.tensorFrom("i32", [coords.length / 4, 4], coords);
  using scene = new ModelScene(ctx, { coords: on });
  const stored = await saveTuned(ctx, { forward: plan }, { network, scene, dtype });
  return [{ workload: id, direction: "forward", groups, stored }];
}

/** All directions of a step of as many scans as the training benchmarks take. */
async function tuneTraining(
  ctx: Context,
  { id }: Workload,
  { network, coords }: Prepared,
  { backend, dtype, quick }: TuneOptions,
): Promise<Found[]> {
  const forward = convolutions(backend, quick);
  const candidates = { ...stepCandidates(ctx), forward, dgrad: forward };
  const counts = DIRECTIONS.map((direction) => `${candidates[direction].length} ${direction}`);
  printError(`tuning ${id}: candidates ${counts.join(", ")}`);
  const both = batched(coords, BATCH);
  using on = ctx.tensorFrom("i32", [both.length / 4, 4], both);
  using scene = new ModelScene(ctx, { coords: on, batches: BATCH });
  using layers = new TrainingLayers(ctx, network, dtype);
  const { plan, groups } = tuneStep(layers, scene, candidates, { tiles: !quick });
  const stored = await saveTuned(ctx, plan, { network, scene, dtype });
  return DIRECTIONS.map((direction) => ({
    ...{ workload: id, direction, groups: groups[direction], stored },
  }));
}

function parse(args: readonly string[]): TuneOptions | "help" {
  const known = [
    "--backend",
    "--dtype",
    "--data",
    "--threads",
    "--training",
    "--quick",
    "--json",
    "--help",
  ];
  const parsed = parseArgs(args, {
    string: ["backend", "dtype", "data", "threads", "_"],
    boolean: ["training", "quick", "json", "help"],
    unknown: (arg, key) => {
      if (key === undefined) return true;
      throw unknownName("option of bench tune", arg, known);
    },
  });
  if (parsed["help"] === true) return "help";
  const workloads = parsed._.map(String).map((id) => {
    const workload = ALL.find((each) => each.id === id);
    if (workload === undefined) throw unknownName("workload", id, ALL.map(({ id }) => id));
    return workload;
  });
  const threads = String(parsed["threads"] ?? "0");
  if (!/^\d{1,4}$/.test(threads)) {
    throw new InputError(`Cannot tune with --threads "${threads}": a whole number is needed`);
  }
  return {
    backend: oneOf("backend", parsed["backend"] ?? "cpu", BACKENDS),
    dtype: oneOf("dtype", parsed["dtype"] ?? "f32", FEATURE_TYPES),
    workloads: workloads.length > 0 ? workloads : ALL,
    data: parsed["data"] === undefined ? undefined : String(parsed["data"]),
    threads: Number(threads),
    training: parsed["training"] === true,
    quick: parsed["quick"] === true,
    json: parsed["json"] === true,
  };
}

function oneOf<T extends string>(what: string, value: unknown, known: readonly T[]): T {
  const found = known.find((name) => name === value);
  if (found === undefined) throw unknownName(what, String(value), known);
  return found;
}

/** Groups with their fastest candidates and the slowest, as a table. */
function tradeOff({ title }: Workload, { direction, groups }: Found): string {
  const cell = ({ dataflow, ms }: Groups[number]["trials"][number]) =>
    `${dataflowName(dataflow)} ${ms.toFixed(2)}`;
  const rows = groups.filter(({ trials }) => trials.length > 0).map(({ name, layers, trials }) => [
    { text: `${name} (${layers})` },
    ...trials.slice(0, SHOWN).map((trial) => ({ text: cell(trial) })),
    ...Array.from({ length: Math.max(0, SHOWN - trials.length) }, () => ({ text: "" })),
    { text: cell(trials.at(-1)!) },
  ]);
  const head = ["map (layers)", "fastest, ms", "second", "third", "slowest"];
  const columns = head.map((title) => ({ title }));
  const lines = textTable(columns, rows, 120, (text) => text);
  return [`${title}, ${direction}`, ...lines, ""].join("\n");
}
