/**
 * Perplexity of a language model from the log-probabilities of its tokens, as fairseq-eval-lm adds
 * them up: infinite scores are dropped and not counted, the sum over sentences is a float32 number.
 */
import type { Metric } from "./metric.ts";
import { torchSum } from "./torch_sum.ts";

/** One sentence. */
export interface PerplexitySample {
  /** Position of the sentence: the float32 sum depends on the order. */
  readonly index: number;
  /** Natural logarithm of the probability of each token. */
  readonly scores: Float64Array;
}

export interface PerplexityState {
  /** Sums of the scores of each sentence, in float32 and in double precision. */
  readonly sentences: {
    readonly index: number;
    readonly single: number;
    readonly double: number;
  }[];
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

const f = Math.fround;

export const perplexity: Metric<void, PerplexitySample, PerplexityState, PerplexityResult> = {
  name: "perplexity",
  version: 2,
  reference: "pytorch/fairseq 148327d fairseq_cli/eval_lm.py",
  create: () => ({ sentences: [], tokens: new Float64Array(2) }),

  update({ sentences, tokens }, { index, scores }) {
    const counted = scores.filter((score) => Math.abs(score) !== Infinity);
    tokens[0]! += counted.length;
    tokens[1]! += scores.length - counted.length;
    const double = counted.reduce((sum, score) => sum + score, 0);
    sentences.push({ index, single: torchSum(Float32Array.from(counted)), double });
  },

  merge(into, from) {
    for (const sentence of from.sentences) into.sentences.push(sentence);
    into.tokens[0]! += from.tokens[0]!;
    into.tokens[1]! += from.tokens[1]!;
  },

  compute({ sentences, tokens }) {
    const count = tokens[0]!;
    const inOrder = sentences.toSorted((a, b) => a.index - b.index);
    const single = inOrder.reduce((total, sum) => f(total + sum.single), 0);
    const double = inOrder.reduce((total, sum) => total + sum.double, 0);
    // A float32 tensor divided by Python numbers stays one, and so do the numbers.
    const loss = f(f(-single / f(count)) / f(Math.LN2));
    const exactLoss = -double / count / Math.LN2;
    return {
      loss,
      perplexity: f(2 ** loss),
      exactLoss,
      exactPerplexity: 2 ** exactLoss,
    };
  },
};
