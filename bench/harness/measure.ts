/**
 * Timing. Variants of one case take turns in random order, so that a slow minute of the machine
 * hits all of them; each run uses the next copy of the inputs, so that none finds them in cache.
 */
import { quantileSeq } from "mathjs/number";
import type { Context } from "../../ffi/mod.ts";
import { type Random, shuffled } from "./random.ts";

/** How long to go on. */
export interface Plan {
  /** A variant is done when it has both this many samples ... */
  readonly minSamples: number;
  /** ... and this much time in samples, or `MAX_SAMPLES`. */
  readonly minMs: number;
  /** The reference is not timed when one run of it takes longer. */
  readonly refLimitMs: number;
  /** Whole networks: this much time in samples is enough, with so many of them. */
  readonly long?: { readonly ms: number; readonly samples: number };
  /** Exactly so many warm-ups and samples, of one run each: the protocol of a paper. */
  readonly exact?: { readonly warmUps: number; readonly samples: number };
}

/** What takes part: a name, and the timed run over each copy of the inputs. */
export interface LocalContender {
  readonly variant: string;
  readonly runs: readonly (() => void)[];
}

/** What takes part in a process of its own, which rotates its inputs and has its own clock. */
export interface RemoteContender {
  readonly variant: string;
  /** Milliseconds of so many runs together; null once it cannot go on. */
  time(times: number): Promise<number | null>;
}

export type Contender = LocalContender | RemoteContender;

const MAX_SAMPLES = 300;
/** As many samples as the rank test needs. */
const LONG = { ms: 4000, samples: 5 };
/** A sample shorter than this holds several runs: timers and queues have a resolution of their own. */
const MIN_SAMPLE_MS = 0.05;
const MAX_BATCH = 1000;
const WARM_UPS = 3;
/** A run as long as this leaves nothing cold for the next one. */
const LONG_RUN_MS = 500;
/** How long Ctrl-C may have to wait. */
const YIELD_MS = 200;

const MIB = 2 ** 20;
const MOST_ROTATED_BYTES = 512 * MIB;
const MOST_COPIES = 64;

/** Copies of `bytes` bytes that together are twice the last-level cache, within 512 MiB. */
export function copyCount(bytes: number, cacheBytes: number): number {
  const wanted = Math.min(2 * cacheBytes, MOST_ROTATED_BYTES);
  return Math.min(MOST_COPIES, Math.max(1, Math.ceil(wanted / Math.max(1, bytes))));
}

/** Calls `runs` one after the other, starting over at the end. */
export class Rotation {
  #next = 0;

  constructor(private readonly runs: readonly (() => void)[]) {}

  run(times: number): void {
    for (let i = 0; i < times; i++) {
      this.runs[this.#next]!();
      this.#next = (this.#next + 1) % this.runs.length;
    }
  }
}

/** Milliseconds of so many runs together; null = it cannot go on. */
type Clock = (times: number) => number | null | Promise<number | null>;

interface Timed {
  readonly clock: Clock;
  readonly samples: number[];
  readonly batch: number;
  totalMs: number;
  gone: boolean;
}

/** The samples of each contender in milliseconds a run, in the order they were taken. */
export async function measure(
  ctx: Pick<Context, "time">,
  contenders: readonly Contender[],
  plan: Plan,
  random: Random,
): Promise<number[][]> {
  const all: Timed[] = [];
  for (const contender of contenders) all.push(await warmedUp(clockOf(ctx, contender), plan));
  const isDone = (each: Timed) => each.gone || hasEnough(each, plan);
  let yielded = performance.now();
  for (let left = all; left.length > 0; left = left.filter((each) => !isDone(each))) {
    for (const each of shuffled(left, random)) {
      const ms = await each.clock(each.batch);
      each.gone = ms === null;
      if (ms === null) continue;
      each.samples.push(ms / each.batch);
      each.totalMs += ms;
    }
    if (performance.now() - yielded > YIELD_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      yielded = performance.now();
    }
  }
  return all.map(({ samples }) => samples);
}

function hasEnough({ samples: { length }, totalMs }: Timed, plan: Plan): boolean {
  const { minSamples, minMs, long = LONG, exact } = plan;
  if (exact !== undefined) return length >= exact.samples;
  return (length >= minSamples && (totalMs >= minMs || length >= MAX_SAMPLES)) ||
    (length >= long.samples && totalMs >= long.ms);
}

function clockOf(ctx: Pick<Context, "time">, contender: Contender): Clock {
  if ("time" in contender) return (times) => contender.time(times);
  const rotation = new Rotation(contender.runs);
  return (times) => ctx.time(() => rotation.run(times));
}

async function warmedUp(clock: Clock, { exact }: Plan): Promise<Timed> {
  let fastest = Infinity;
  for (let i = 0; i < (exact?.warmUps ?? WARM_UPS); i++) {
    const ms = await clock(1);
    if (ms === null) return { clock, samples: [], batch: 1, totalMs: 0, gone: true };
    fastest = Math.min(fastest, ms);
    if (exact === undefined && ms >= LONG_RUN_MS) break;
  }
  const batch = exact !== undefined
    ? 1
    : Math.min(MAX_BATCH, Math.max(1, Math.ceil(MIN_SAMPLE_MS / fastest)));
  return { clock, samples: [], batch, totalMs: 0, gone: false };
}

/** Median and the ends of the middle four fifths. */
export interface Summary {
  readonly medianMs: number;
  readonly p10Ms: number;
  readonly p90Ms: number;
}

/** The summary of at least one sample, between neighbours where a rank is not whole. */
export function summarize(samples: readonly number[]): Summary {
  const sorted = [...samples].sort((a, b) => a - b);
  const [p10Ms = NaN, medianMs = NaN, p90Ms = NaN] = quantileSeq(
    sorted,
    [0.1, 0.5, 0.9],
    true,
  ) as number[];
  return { medianMs, p10Ms, p90Ms };
}
