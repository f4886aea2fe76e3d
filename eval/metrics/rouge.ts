/**
 * ROUGE-1, ROUGE-2 and ROUGE-L as files2rouge prints them. What is printed as the average is not
 * the mean of the documents but that of 1000 bootstrap samples, whose seeds and random numbers are
 * Perl's; so it depends on the order in which the documents come to the script.
 */
import type { Metric } from "./metric.ts";
import { documentScores, round5, VALUES } from "./rouge_document.ts";
import type { Sentences } from "./rouge_text.ts";

/** One document. */
export interface RougeSample {
  /** Number of its line, from 0: files2rouge names its files by it. */
  readonly line: number;
  readonly reference: Sentences;
  readonly hypothesis: Sentences;
}

/** Values of the documents so far, in any order. */
export interface RougeState {
  readonly lines: number[];
  /** {@linkcode VALUES} a document. */
  readonly values: number[];
}

/** An average and its 95 % confidence interval. */
export interface Interval {
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

/** Samples of the bootstrap (-r 1000). */
const RESAMPLES = 1000;
/** Sorted samples that bound 95 % of them (-c 95). */
const LOW = 25;
const HIGH = 974;

export const rouge: Metric<void, RougeSample, RougeState, readonly Interval[]> = {
  name: "rouge",
  version: 1,
  reference: "pltrdy/files2rouge d3d09c8 with ROUGE-1.5.5.pl -c 95 -r 1000 -n 2 -a -m",
  create: () => ({ lines: [], values: [] }),

  update({ lines, values }, { line, reference, hypothesis }) {
    values.push(...documentScores(reference, hypothesis));
    lines.push(line);
  },

  merge(into, from) {
    for (const line of from.lines) into.lines.push(line);
    for (const value of from.values) into.values.push(value);
  },

  /** Recall, precision and F of ROUGE-1, then of ROUGE-2, then of ROUGE-L. */
  compute: ({ lines, values }) => bootstrap(inScriptOrder(lines, values), lines.length),
};

/**
 * The values in the order of the script: files are numbered from 1 in the order of their names
 * ("s.10.txt" before "s.2.txt"), and the numbers are sorted as text once more.
 */
function inScriptOrder(lines: readonly number[], values: readonly number[]): Float64Array {
  const byName = lines.map((line, at) => ({ name: `s.${line}.txt`, at })).sort(byText);
  const byNumber = byName.map(({ at }, i) => ({ name: `${i + 1}.1`, at })).sort(byText);
  const ordered = new Float64Array(values.length);
  byNumber.forEach(({ at }, i) => {
    for (let k = 0; k < VALUES; k++) ordered[i * VALUES + k] = values[at * VALUES + k]!;
  });
  return ordered;
}

function byText(a: { readonly name: string }, b: { readonly name: string }): number {
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}

function bootstrap(values: Float64Array, documents: number): Interval[] {
  const means = Array.from({ length: VALUES }, () => new Float64Array(RESAMPLES));
  const random = new PerlRandom();
  for (let seed = 0; seed < RESAMPLES; seed++) {
    random.seed(seed);
    const sums = new Float64Array(VALUES);
    for (let draw = 0; draw < documents; draw++) {
      const at = random.below(documents) * VALUES;
      for (let k = 0; k < VALUES; k++) sums[k]! += values[at + k]!;
    }
    for (let k = 0; k < VALUES; k++) means[k]![seed] = documents === 0 ? 0 : sums[k]! / documents;
  }
  return means.map((samples) => {
    samples.sort();
    const sum = samples.reduce((a, b) => a + b, 0);
    return {
      value: round5(sum / RESAMPLES),
      low: round5(samples[LOW]!),
      high: round5(samples[HIGH]!),
    };
  });
}

const HALF = 2 ** 24;
/** Multiplier of drand48, 0x5DEECE66D, in halves of 24 bits, and its increment. */
const A_HIGH = 0x5de;
const A_LOW = 0xece66d;
const INCREMENT = 0xb;

/** Perl's `srand` and `rand`: drand48, 48 bits, in two halves that products of stay exact. */
class PerlRandom {
  #high = 0;
  #low = 0;

  /** `srand(seed)`, 0 <= seed < 2^32. */
  seed(seed: number): void {
    this.#high = Math.floor(seed / 256);
    this.#low = (seed % 256) * 65536 + 0x330e;
  }

  /** `int(rand(limit))`. */
  below(limit: number): number {
    const product = this.#low * A_LOW + INCREMENT;
    const carry = Math.floor(product / HALF);
    const high = carry + this.#high * A_LOW + this.#low * A_HIGH;
    this.#low = product - carry * HALF;
    this.#high = high - Math.floor(high / HALF) * HALF;
    return Math.floor(limit * ((this.#high * HALF + this.#low) / 2 ** 48));
  }
}
