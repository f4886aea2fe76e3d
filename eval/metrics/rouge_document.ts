/** ROUGE-1, ROUGE-2 and ROUGE-L of one document, each value rounded as ROUGE-1.5.5.pl prints it. */
import type { Sentences } from "./rouge_text.ts";

/** Recall, precision and F of ROUGE-1, ROUGE-2 and ROUGE-L. */
export const VALUES = 9;

/** A table of more cells would take gigabytes; it is 8,000 words against 8,000 without a full stop. */
const MAX_CELLS = 2 ** 26;

/** Two sentences are too long for the table of their common subsequence. */
export class SentenceLengthError extends RangeError {
  override readonly name = "SentenceLengthError";

  constructor(readonly reference: number, readonly hypothesis: number) {
    super(
      `Cannot align ${reference} with ${hypothesis} words: at most ${MAX_CELLS} cells are used`,
    );
  }
}

/** @throws {SentenceLengthError} Two of the sentences are too long. */
export function documentScores(reference: Sentences, hypothesis: Sentences): number[] {
  const ids = new Map<string, number>();
  const numbered = (sentences: Sentences) =>
    sentences.map((tokens) => Uint32Array.from(tokens, (token) => idOf(ids, token)));
  const truth = numbered(reference);
  const guess = numbered(hypothesis);
  const [truthTokens, guessTokens] = [joined(truth), joined(guess)];
  return [
    ...ngramScores(truthTokens, guessTokens, 1),
    ...ngramScores(truthTokens, guessTokens, 2),
    ...scores(
      commonHits(truth, guess, countsOf(truthTokens, ids.size), countsOf(guessTokens, ids.size)),
      truthTokens.length,
      guessTokens.length,
    ),
  ];
}

/** `sprintf("%7.5f")`: `toFixed` but for exact ties, which C rounds to the even digit. */
export function round5(value: number): number {
  // Five decimals have a tie only at odd multiples of 1/64.
  const sixtyFourths = value * 64;
  if (!Number.isInteger(sixtyFourths) || sixtyFourths % 2 === 0) return Number(value.toFixed(5));
  const low = Math.floor(value * 1e5);
  return Number(`${low % 2 === 0 ? low : low + 1}e-5`);
}

function idOf<Key>(ids: Map<Key, number>, key: Key): number {
  const found = ids.get(key);
  if (found !== undefined) return found;
  ids.set(key, ids.size);
  return ids.size - 1;
}

function joined(sentences: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(sentences.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const sentence of sentences) {
    all.set(sentence, at);
    at += sentence.length;
  }
  return all;
}

function countsOf(tokens: Uint32Array, size: number): Uint32Array {
  const counts = new Uint32Array(size);
  for (const token of tokens) counts[token]!++;
  return counts;
}

/** Each n-gram of the reference hits as often as the hypothesis has it. */
function ngramScores(truth: Uint32Array, guess: Uint32Array, n: 1 | 2): number[] {
  const grams = new Map<number, number>();
  const [truthKeys, guessKeys] = [keys(truth, n), keys(guess, n)];
  for (const key of truthKeys) grams.set(key, (grams.get(key) ?? 0) + 1);
  let hits = 0;
  for (const key of guessKeys) {
    const left = grams.get(key) ?? 0;
    if (left === 0) continue;
    hits++;
    grams.set(key, left - 1);
  }
  return scores(hits, truthKeys.length, guessKeys.length);
}

/** A number for each n-gram; token ids have fewer than 26 bits. */
function keys(tokens: Uint32Array, n: 1 | 2): Float64Array {
  if (n === 1) return Float64Array.from(tokens);
  return Float64Array.from(
    { length: Math.max(0, tokens.length - 1) },
    (_, i) => tokens[i]! * 2 ** 26 + tokens[i + 1]!,
  );
}

/** Recall, precision and F; F is computed from the rounded two. */
function scores(hits: number, truth: number, guess: number): number[] {
  const recall = truth === 0 ? 0 : round5(hits / truth);
  const precision = guess === 0 ? 0 : round5(hits / guess);
  const mean = 0.5 * precision + 0.5 * recall;
  return [recall, precision, mean > 0 ? round5(precision * recall / mean) : 0];
}

/**
 * Hits of ROUGE-L: for each sentence of the reference, the words that are in the longest common
 * subsequence with any sentence of the hypothesis; each word of a side hits once.
 */
function commonHits(
  truth: readonly Uint32Array[],
  guess: readonly Uint32Array[],
  truthLeft: Uint32Array,
  guessLeft: Uint32Array,
): number {
  let hits = 0;
  for (const sentence of truth) {
    const marks = new Uint8Array(sentence.length);
    for (const other of guess) markCommon(sentence, other, marks);
    for (let i = 0; i < sentence.length; i++) {
      const token = sentence[i]!;
      if (marks[i] === 0 || truthLeft[token] === 0 || guessLeft[token] === 0) continue;
      hits++;
      truthLeft[token]!--;
      guessLeft[token]!--;
    }
  }
  return hits;
}

/** Grows to the largest table that was needed; lengths are below 2^16 by {@linkcode MAX_CELLS}. */
let table = new Uint16Array(1 << 16);

/** Marks the words of `a` in one longest common subsequence; of equal ways the script's is taken. */
function markCommon(a: Uint32Array, b: Uint32Array, marks: Uint8Array): void {
  const stride = b.length + 1;
  const cells = (a.length + 1) * stride;
  if (cells > MAX_CELLS) throw new SentenceLengthError(a.length, b.length);
  if (a.length === 0 || b.length === 0) return;
  if (cells > table.length) table = new Uint16Array(2 ** Math.ceil(Math.log2(cells)));
  const c = table;
  fillTable(c, a, b);
  let i = a.length;
  let j = b.length;
  while (i > 0 && j > 0) {
    if (a[i - 1] === b[j - 1]) {
      i--;
      j--;
      marks[i] = 1;
    } else if (c[(i - 1) * stride + j]! >= c[i * stride + j - 1]!) i--;
    else j--;
  }
}

/** c[i][j] = length of the longest common subsequence of the first i of `a` and j of `b`. */
function fillTable(c: Uint16Array, a: Uint32Array, b: Uint32Array): void {
  const stride = b.length + 1;
  c.fill(0, 0, stride);
  for (let i = 1; i <= a.length; i++) {
    const token = a[i - 1]!;
    const row = i * stride;
    const above = row - stride;
    let left = 0;
    c[row] = 0;
    for (let j = 1; j <= b.length; j++) {
      if (token === b[j - 1]) left = c[above + j - 1]! + 1;
      else {
        const up = c[above + j]!;
        if (up > left) left = up;
      }
      c[row + j] = left;
    }
  }
}
