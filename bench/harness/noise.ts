/** Whether a run can be trusted: how far samples spread, and whether the machine kept its speed. */
import { type Context, sparseConv } from "../../ffi/mod.ts";
import type { BenchCase } from "../../reports/schema.ts";
import { summarize } from "./measure.ts";
import { randomFloats } from "./random.ts";

/** p90 / p10 above which a row's spread is wide. */
const WIDE_SPREAD = 1.5;
/** Slowest over fastest heartbeat above which the machine changed speed during the run. */
const DRIFT = 1.25;

/**
 * A fixed piece of arithmetic that is timed before each case. The same work taking longer means
 * that the clock fell or that something else took the cores.
 */
export class Heartbeat implements Disposable {
  readonly medians: number[] = [];
  readonly #run: () => void;
  readonly #owned: DisposableStack;

  constructor(private readonly ctx: Context) {
    const [rows, channels] = [4096, 64];
    using stack = new DisposableStack();
    const feats = stack.use(
      ctx.tensorFrom("f32", [rows, channels], randomFloats(rows * channels, 1)),
    );
    const weight = stack.use(
      ctx.tensorFrom("f32", [1, channels, channels], randomFloats(channels * channels, 2)),
    );
    const identity = Int32Array.from({ length: rows }, (_, i) => i);
    const map = stack.use(ctx.tensorFrom("i32", [1, rows], identity));
    const pairs = stack.use(
      ctx.tensorFrom("i32", [2, rows], Int32Array.of(...identity, ...identity)),
    );
    const starts = stack.use(ctx.tensorFrom("i64", [2], BigInt64Array.of(0n, BigInt(rows))));
    const out = stack.use(ctx.tensor("f32", [rows, channels]));
    this.#run = () => sparseConv(feats, weight, map, { pairs, starts }, out);
    this.#owned = stack.move();
  }

  /** Takes the pulse: the median of a few runs. */
  beat(): void {
    this.#run();
    const samples = Array.from({ length: 9 }, () => this.ctx.time(this.#run));
    this.medians.push(summarize(samples).medianMs);
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** What was seen of noise, for the context of a result. */
export interface Noise extends Record<string, number | boolean> {
  /** True when a threshold was passed: differences of this run deserve doubt. */
  readonly noisy: boolean;
  /** Timed rows whose p90 is above 1.5 times their p10. */
  readonly wideRows: number;
  /** The largest p90 / p10 of a row. */
  readonly widestSpread: number;
  /** Slowest over fastest heartbeat. */
  readonly heartbeatDrift: number;
}

/** Judges the rows and heartbeats of a run; more than a tenth of wide rows is noisy. */
export function judgeNoise(
  rows: readonly Pick<BenchCase, "p10Ms" | "p90Ms">[],
  heartbeats: readonly number[],
): Noise {
  const spreads = rows.flatMap(({ p10Ms, p90Ms }) =>
    p10Ms === null || p90Ms === null || p10Ms === 0 ? [] : [p90Ms / p10Ms]
  );
  const wideRows = spreads.filter((spread) => spread > WIDE_SPREAD).length;
  const heartbeatDrift = heartbeats.length === 0
    ? 1
    : Math.max(...heartbeats) / Math.min(...heartbeats);
  return {
    noisy: heartbeatDrift > DRIFT || wideRows * 10 > spreads.length,
    wideRows,
    widestSpread: rounded(Math.max(1, ...spreads)),
    heartbeatDrift: rounded(heartbeatDrift),
  };
}

const rounded = (ratio: number) => Number(ratio.toFixed(3));
