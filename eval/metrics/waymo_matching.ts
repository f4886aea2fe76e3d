/** Which prediction takes which true box: the largest sum of overlaps, as `hungarian.cc` finds it. */
import { hungarian } from "./hungarian.ts";

/** A prediction and a true box that overlap enough. */
export interface Pair {
  readonly pred: number;
  readonly gt: number;
  /** The overlap in millionths, above 0. */
  readonly weight: number;
}

/** The objects of a frame that are matched, in their order, and the box that each one takes. */
export interface Matching {
  readonly gts: readonly number[];
  readonly preds: readonly number[];
  /** By prediction; the matched ones are set. */
  readonly taken: Int32Array;
}

/** Sets what each prediction takes. */
export function matchPairs(pairs: readonly Pair[], matching: Matching): void {
  const best = onlyMatching(pairs);
  if (best === undefined) matchAll(pairs, matching);
  else for (const { pred, gt } of best) matching.taken[pred] = gt;
}

/**
 * The pairs of the largest sum where it is plain that no others weigh as much, else undefined: a
 * box and all predictions that meet only it, or a prediction and all boxes that meet only it, of
 * which one weighs most. Nearly all are of this kind, and the matching of the rest costs n cubed.
 */
function onlyMatching(pairs: readonly Pair[]): readonly Pair[] | undefined {
  const byPred: Star[] = [];
  const byGt: Star[] = [];
  for (const pair of pairs) {
    enter(byPred, pair.pred, pair);
    enter(byGt, pair.gt, pair);
  }
  const best: Pair[] = [];
  for (const pair of pairs) {
    const [a, b] = [byPred[pair.pred]!, byGt[pair.gt]!];
    if (a.count > 1 && b.count > 1) return undefined;
    const star = a.count > 1 ? a : b;
    if (star.tied) return undefined;
    if (star.best === pair) best.push(pair);
  }
  return best;
}

/** The pairs of one object. */
interface Star {
  count: number;
  best: Pair;
  /** Whether another pair weighs as much as the best. */
  tied: boolean;
}

function enter(stars: Star[], key: number, pair: Pair): void {
  const star = stars[key];
  if (star === undefined) {
    stars[key] = { count: 1, best: pair, tied: false };
    return;
  }
  star.count++;
  if (pair.weight === star.best.weight) star.tied = true;
  if (pair.weight <= star.best.weight) return;
  star.best = pair;
  star.tied = false;
}

/** The official algorithm on all objects, those without pairs among them: its order decides ties. */
function matchAll(pairs: readonly Pair[], { gts, preds, taken }: Matching): void {
  const n = Math.max(gts.length, preds.length);
  const row = new Map(preds.map((pred, i) => [pred, i]));
  const column = new Map(gts.map((gt, j) => [gt, j]));
  const weights = new Int32Array(n * n);
  for (const { pred, gt, weight } of pairs) weights[row.get(pred)! * n + column.get(gt)!] = weight;
  const columns = hungarian(n, weights);
  preds.forEach((pred, i) => {
    const j = columns[i]!;
    if (j < gts.length && weights[i * n + j]! > 0) taken[pred] = gts[j]!;
  });
}
