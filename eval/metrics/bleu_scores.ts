/** BLEU from counts by three tools, which differ in what they do when an order has no match. */
import { type BleuCounts, ORDERS } from "./bleu_counts.ts";

export interface BleuResult {
  /** Percent. */
  readonly bleu: number;
  /** [4] percent; smoothed where the tool smooths. */
  readonly precisions: readonly number[];
  readonly brevityPenalty: number;
  readonly hypothesisLength: number;
  readonly referenceLength: number;
}

/** How sacreBLEU scores an order without a match. */
export type Smoothing = "exp" | "floor" | "add-k" | "none";

/** Defaults of sacreBLEU for `floor` and `add-k`. */
const FLOOR = 0.1;
const ADDED = 1;
/** What the tools take for the logarithm of 0. */
const LOG_OF_ZERO = -9999999999;

/**
 * moses-smt/mosesdecoder 3445289 multi-bleu.perl: no smoothing.
 *
 * @throws {RangeError} There is no token on a side, where the script divides by zero or prints 0.
 */
export function multiBleu(counts: BleuCounts): BleuResult {
  requireLengths(counts);
  const ratios = ratiosOf(counts);
  const { penalty, hypothesis, reference } = brevity(counts);
  const [a, b, c, d] = ratios.map(logOr) as [number, number, number, number];
  return {
    bleu: 100 * (penalty * Math.exp((a + b + c + d) / 4)),
    precisions: ratios.map((ratio) => 100 * ratio),
    brevityPenalty: penalty,
    hypothesisLength: hypothesis,
    referenceLength: reference,
  };
}

/**
 * mit-han-lab/lite-transformer d2d98c3 fairseq/bleu.py: no smoothing, logarithm of 0 is -infinity.
 *
 * @throws {RangeError} There is no token on a side.
 */
export function fairseqBleu(counts: BleuCounts): BleuResult {
  requireLengths(counts);
  const ratios = ratiosOf(counts);
  const [hypothesis, reference] = [counts.lengths[0]!, counts.lengths[1]!];
  const penalty = Math.min(1, Math.exp(1 - reference / hypothesis));
  const logs = ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0);
  return {
    bleu: penalty * Math.exp(logs / ORDERS) * 100,
    precisions: ratios.map((ratio) => 100 * ratio),
    brevityPenalty: penalty,
    hypothesisLength: hypothesis,
    referenceLength: reference,
  };
}

/** mjpost/sacrebleu 2.6.0 `BLEU.compute_bleu`. */
export function sacreBleu(
  counts: BleuCounts,
  { smoothing, effectiveOrder }: { smoothing: Smoothing; effectiveOrder: boolean },
): BleuResult {
  const { penalty, hypothesis, reference } = brevity(counts);
  const precisions = new Array<number>(ORDERS).fill(0);
  const result = {
    precisions,
    brevityPenalty: penalty,
    hypothesisLength: hypothesis,
    referenceLength: reference,
  };
  if (counts.matched.every((count) => count === 0)) return { bleu: 0, ...result };
  let halvings = 1;
  let order = ORDERS;
  for (let n = 0; n < ORDERS; n++) {
    const added = smoothing === "add-k" && n > 0 ? ADDED : 0;
    const total = counts.total[n]! + added;
    const matched = counts.matched[n]! + added;
    if (total === 0) break;
    if (effectiveOrder) order = n + 1;
    if (matched > 0) precisions[n] = 100 * matched / total;
    else if (smoothing === "exp") precisions[n] = 100 / ((halvings *= 2) * total);
    else if (smoothing === "floor") precisions[n] = 100 * FLOOR / total;
  }
  const logs = precisions.slice(0, order).reduce((sum, precision) => sum + logOr(precision), 0);
  return { bleu: penalty * Math.exp(logs / order), ...result };
}

function requireLengths({ lengths }: BleuCounts): void {
  if (lengths[0]! > 0 && lengths[1]! > 0) return;
  throw new RangeError(`${lengths[0] === 0 ? "the hypothesis" : "the reference"} has no token`);
}

function ratiosOf({ matched, total }: BleuCounts): number[] {
  return Array.from(matched, (count, n) => total[n]! === 0 ? 0 : count / total[n]!);
}

function brevity({ lengths }: BleuCounts) {
  const [hypothesis, reference] = [lengths[0]!, lengths[1]!];
  const long = hypothesis >= reference;
  const penalty = long ? 1 : hypothesis === 0 ? 0 : Math.exp(1 - reference / hypothesis);
  return { penalty, hypothesis, reference };
}

function logOr(value: number): number {
  return value === 0 ? LOG_OF_ZERO : Math.log(value);
}
