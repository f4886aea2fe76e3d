/**
 * The stemmer of ROUGE-1.5.5.pl: Porter's algorithm of 1980 as its Perl release has it, in which a
 * "y" at the beginning is a consonant and the rules of step 4 for "-ment", "-ent" and "-ion" are
 * tried one after the other. Words are ASCII lower-case letters and digits.
 */

/** A consonant run and a vowel run, as the measure of a stem counts them. */
const C = "[^aeiou][^aeiouy]*";
const V = "[aeiouy][aeiou]*";
/** The measure, the number of vowel-consonant pairs, is above 0, equal to 1, above 1. */
const ABOVE_0 = new RegExp(`^(?:${C})?${V}${C}`);
const EQUAL_1 = new RegExp(`^(?:${C})?${V}${C}(?:${V})?$`);
const ABOVE_1 = new RegExp(`^(?:${C})?${V}${C}${V}${C}`);
const HAS_VOWEL = new RegExp(`^(?:${C})?[aeiouy]`);
/** One syllable that ends in a consonant, vowel, consonant, the last not w, x or y. */
const SHORT = new RegExp(`^${C}[aeiouy][^aeiouwxy]$`);

/** Step 2: suffix to what stands for it after a stem of measure above 0. */
const STEP_2: Readonly<Record<string, string>> = {
  ational: "ate",
  tional: "tion",
  enci: "ence",
  anci: "ance",
  izer: "ize",
  bli: "ble",
  alli: "al",
  entli: "ent",
  eli: "e",
  ousli: "ous",
  ization: "ize",
  ation: "ate",
  ator: "ate",
  alism: "al",
  iveness: "ive",
  fulness: "ful",
  ousness: "ous",
  aliti: "al",
  iviti: "ive",
  biliti: "ble",
  logi: "log",
};
const STEP_3: Readonly<Record<string, string>> = {
  icate: "ic",
  ative: "",
  alize: "al",
  iciti: "ic",
  ical: "ic",
  ful: "",
  ness: "",
};
/** Step 4: suffixes that go after a stem of measure above 1, in three turns. */
const STEP_4 = /(?:al|ance|ence|er|ic|able|ible|ant|ement|ou|ism|ate|iti|ous|ive|ize)$/;

const endingIn = (suffixes: Readonly<Record<string, string>>) =>
  new RegExp(`(?:${Object.keys(suffixes).join("|")})$`);
const STEP_2_SUFFIX = endingIn(STEP_2);
const STEP_3_SUFFIX = endingIn(STEP_3);

/** The stem of `word`; words of one or two letters are their own. */
export function stem(word: string): string {
  if (word.length < 3) return word;
  const startsInY = word.startsWith("y");
  let w = startsInY ? `Y${word.slice(1)}` : word;
  w = step1(w);
  w = replaceSuffix(w, STEP_2_SUFFIX, STEP_2);
  w = replaceSuffix(w, STEP_3_SUFFIX, STEP_3);
  w = step5(step4(w));
  return startsInY ? `y${w.slice(1)}` : w;
}

/** Plurals, -ed, -ing and a final y. */
function step1(word: string): string {
  let w = word;
  if (/(?:ss|i)es$/.test(w)) w = w.slice(0, -2);
  else if (/[^s]s$/.test(w)) w = w.slice(0, -1);
  if (w.endsWith("eed")) {
    if (ABOVE_0.test(w.slice(0, -3))) w = w.slice(0, -1);
  } else {
    const suffix = /(?:ed|ing)$/.exec(w);
    if (suffix !== null && HAS_VOWEL.test(w.slice(0, suffix.index))) {
      w = mended(w.slice(0, suffix.index));
    }
  }
  return w.endsWith("y") && HAS_VOWEL.test(w.slice(0, -1)) ? `${w.slice(0, -1)}i` : w;
}

/** A stem that lost -ed or -ing: "hopp" becomes "hop", "fil" becomes "file". */
function mended(w: string): string {
  if (/(?:at|bl|iz)$/.test(w)) return `${w}e`;
  if (/([^aeiouylsz])\1$/.test(w)) return w.slice(0, -1);
  return SHORT.test(w) ? `${w}e` : w;
}

function replaceSuffix(w: string, suffix: RegExp, by: Readonly<Record<string, string>>): string {
  const found = suffix.exec(w);
  if (found === null) return w;
  const stem = w.slice(0, found.index);
  return ABOVE_0.test(stem) ? stem + by[found[0]]! : w;
}

function step4(word: string): string {
  let w = word;
  const suffix = STEP_4.exec(w);
  if (suffix !== null) w = cut(w, suffix[0].length);
  if (w.endsWith("ment")) w = cut(w, 4);
  if (w.endsWith("ent")) return cut(w, 3);
  return /[st]ion$/.test(w) ? cut(w, 3) : w;
}

/** `w` without its last `length` letters, if the rest is of measure above 1. */
function cut(w: string, length: number): string {
  const stem = w.slice(0, -length);
  return ABOVE_1.test(stem) ? stem : w;
}

/** A final e, and one of two final l. */
function step5(word: string): string {
  let w = word;
  if (w.endsWith("e")) {
    const stem = w.slice(0, -1);
    if (ABOVE_1.test(stem) || (EQUAL_1.test(stem) && !SHORT.test(stem))) w = stem;
  }
  return w.endsWith("ll") && ABOVE_1.test(w) ? w.slice(0, -1) : w;
}
