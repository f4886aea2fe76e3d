/** What the twins share: labels with runs as in scenes, .npy files, words. */
import { npyHeader } from "../raw/npy_writer.ts";
import { Random } from "../synth/random.ts";

/** Longest run of equal labels: neighbouring points mostly have one class. */
const LONGEST_RUN = 60;

/** `count` labels of `classes`, in runs. */
export function runsOfLabels(
  random: Random,
  count: number,
  classes: readonly number[],
): Int32Array<ArrayBuffer> {
  const labels = new Int32Array(count);
  for (let at = 0; at < count;) {
    const end = Math.min(count, at + 1 + Math.floor(random.range(0, LONGEST_RUN)));
    labels.fill(classes[Math.floor(random.range(0, classes.length))]!, at, end);
    at = end;
  }
  return labels;
}

/** A prediction that is right on about four of five points. */
export function guesses(
  random: Random,
  truth: Int32Array,
  classes: readonly number[],
): Int32Array<ArrayBuffer> {
  return Int32Array.from(
    truth,
    (label) => random.chance(0.8) ? label : classes[Math.floor(random.range(0, classes.length))]!,
  );
}

/** Whole numbers 0 to `count - 1`. */
export function upTo(count: number): number[] {
  return [...Array(count).keys()];
}

/** Writes a .npy file as NumPy does. */
export function writeNpy(
  path: string,
  data: Uint8Array | Int32Array | Float32Array,
  shape: readonly number[],
): void {
  using file = Deno.createSync(path);
  for (
    const bytes of [
      npyHeader(data, shape),
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    ]
  ) {
    for (let done = 0; done < bytes.length;) done += file.writeSync(bytes.subarray(done));
  }
}

/** Makes a folder and those above it, and returns its path. */
export function folder(...parts: string[]): string {
  const path = parts.join("/");
  Deno.mkdirSync(path, { recursive: true });
  return path;
}

/** Number of a file, five digits. */
export function numbered(i: number): string {
  return String(i).padStart(5, "0");
}

const ONSETS = ["b", "ch", "d", "f", "g", "l", "m", "n", "pr", "r", "s", "st", "t", "v", "w"];
const NUCLEI = ["a", "e", "i", "o", "u", "ea", "ou"];
const ENDINGS = ["", "", "s", "ing", "ed", "ness", "ation", "er", "ly", "n't", "'s"];

/** A word: some are common, as in a language. */
export function word(random: Random): string {
  const syllables = random.chance(0.5) ? 1 : 2;
  const common = random.chance(0.6) ? 4 : ONSETS.length;
  const pick = (from: readonly string[], count = from.length) =>
    from[Math.floor(random.range(0, Math.min(count, from.length)))]!;
  let text = "";
  for (let i = 0; i < syllables; i++) text += pick(ONSETS, common) + pick(NUCLEI);
  return text + pick(ENDINGS);
}

/** Sentences of 8 to 24 words that end in " .", on one line. */
export function sentences(random: Random, count: number): string {
  return upTo(count).map(() => {
    const length = Math.floor(random.range(8, 25));
    return `${upTo(length).map(() => word(random)).join(" ")} .`;
  }).join(" ");
}

/** The line with some words replaced, dropped or added. */
export function retold(random: Random, line: string): string {
  const told = line.split(" ").flatMap((token) => {
    if (token === "." || random.chance(0.75)) return [token];
    if (random.chance(0.5)) return [word(random)];
    return random.chance(0.5) ? [] : [token, word(random)];
  });
  return told.join(" ");
}
