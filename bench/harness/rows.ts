/** Rows of a result: what became of one variant of one case. */
import { type BenchCase, type BenchRoofline, toJsonNumber } from "../../reports/schema.ts";
import { type BenchBackend, type CaseKey, caseName } from "../case.ts";
import type { Comparison } from "./check.ts";
import { summarize } from "./measure.ts";
import { figureOf, OURS, type Protocol } from "./protocol.ts";
import { rates, rooflineShare, type Work } from "./roofline.ts";

/** What names a row. */
export interface RowKey extends CaseKey {
  readonly backend: BenchBackend;
  readonly variant: string;
}

function emptyRow(key: RowKey): Omit<BenchCase, "skipped"> {
  const { op, params, backend, variant, dtype = "f32" } = key;
  return {
    id: caseName(key, variant),
    op,
    params: { ...params },
    backend,
    variant,
    dtype,
    samplesMs: [],
    medianMs: null,
    p10Ms: null,
    p90Ms: null,
    gflops: null,
    gbps: null,
    roofline: null,
    maxAbsErr: null,
    maxRelErr: null,
    verified: false,
  };
}

/** A variant that did not run, and why. */
export function skippedRow(key: RowKey, reason: string): BenchCase {
  return { ...emptyRow(key), skipped: reason };
}

/** A variant whose output is wrong: shown, not timed. */
export function failedRow(key: RowKey, { maxAbsErr, maxRelErr, detail }: Comparison): BenchCase {
  return {
    ...emptyRow(key),
    maxAbsErr: toJsonNumber(maxAbsErr),
    maxRelErr: toJsonNumber(maxRelErr),
    skipped: `wrong: ${detail}`,
  };
}

/** A variant that passed its check and was timed; its share of the roof comes later. */
export function timedRow(
  key: RowKey,
  { maxAbsErr, maxRelErr }: Comparison,
  samplesMs: readonly number[],
  work: Work,
  protocol: Protocol = OURS,
): BenchCase {
  const summary = summarize(samplesMs);
  const figure = figureOf(protocol, samplesMs, summary.medianMs);
  // A clock that did not move gives no speed.
  const ms = figure > 0 ? figure : null;
  return {
    ...emptyRow(key),
    samplesMs: samplesMs.map((sample) => Number(sample.toPrecision(7))),
    ...summary,
    medianMs: figure,
    ...(ms !== null && rates(work, ms)),
    maxAbsErr: toJsonNumber(maxAbsErr),
    maxRelErr: toJsonNumber(maxRelErr),
    verified: true,
    skipped: null,
  };
}

/** Holds a timed row against the roof, once it is known for good: at the end of a run. */
export function withShare(
  row: BenchCase,
  work: Work,
  roofline: BenchRoofline | null,
): BenchCase {
  if (roofline === null || row.medianMs === null || row.medianMs === 0) return row;
  return { ...row, roofline: rooflineShare(work, row.medianMs, roofline) };
}

/** Whether a row says that a variant is wrong. */
export function isFailed({ verified, maxAbsErr, skipped }: BenchCase): boolean {
  return skipped !== null && !verified && maxAbsErr !== null;
}
