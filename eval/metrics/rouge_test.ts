import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { rouge } from "./rouge.ts";
import { documentScores, round5, SentenceLengthError } from "./rouge_document.ts";
import { stem } from "./rouge_stemmer.ts";
import { rememberingStemmer, sentencesOf } from "./rouge_text.ts";

const words = (text: string) => sentencesOf(text, (token) => token);

Deno.test("round5() rounds exact ties to the even digit, as C does", () => {
  assertEquals([1 / 64, 3 / 64, 2 / 3, 0, 1].map(round5), [0.01562, 0.04688, 0.66667, 0, 1]);
});

Deno.test("stem() follows ROUGE-1.5.5.pl, whose rules of step 4 come one after the other", () => {
  // Printed by the script's own function under perl 5.36.
  const stems = {
    caresses: "caress",
    ponies: "poni",
    agreed: "agre",
    hopping: "hop",
    filing: "file",
    happy: "happi",
    relational: "relat",
    generalizations: "gener",
    oscillators: "oscil",
    adjustment: "adjust",
    replacement: "replac",
    dependent: "depend",
    adoption: "adopt",
    controlling: "control",
    yes: "ye",
  };
  assertEquals(Object.keys(stems).map(stem), Object.values(stems));
});

Deno.test("sentencesOf() keeps ASCII words up to a '<', and stems words of four letters on", () => {
  assertEquals(words("Café mid-1990s <b> x . U.S. 東京 ."), [
    ["caf", "mid", "1990s"],
    ["u", "s"],
    [],
  ]);
  const stemmer = rememberingStemmer(new Map([["mice", "mouse"]]));
  assertEquals(sentencesOf("mice uses was", stemmer), [["mouse", "us", "was"]]);
});

Deno.test("documentScores() takes n-grams over sentences and the union of subsequences", () => {
  const [r1, p1, f1, r2, , , rl, pl, fl] = documentScores(words("a b . c d"), words("c . a x b d"));
  assertEquals([r1, p1, f1, r2], [1, 0.8, 0.88889, 0]);
  assertEquals([rl, pl, fl], [1, 0.8, 0.88889]);
});

Deno.test("documentScores() is 0 where a side has no word, and refuses endless sentences", () => {
  assertEquals(documentScores(words("!"), words("a b")), new Array(9).fill(0));
  const long = [Array.from({ length: 9000 }, (_, i) => `w${i}`)];
  assertThrows(() => documentScores(long, long), SentenceLengthError);
});

Deno.test("rouge of merged shards equals that of the whole, in either order", () => {
  const score = (lines: readonly number[]) => {
    const state = rouge.create();
    for (const line of lines) {
      const text = `a b c w${line} .`;
      rouge.update(state, {
        line,
        reference: words(text),
        hypothesis: words(`a c v${line % 3} .`),
      });
    }
    return state;
  };
  const whole = rouge.compute(score([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]));
  const merged = score([11, 3, 4, 10]);
  rouge.merge(merged, score([9, 8, 7, 6, 5, 2, 1, 0]));
  assertEquals(rouge.compute(merged), whole);
  assertStrictEquals(whole.length, 9);
});
