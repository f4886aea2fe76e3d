/** What the benchmarks that count (true class, predicted class) share: reading and counting. */
import type { Scorer } from "../benchmark.ts";
import { type Confusion, createConfusion, type Pairs, total } from "../metrics/confusion.ts";
import type { Metric } from "../metrics/metric.ts";
import { LabelPairs, type LabelSource } from "./label_sources.ts";
import type { FilePair } from "./pair_reader.ts";

/** Tables of a benchmark, and what it needs of a label, for error texts. */
export interface LabelRules {
  readonly tables: Pairs["tables"];
  readonly needed: { readonly truth: string; readonly predicted: string };
}

/** Scores pairs of label files into one confusion matrix. */
export function confusionScorer(
  metric: Pick<Metric<Pairs["tables"], Pairs, Confusion, unknown>, "update">,
  { tables, needed }: LabelRules,
  open: (path: string) => LabelSource,
): Scorer<FilePair, Confusion> {
  const state = createConfusion(tables);
  const reader = new LabelPairs();
  return {
    state,
    score(pair) {
      reader.read(
        pair,
        open,
        (truth, predicted) => metric.update(state, { truth, predicted, tables }),
        needed,
      );
    },
  };
}

/** Points that were counted or left out because of their true label. */
export function pointsOf({ counts, skipped }: Confusion): number {
  return total(counts) + skipped[0]!;
}

/** Rows of the class table: values of each column by class name. */
export function byClass(
  names: readonly string[],
  columns: Readonly<Record<string, Float64Array>>,
) {
  const perClass: Record<string, Record<string, number>> = {};
  names.forEach((name, k) => {
    perClass[name] = Object.fromEntries(
      Object.entries(columns).map(([column, values]) => [column, values[k]!]),
    );
  });
  return perClass;
}

/** Entries `PREFIX_<name>` of `values`. */
export function named(
  prefix: string,
  names: readonly string[],
  values: Float64Array,
): Record<string, number> {
  return Object.fromEntries(names.map((name, k) => [`${prefix}_${name}`, values[k]!]));
}
