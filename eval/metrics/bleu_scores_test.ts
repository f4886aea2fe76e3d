import { assertAlmostEquals, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { countSegment, createBleuCounts, mergeBleuCounts } from "./bleu_counts.ts";
import { fairseqBleu, multiBleu, sacreBleu } from "./bleu_scores.ts";

function counted(...segments: (readonly [string, ...string[]])[]) {
  const state = createBleuCounts();
  for (const [hypothesis, ...references] of segments) {
    countSegment(state, {
      hypothesis: hypothesis.split(" "),
      references: references.map((reference) => reference.split(" ")),
    });
  }
  return state;
}

Deno.test("countSegment() clips by the reference that has an n-gram most often", () => {
  // The example of Papineni et al., 2002: "the" is there twice in the first reference.
  const { matched, total, lengths } = counted([
    "the the the the the the the",
    "the cat is on the mat",
    "there is a cat on the mat",
  ]);
  assertEquals([...matched], [2, 0, 0, 0]);
  assertEquals([...total], [7, 6, 5, 4]);
  assertEquals([...lengths], [7, 7]);
});

Deno.test("countSegment() takes the shorter of two references that are equally close", () => {
  assertEquals([...counted(["a b c d e", "a b c d e f", "a b c d"]).lengths], [5, 4]);
});

Deno.test("the three scores are 100 e^-1/4 for a part of the reference that lacks a fifth", () => {
  const counts = counted(["a b c d", "a b c d e"]);
  const expected = 100 * Math.exp(-0.25);
  assertAlmostEquals(multiBleu(counts).bleu, expected, 1e-12);
  assertAlmostEquals(fairseqBleu(counts).bleu, expected, 1e-12);
  const exp = { smoothing: "exp", effectiveOrder: false } as const;
  assertAlmostEquals(sacreBleu(counts, exp).bleu, expected, 1e-12);
});

Deno.test("only sacreBLEU scores an order without a match above 0", () => {
  const counts = counted(["a b x y", "a b c d"]);
  assertStrictEquals(multiBleu(counts).bleu, 0);
  assertStrictEquals(fairseqBleu(counts).bleu, 0);
  // 2 of 4, 1 of 3, then 1/2 of 2 and 1/4 of 1.
  const { bleu, precisions } = sacreBleu(counts, { smoothing: "exp", effectiveOrder: false });
  assertEquals([...precisions], [50, 100 / 3, 25, 25]);
  assertAlmostEquals(bleu, (50 * 100 / 3 * 25 * 25) ** 0.25, 1e-12);
});

Deno.test("multi-bleu and fairseq have no score without a token", () => {
  assertThrows(() => multiBleu(createBleuCounts()), RangeError, "the hypothesis has no token");
});

Deno.test("merged counts are those of all segments", () => {
  const segments = [["a b c", "a b d"], ["x y z w", "x y", "z w x"]] as const;
  const into = counted(segments[0]);
  mergeBleuCounts(into, counted(segments[1]));
  assertEquals(into, counted(...segments));
});
