/**
 * Perplexity of a language model from the log-probabilities of its tokens, as fairseq-eval-lm adds
 * them up: infinite scores are dropped and not counted, the sum over sentences is a float32 number.
 */
import type { Metric } from "./metric.ts";

/** One sentence. */
export interface PerplexitySample {
  /** Position of the sentence: the float32 sum depends on the order. */
  readonly index: number;
  /** Natural logarithm of the probability of each token. */
  readonly scores: Float64Array;
}

export interface PerplexityState {
  readonly sentences: { readonly index: number; readonly sum: number }[];
  /** [2] tokens that were counted, and those that were dropped. */
  readonly tokens: Float64Array;
}

export interface PerplexityResult {
  /** Bits a token, by float32 sums. */
  readonly loss: number;
  readonly perplexity: number;
  /** The same by sums of double precision. */
  readonly exactLoss: number;
  readonly exactPerplexity: number;
}

export const perplexity: Metric<void, PerplexitySample, PerplexityState, PerplexityResult> = {
  name: "perplexity",
  version: 1,
  reference: "pytorch/fairseq 148327d fairseq_cli/eval_lm.py",
  create: () => ({ sentences: [], tokens: new Float64Array(2) }),

  update({ sentences, tokens }, { index, scores }) {
    let sum = 0;
    for (const score of scores) {
      if (Math.abs(score) === Infinity) tokens[1]!++;
      else {
        sum += score;
        tokens[0]!++;
      }
    }
    sentences.push({ index, sum });
  },

  merge(into, from) {
    for (const sentence of from.sentences) into.sentences.push(sentence);
    into.tokens[0]! += from.tokens[0]!;
    into.tokens[1]! += from.tokens[1]!;
  },

  compute({ sentences, tokens }) {
    const count = tokens[0]!;
    const sums = sentences.toSorted((a, b) => a.index - b.index).map(({ sum }) => sum);
    const single = sums.reduce((total, sum) => Math.fround(total + Math.fround(sum)), 0);
    const double = sums.reduce((total, sum) => total + sum, 0);
    // A float32 tensor divided by Python numbers stays one.
    const loss = Math.fround(Math.fround(-single / count) / Math.LN2);
    const exactLoss = -double / count / Math.LN2;
    return {
      loss,
      perplexity: Math.fround(2 ** loss),
      exactLoss,
      exactPerplexity: 2 ** exactLoss,
    };
  },
};
