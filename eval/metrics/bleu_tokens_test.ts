import { assertEquals } from "@std/assert";
import { sacreTokens, splitCompounds } from "./bleu_tokens.ts";

// Outputs of sacrebleu 2.6.0 with regex 2026.5.9, Python 3.11.
Deno.test("sacreTokens() cuts as sacreBLEU's tokenisers do", () => {
  const tokens = (text: string, tokenizer: Parameters<typeof sacreTokens>[1]) =>
    sacreTokens(text, tokenizer).join(" ");
  assertEquals(tokens("&amp;lt;a-b 3-4<skipped>", "13a"), "< a-b 3 - 4");
  assertEquals(tokens("U.S. 1,000.", "13a"), "U . S . 1,000 .");
  assertEquals(tokens("U.S. 1,000.", "intl"), "U . S . 1,000.");
  assertEquals(tokens("²,3 5.", "13a"), "² , 3 5 .");
  assertEquals(tokens("²,3 5.", "intl"), "²,3 5.");
});

Deno.test("the tokeniser zh parts Chinese, most punctuation beyond Latin, no ideograph of 17 bits", () => {
  const tokens = (text: string) => sacreTokens(text, "zh").join(" ");
  assertEquals(tokens("中文，标点。3.5%"), "中 文 ， 标 点 。 3.5 %");
  assertEquals(tokens("a“b”—€5 \u{20000}x"), "a “ b ” — € 5 \u{20000}x");
  // No blanks are put around the line first, so what stands at its ends is kept.
  assertEquals(tokens("x1."), "x1.");
});

// Outputs of the Perl line.
Deno.test("splitCompounds() sees bytes: a letter of two of them ends one match and begins another", () => {
  assertEquals(
    splitCompounds("a-ß-c aa-bb-cc a-b-c - -x x-"),
    "a ##AT##-##AT## ß ##AT##-##AT## c aa ##AT##-##AT## bb ##AT##-##AT## cc " +
      "a ##AT##-##AT## b-c - -x x-",
  );
});
