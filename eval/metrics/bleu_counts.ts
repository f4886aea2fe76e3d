/**
 * What every BLEU is computed from: for n = 1..4 the n-grams of the hypothesis, those of them that a
 * reference has too (each at most as often as in the reference that has it most often), and the
 * lengths of both sides. Integers, so shards add up exactly.
 */

/** Orders of n-grams, 1 to 4. */
export const ORDERS = 4;

export interface BleuCounts {
  /** [4] n-grams of the hypotheses that a reference has. */
  readonly matched: Float64Array;
  /** [4] n-grams of the hypotheses. */
  readonly total: Float64Array;
  /** [2] tokens of the hypotheses, and of the references closest to each in length. */
  readonly lengths: Float64Array;
}

/** One segment, tokenised; at least one reference. */
export interface Segment {
  readonly hypothesis: readonly string[];
  readonly references: readonly (readonly string[])[];
}

/** Counts of no segments. */
export function createBleuCounts(): BleuCounts {
  return {
    matched: new Float64Array(ORDERS),
    total: new Float64Array(ORDERS),
    lengths: new Float64Array(2),
  };
}

/**
 * Adds a segment; of references equally close in length the shorter one counts.
 *
 * @param farthest Length that counts when every reference differs by more than this.
 */
export function countSegment(
  state: BleuCounts,
  { hypothesis, references }: Segment,
  farthest = Infinity,
): void {
  state.lengths[0]! += hypothesis.length;
  state.lengths[1]! += closestLength(hypothesis.length, references, farthest);
  const dictionary = new NgramIds();
  const found = dictionary.count(hypothesis);
  const limits = found.map((counts) => new Uint32Array(counts.length));
  for (const reference of references) {
    const counted = dictionary.count(reference);
    limits.forEach((limit, n) => {
      for (let id = 0; id < limit.length; id++) limit[id] = Math.max(limit[id]!, counted[n]![id]!);
    });
  }
  found.forEach((counts, n) => {
    for (let id = 0; id < counts.length; id++) {
      state.total[n]! += counts[id]!;
      state.matched[n]! += Math.min(counts[id]!, limits[n]![id]!);
    }
  });
}

/** Adds the counts of `from` to `into`. */
export function mergeBleuCounts(into: BleuCounts, from: BleuCounts): void {
  for (let n = 0; n < ORDERS; n++) {
    into.matched[n]! += from.matched[n]!;
    into.total[n]! += from.total[n]!;
  }
  into.lengths[0]! += from.lengths[0]!;
  into.lengths[1]! += from.lengths[1]!;
}

function closestLength(
  length: number,
  references: Segment["references"],
  farthest: number,
): number {
  let closest = farthest;
  let least = farthest;
  for (const { length: candidate } of references) {
    const difference = Math.abs(length - candidate);
    if (difference > least || (difference === least && candidate >= closest)) continue;
    [closest, least] = [candidate, difference];
  }
  return closest;
}

/** An n-gram's key is the id of its beginning and that of its last token: 32 + 21 bits. */
const TOKEN_BITS = 2 ** 21;

/** Numbers the n-grams of a segment, so that counting them takes no strings. */
class NgramIds {
  readonly #tokens = new Map<string, number>();
  readonly #grams = Array.from({ length: ORDERS }, () => new Map<number, number>());

  /** How often each n-gram occurs, by order and id; the arrays also hold ids met before. */
  count(tokens: readonly string[]): Uint32Array[] {
    const ids = tokens.map((token) => idOf(this.#tokens, token));
    let prefixes = ids.map(() => 0);
    return this.#grams.map((grams, n) => {
      prefixes = prefixes.slice(0, Math.max(0, ids.length - n))
        .map((prefix, i) => idOf(grams, prefix * TOKEN_BITS + ids[i + n]!));
      const counts = new Uint32Array(grams.size);
      for (const id of prefixes) counts[id]!++;
      return counts;
    });
  }
}

function idOf<Key>(ids: Map<Key, number>, key: Key): number {
  const found = ids.get(key);
  if (found !== undefined) return found;
  ids.set(key, ids.size);
  return ids.size - 1;
}
