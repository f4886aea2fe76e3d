import process from "node:process";
import type { EvalResult } from "../reports/schema.ts";
import type { AnyBenchmark, Outcome, Plan, Request } from "./benchmark.ts";
import { benchmarkOf } from "./registry.ts";
import { Cursor, type Failure, firstError, scoreShare } from "./share.ts";
import type { Reply, Task } from "./worker.ts";

/** How a run is carried out. Nothing here changes a score. */
export interface RunOptions {
  /** Threads at most, this one among them. */
  readonly jobs: number;
  /** A further thread is started for each so many seconds of estimated work. */
  readonly secondsPerJob?: number;
  /** Told now and then how many items are taken. */
  readonly progress?: (taken: number, total: number) => void;
}

/** A result and how long it took. */
export interface Run {
  readonly result: EvalResult;
  readonly work: Outcome["work"];
  /** Wall time from looking for the files to the scores. */
  readonly seconds: number;
  /** Threads that were used. */
  readonly jobs: number;
  /** The most memory that the process has held so far. */
  readonly peakMiB: number;
}

/** A thread costs about 40 ms to start, beside the work of the others. */
const SECONDS_PER_JOB = 0.1;
/** So often this thread lets signals, messages and the progress line through. */
const PAUSE_EVERY_MS = 100;

/**
 * Scores what `request` names.
 *
 * @throws {InputError} The id is unknown, or the input cannot be scored; the same text for any
 * number of jobs.
 */
export async function runBenchmark(
  id: string,
  request: Request,
  options: RunOptions,
): Promise<Run> {
  const start = performance.now();
  const benchmark = await benchmarkOf(id);
  const plan = await benchmark.plan(request);
  const jobs = jobsFor(plan, options);
  const job: Job = { id, benchmark, request, plan, jobs };
  const state = await scoreAll(job, options.progress);
  const outcome = benchmark.outcome(request, plan, state);
  return {
    result: resultOf(job, outcome),
    work: outcome.work,
    seconds: (performance.now() - start) / 1e3,
    jobs,
    // The system counts in KiB.
    peakMiB: Math.ceil(process.resourceUsage().maxRSS / 1024),
  };
}

function jobsFor(
  { items, estimatedSeconds }: Plan<unknown>,
  { jobs, secondsPerJob = SECONDS_PER_JOB }: RunOptions,
): number {
  return Math.min(
    jobs,
    Math.max(1, items.length),
    1 + Math.floor(estimatedSeconds / secondsPerJob),
  );
}

interface Job {
  readonly id: string;
  readonly benchmark: AnyBenchmark;
  readonly request: Request;
  readonly plan: Plan<unknown>;
  readonly jobs: number;
}

/** The merged state of all threads. This one works too, so one job needs no worker. */
async function scoreAll(job: Job, progress: RunOptions["progress"]): Promise<unknown> {
  const { benchmark, request, plan: { items } } = job;
  const cursor = new Cursor();
  using workers = new DisposableStack();
  const replies = startWorkers(job, cursor, workers);
  const scorer = benchmark.scorer(request);
  const own = await scoreShare(
    scorer,
    items,
    cursor,
    pauses(() => {
      progress?.(Math.min(cursor.taken, items.length), items.length);
    }),
  );
  const failures: Failure[] = own === undefined ? [] : [own];
  for (const reply of await Promise.all(replies)) {
    if (reply.failure !== undefined) failures.push(reply.failure);
    benchmark.merge(request, scorer.state, reply.state);
  }
  if (failures.length > 0) throw firstError(failures);
  return scorer.state;
}

function startWorkers(
  { id, request, plan: { items }, jobs }: Job,
  cursor: Cursor,
  workers: DisposableStack,
): Promise<Reply>[] {
  return Array.from({ length: jobs - 1 }, () => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    workers.defer(() => worker.terminate());
    const task: Task = { id, request, items, cursor: cursor.memory };
    worker.postMessage(task);
    return new Promise<Reply>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<Reply>) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`A scoring thread failed: ${event.message}`));
      };
    });
  });
}

/** Calls `report` and lets the event loop turn, when it has not done so for a while. */
function pauses(report: () => void): () => Promise<void> | void {
  let last = performance.now();
  return () => {
    if (performance.now() - last < PAUSE_EVERY_MS) return;
    report();
    return new Promise((resolve) =>
      setTimeout(() => {
        last = performance.now();
        resolve();
      })
    );
  };
}

function resultOf({ id, benchmark, request, plan }: Job, outcome: Outcome): EvalResult {
  const { gt, pred, options } = request;
  return {
    schemaVersion: 1,
    benchmark: id,
    reference: benchmark.reference(request),
    inputs: {
      gt,
      pred,
      ...options,
      ...outcome.inputs,
      metricVersion: benchmark.metricVersion(request),
    },
    metrics: jsonNumbers(outcome.metrics),
    perClass: Object.fromEntries(
      Object.entries(outcome.perClass).map(([name, scores]) => [name, jsonNumbers(scores)]),
    ),
    warnings: [...plan.warnings, ...outcome.warnings],
  };
}

/** JSON has no NaN and no infinity: they travel as words. */
function jsonNumbers(values: Readonly<Record<string, number>>): EvalResult["metrics"] {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, jsonNumber(value)]),
  );
}

function jsonNumber(value: number): EvalResult["metrics"][string] {
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}
