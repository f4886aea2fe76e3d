import { assertEquals } from "@std/assert";
import { addTerm, createOrderedTerms, mergeTerms, sumTerms } from "./ordered_sums.ts";

/** Terms [sample, slot, value] whose sum depends on the order of addition. */
const TERMS = [[0, 0, 1e16], [0, 1, 1], [1, 0, 1], [1, 0, 1], [2, 0, -1e16], [3, 1, 0.1]] as const;

function termsOf(samples: readonly number[]) {
  const terms = createOrderedTerms();
  for (const sample of samples) {
    for (const [of, slot, value] of TERMS) if (of === sample) addTerm(terms, of, slot, value);
  }
  return terms;
}

Deno.test("sumTerms() adds in the order of the samples, whoever had them", () => {
  const expected = Float64Array.of(1e16 + 1 + 1 - 1e16, 1 + 0.1, 0);
  assertEquals(sumTerms(termsOf([0, 1, 2, 3]), 3), expected);
  for (const [mine, others] of [[[2, 0], [3, 1]], [[3], [2, 1, 0]], [[], [1, 3, 0, 2]]] as const) {
    const terms = termsOf(mine);
    mergeTerms(terms, termsOf(others));
    assertEquals(sumTerms(terms, 3), expected);
  }
});
