/** How the BLEU tools cut a line into tokens. */
import { splitPython, trimEndPython, trimPython } from "./python_text.ts";

/** What Perl's `split ' '` takes for white space in bytes. */
const ASCII_SPACE = /[ \t\n\v\f\r]+/;

/** Tokens of a line of bytes between ASCII white space. */
export function splitPerl(line: string): string[] {
  return line.split(ASCII_SPACE).filter((token) => token !== "");
}

/** Lowercases ASCII letters only, as Perl's `lc` does in bytes. */
export function lowerAscii(line: string): string {
  return line.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

/**
 * A dash between two bytes that are no ASCII white space, the later of which is part of the match.
 * Of a character of several bytes that is the first one alone, so the character stays free.
 */
const COMPOUND = /([^ \t-\r])-([^ \t-\r\x80-\uffff]|(?=[\x80-\uffff]))/g;

/**
 * `perl -ple 's{(\S)-(\S)}{$1 ##AT##-##AT## $2}g'`: the compound split of the WMT En-De scores. It
 * sees bytes, and matches do not overlap: "a-b-c" is split once, "a-ß-c" twice.
 */
export function splitCompounds(line: string): string {
  return line.replaceAll(COMPOUND, "$1 ##AT##-##AT## $2");
}

/** Symbols of fairseq's dictionary that may occur as words. */
const PAD = "<pad>";
const END = "</s>";
const UNKNOWN = "<unk>";

/**
 * Tokens as fairseq's scorer sees them: an end of sentence is appended, then trailing ends and pads
 * are cut while more than one token is left, so that an empty line is one token. An unknown word of
 * a reference matches nothing.
 */
export function fairseqTokens(line: string, side: "hypothesis" | "reference"): string[] {
  const tokens = [...splitPython(line), END];
  const start = tokens.findIndex((token) => token !== PAD);
  let end = tokens.length;
  while (end - start > 1 && (tokens[end - 1] === END || tokens[end - 1] === PAD)) end--;
  const kept = tokens.slice(start, end);
  // No token holds a space, so this one is equal to none of the other side.
  return side === "hypothesis" ? kept : kept.map((token) => token === UNKNOWN ? " " : token);
}

/** Tokenisers of sacreBLEU by name. */
export type SacreTokenizer = "13a" | "none" | "intl" | "zh" | "char";

/** Tokens as sacreBLEU 2.6.0 has them. */
export function sacreTokens(line: string, tokenizer: SacreTokenizer): string[] {
  return splitPython(SACRE[tokenizer](line));
}

const SACRE: Readonly<Record<SacreTokenizer, (line: string) => string>> = {
  "13a": tokenize13a,
  none: (line) => line,
  intl: (line) =>
    trimEndPython(line)
      .replaceAll(/(\P{N})(\p{P})/gu, "$1 $2 ")
      .replaceAll(/(\p{P})(\P{N})/gu, " $1 $2")
      .replaceAll(/\p{S}/gu, " $& "),
  zh: (line) => tokenizeWestern(trimPython(line).replaceAll(CHINESE, " $& ")),
  char: (line) => [...line].join(" "),
};

/**
 * What the tokeniser `zh` takes for Chinese. Two of its ranges are written with an escape of four
 * digits where five are meant, so that most characters from U+2001 to U+2A6D are among them (dashes,
 * quotation marks, the euro sign) and no ideograph beyond U+FFFF is.
 */
const CHINESE = new RegExp(
  "[\u2001-\u2a6d\u2e80-\u2fdf\u2ff0-\u303f\u3100-\u312f\u31a0-\u31ef\u3200-\u4db5\u4e00-\u9fbb" +
    "\uf900-\ufa2d\ufa30-\ufa6a\ufa70-\ufad9\ufe10-\ufe1f\ufe30-\ufe4f\uff00-\uffef]",
  "gu",
);

/** The tokeniser of NIST's mteval-v13a.pl. */
function tokenize13a(line: string): string {
  // The regular expressions see the end of the line, so what stands there matters.
  let text = trimEndPython(line).replaceAll("<skipped>", "");
  if (text.includes("&")) {
    text = text.replaceAll("&quot;", '"').replaceAll("&amp;", "&")
      .replaceAll("&lt;", "<").replaceAll("&gt;", ">");
  }
  return tokenizeWestern(` ${text} `);
}

/** The part of it that sets punctuation apart. */
function tokenizeWestern(text: string): string {
  return text
    .replaceAll(/[{-~[-` -&(-+:-@/]/gu, " $& ")
    .replaceAll(/([^0-9])([.,])/gu, "$1 $2 ")
    .replaceAll(/([.,])([^0-9])/gu, " $1 $2")
    .replaceAll(/([0-9])(-)/gu, "$1 $2 ");
}
