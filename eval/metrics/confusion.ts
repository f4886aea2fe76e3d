/**
 * Counts of (true class, predicted class) for labels of any integers: each goes through a table to
 * its row or column. Points whose true label is skipped are left out; a label that is in no table
 * stops the count and is named.
 */
import { LabelIdError } from "./label_counts.ts";

/** What one label is: a class, left out (truth only), or an error. */
export type LabelClass = number | "skip" | "error";

/** The class of each label of one side; made by {@linkcode labelTable}. */
export interface LabelTable {
  /** Rows or columns it leads to, classes 0 to `classes - 1`; then skip, then error. */
  readonly classes: number;
  /** Label of entry 0. */
  readonly low: number;
  readonly table: Uint16Array;
  /** Entry of every other label. */
  readonly outside: number;
}

/** What {@linkcode countPairs} adds to. Float64 holds every count up to 2^53. */
export interface Confusion {
  readonly rows: number;
  readonly columns: number;
  /** Row-major [rows, columns], row = truth, column = predicted, in points. */
  readonly counts: Float64Array;
  /** [1] points that were left out because of their true label. */
  readonly skipped: Float64Array;
}

/** Points of one scene or a part of it. */
export interface Pairs {
  readonly truth: Int32Array;
  readonly predicted: Int32Array;
  readonly tables: { readonly truth: LabelTable; readonly predicted: LabelTable };
}

/** More bins than this would not fit beside the labels in a core's cache, nor in memory soon. */
export const MAX_CLASSES = 1024;

/** The table of labels `low` to `high`, and what every other label is. */
export function labelTable(
  { classes, low, high, outside }: {
    classes: number;
    low: number;
    high: number;
    outside: LabelClass;
  },
  classOf: (label: number) => LabelClass,
): LabelTable {
  if (classes > MAX_CLASSES + 1) {
    throw new RangeError(`Cannot count ${classes} classes: at most ${MAX_CLASSES} are counted`);
  }
  const entry = (found: LabelClass) =>
    found === "skip" ? classes : found === "error" ? classes + 1 : found;
  const table = Uint16Array.from({ length: high - low + 1 }, (_, i) => entry(classOf(low + i)));
  return { classes, low, table, outside: entry(outside) };
}

/** Counts of no points. */
export function createConfusion({ truth, predicted }: Pairs["tables"]): Confusion {
  return {
    rows: truth.classes,
    columns: predicted.classes,
    counts: new Float64Array(truth.classes * predicted.classes),
    skipped: new Float64Array(1),
  };
}

/**
 * Adds the points of `pairs` to `state`, which stays as it was when this throws.
 *
 * @throws {RangeError} The two arrays differ in length.
 * @throws {LabelIdError} A label is an error; the first such point is named.
 */
export function countPairs(state: Confusion, pairs: Pairs): void {
  const { truth, predicted, tables } = pairs;
  if (truth.length !== predicted.length) {
    throw new RangeError(
      `Cannot count labels: ${truth.length} are true and ${predicted.length} predicted, and as ` +
        `many are needed`,
    );
  }
  const stride = state.columns + 2;
  const bins = (state.rows + 2) * stride;
  const even = new Uint32Array(bins);
  const odd = new Uint32Array(bins);
  fill(even, odd, stride, pairs);
  for (let k = 0; k < bins; k++) even[k]! += odd[k]!;
  if (hasErrors(even, state)) throw firstError(pairs, tables);
  for (let row = 0; row < state.rows; row++) {
    for (let column = 0; column < state.columns; column++) {
      state.counts[row * state.columns + column]! += even[row * stride + column]!;
    }
  }
  for (let column = 0; column < stride; column++) {
    state.skipped[0]! += even[state.rows * stride + column]!;
  }
}

/** Adds the counts of `from` to `into`. */
export function mergeConfusion(into: Confusion, from: Confusion): void {
  for (let i = 0; i < into.counts.length; i++) into.counts[i]! += from.counts[i]!;
  into.skipped[0]! += from.skipped[0]!;
}

/** Points by true class, by predicted class, and those that are both. */
export function marginals({ rows, columns, counts }: Confusion) {
  const truth = new Float64Array(rows);
  const predicted = new Float64Array(columns);
  const hits = new Float64Array(Math.min(rows, columns));
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const count = counts[row * columns + column]!;
      truth[row]! += count;
      predicted[column]! += count;
      if (row === column) hits[row] = count;
    }
  }
  return { truth, predicted, hits };
}

/** Exact: counts are integers below 2^53. */
export function total(counts: Float64Array): number {
  return counts.reduce((a, b) => a + b, 0);
}

/** The hot loop. Two histograms, so that an increment does not wait for the one before. */
function fill(even: Uint32Array, odd: Uint32Array, stride: number, pairs: Pairs): void {
  const { truth, predicted } = pairs;
  const { low: rowLow, table: rowTable, outside: rowOutside } = pairs.tables.truth;
  const { low: columnLow, table: columnTable, outside: columnOutside } = pairs.tables.predicted;
  const rowLength = rowTable.length;
  const columnLength = columnTable.length;
  const n = truth.length;
  for (let i = 0; i < n; i++) {
    const t = truth[i]! - rowLow;
    const p = predicted[i]! - columnLow;
    const row = t >= 0 && t < rowLength ? rowTable[t]! : rowOutside;
    const column = p >= 0 && p < columnLength ? columnTable[p]! : columnOutside;
    if ((i & 1) === 0) even[row * stride + column]!++;
    else odd[row * stride + column]!++;
  }
}

/** Whether a point has a true label that is an error, or a predicted one beside a counted truth. */
function hasErrors(bins: Uint32Array, { rows, columns }: Confusion): boolean {
  const stride = columns + 2;
  for (let column = 0; column < stride; column++) {
    if (bins[(rows + 1) * stride + column]! > 0) return true;
  }
  for (let row = 0; row < rows; row++) {
    if (bins[row * stride + columns]! + bins[row * stride + columns + 1]! > 0) return true;
  }
  return false;
}

function firstError({ truth, predicted }: Pairs, tables: Pairs["tables"]): LabelIdError {
  for (let i = 0; i < truth.length; i++) {
    const row = entryOf(tables.truth, truth[i]!);
    if (row > tables.truth.classes) return new LabelIdError("truth", i, truth[i]!);
    if (row < tables.truth.classes) {
      const column = entryOf(tables.predicted, predicted[i]!);
      if (column >= tables.predicted.classes) {
        return new LabelIdError("predicted", i, predicted[i]!);
      }
    }
  }
  throw new Error("Cannot find the label that was counted as an error");
}

function entryOf({ low, table, outside }: LabelTable, label: number): number {
  const at = label - low;
  return at >= 0 && at < table.length ? table[at]! : outside;
}
