/**
 * Floating-point sums that must not depend on how samples were shared out: the terms are kept with
 * the index of their sample, and added in that order at the end, as one thread would have.
 */

/** Terms of several sums; term j belongs to sample `samples[j]` and to sum `slots[j]`. */
export interface OrderedTerms {
  readonly samples: number[];
  readonly slots: number[];
  readonly values: number[];
}

/** No terms. */
export function createOrderedTerms(): OrderedTerms {
  return { samples: [], slots: [], values: [] };
}

/** Adds a term. Terms of one sample keep the order in which they are added. */
export function addTerm(terms: OrderedTerms, sample: number, slot: number, value: number): void {
  terms.samples.push(sample);
  terms.slots.push(slot);
  terms.values.push(value);
}

/** Adds the terms of `from`, which has no sample in common with `into`. */
export function mergeTerms(into: OrderedTerms, from: OrderedTerms): void {
  for (let j = 0; j < from.values.length; j++) {
    addTerm(into, from.samples[j]!, from.slots[j]!, from.values[j]!);
  }
}

/** The sums, [slots], each added up from 0 in the order of the samples. */
export function sumTerms({ samples, slots, values }: OrderedTerms, count: number): Float64Array {
  const sums = new Float64Array(count);
  const order = Uint32Array.from(samples.keys()).sort((a, b) => samples[a]! - samples[b]! || a - b);
  for (const j of order) sums[slots[j]!]! += values[j]!;
  return sums;
}
