/**
 * Who is faster than whom. Rows compare when they share op, parameters, backend and dtype; a ratio
 * of medians counts as faster or slower only after a rank test over the raw samples.
 */
import type { BenchCase, BenchResult } from "./schema.ts";

/** The variants of one op at one point of its parameters. */
export interface CaseGroup {
  readonly op: string;
  readonly params: BenchCase["params"];
  readonly backend: BenchCase["backend"];
  readonly dtype: string;
  /** What the others are compared with: the op's baseline variant, else the first timed one. */
  readonly baseline: BenchCase | null;
  /** Fastest first; what was not timed is last, in the order of the file. */
  readonly rows: readonly ComparedCase[];
}

/** A case and how it stands against the baseline of its group. */
export interface ComparedCase {
  readonly case: BenchCase;
  /** Baseline time over own time, above 1 is faster; null when one of them has no time. */
  readonly speedup: number | null;
  readonly verdict: "baseline" | "faster" | "slower" | "same" | "none";
}

/** How one variant of an op does over all parameters that it and the baseline were timed at. */
export interface VariantSummary {
  readonly op: string;
  readonly backend: BenchCase["backend"];
  readonly dtype: string;
  readonly variant: string;
  readonly baseline: string;
  readonly groups: number;
  readonly faster: number;
  readonly slower: number;
  readonly geometricMean: number;
  readonly worst: number;
  readonly best: number;
}

/** The groups of a result, in the order their first case stands in the file. */
export function groupCases(result: BenchResult): CaseGroup[] {
  const groups = Map.groupBy(result.cases, ({ op, params, backend, dtype }) => {
    const sorted = Object.entries(params).sort(([a], [b]) => a < b ? -1 : 1);
    return JSON.stringify([op, sorted, backend, dtype]);
  });
  return [...groups.values()].map((cases) => compareGroup(cases, result.baselines ?? {}));
}

function compareGroup(cases: BenchCase[], baselines: Record<string, string>): CaseGroup {
  const first = cases[0]!;
  const timed = cases.filter((value) => value.medianMs !== null);
  const wanted = baselines[first.op] ?? "ref";
  const baseline = timed.find((value) => value.variant === wanted) ?? timed[0] ?? null;
  // The sort is stable, so equal times keep the order of the file.
  const rows = [...cases].sort((a, b) => (a.medianMs ?? Infinity) - (b.medianMs ?? Infinity) || 0);
  return {
    op: first.op,
    params: first.params,
    backend: first.backend,
    dtype: first.dtype,
    baseline,
    rows: rows.map((value) => compare(value, baseline)),
  };
}

function compare(value: BenchCase, baseline: BenchCase | null): ComparedCase {
  if (baseline?.medianMs == null || value.medianMs === null) {
    return { case: value, speedup: null, verdict: "none" };
  }
  if (value === baseline) return { case: value, speedup: 1, verdict: "baseline" };
  const speedup = value.medianMs > 0 ? baseline.medianMs / value.medianMs : null;
  return { case: value, speedup, verdict: rankTest(value.samplesMs, baseline.samplesMs) };
}

/** Mann-Whitney z beyond which a difference counts: two-sided p = 0.01. */
const Z_LIMIT = 2.576;

/**
 * Whether the times `a` are lower ("faster") or higher ("slower") than `b`, by a two-sided
 * Mann-Whitney test at 1 % with correction for ties; few or overlapping samples give "same".
 */
export function rankTest(a: readonly number[], b: readonly number[]): "faster" | "slower" | "same" {
  const all = [
    ...a.map((time) => ({ time, own: true })),
    ...b.map((time) => ({ time, own: false })),
  ]
    .sort((x, y) => x.time - y.time);
  const n = all.length;
  let rankSum = 0;
  let ties = 0;
  for (let i = 0; i < n;) {
    let end = i;
    while (end < n && all[end]!.time === all[i]!.time) end++;
    const tied = end - i;
    for (let j = i; j < end; j++) if (all[j]!.own) rankSum += (i + end + 1) / 2;
    ties += tied ** 3 - tied;
    i = end;
  }
  const pairs = a.length * b.length;
  const u = rankSum - (a.length * (a.length + 1)) / 2 - pairs / 2;
  const spread = Math.sqrt((pairs / 12) * (n + 1 - ties / (n * (n - 1))));
  const z = Math.max(0, Math.abs(u) - 0.5) / spread;
  if (!(z > Z_LIMIT)) return "same";
  return u < 0 ? "faster" : "slower";
}

/** One line a variant that was compared with a baseline; best geometric mean of an op first. */
export function summarize(groups: readonly CaseGroup[]): VariantSummary[] {
  const found = new Map<string, { group: CaseGroup; rows: ComparedCase[] }>();
  for (const group of groups) {
    for (const row of group.rows) {
      if (row.speedup === null || row.verdict === "baseline") continue;
      const { op, backend, dtype, variant } = row.case;
      const key = JSON.stringify([op, backend, dtype, variant, group.baseline?.variant]);
      const entry = found.get(key);
      if (entry === undefined) found.set(key, { group, rows: [row] });
      else entry.rows.push(row);
    }
  }
  const order = [...new Set(groups.map(({ op }) => op))];
  return [...found.values()].map(({ group, rows }) => summary(group, rows)).sort((a, b) =>
    order.indexOf(a.op) - order.indexOf(b.op) || b.geometricMean - a.geometricMean
  );
}

function summary(group: CaseGroup, rows: readonly ComparedCase[]): VariantSummary {
  const speedups = rows.map(({ speedup }) => speedup!);
  const { op, backend, dtype, variant } = rows[0]!.case;
  return {
    op,
    backend,
    dtype,
    variant,
    baseline: group.baseline!.variant,
    groups: rows.length,
    faster: rows.filter(({ verdict }) => verdict === "faster").length,
    slower: rows.filter(({ verdict }) => verdict === "slower").length,
    geometricMean: Math.exp(speedups.reduce((sum, x) => sum + Math.log(x), 0) / speedups.length),
    worst: Math.min(...speedups),
    best: Math.max(...speedups),
  };
}
