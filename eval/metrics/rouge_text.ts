/** From a line of text to the sentences of tokens that ROUGE-1.5.5.pl sees through files2rouge. */
import { stem } from "./rouge_stemmer.ts";

/** Tokens by sentence. */
export type Sentences = readonly (readonly string[])[];

/** Gives a token what it is compared by. */
export type Stemmer = (token: string) => string;

/** The script stems no shorter words. */
const MIN_STEMMED = 4;
/** Words that are remembered; a text has fewer, a file of noise does not fill the memory. */
const MAX_REMEMBERED = 1 << 18;

/**
 * A stemmer that remembers what it has stemmed. A word of `exceptions` becomes what stands there,
 * as it is.
 */
export function rememberingStemmer(exceptions: ReadonlyMap<string, string> = new Map()): Stemmer {
  const known = new Map<string, string>();
  return (token) => {
    if (token.length < MIN_STEMMED) return token;
    const found = known.get(token);
    if (found !== undefined) return found;
    const stemmed = exceptions.get(token) ?? stem(token);
    if (known.size < MAX_REMEMBERED) known.set(token, stemmed);
    return stemmed;
  };
}

/**
 * The sentences of a document: the text between " ."s, up to a "<" (they pass through HTML), as
 * runs of ASCII letters and digits. Everything else separates, letters beyond ASCII too.
 */
export function sentencesOf(document: string, stemmer: Stemmer): Sentences {
  return document.split(" .").map((sentence) => {
    const cut = sentence.indexOf("<");
    const text = cut < 0 ? sentence : sentence.slice(0, cut);
    return (text.match(/[A-Za-z0-9]+/g) ?? []).map((token) => stemmer(token.toLowerCase()));
  });
}
