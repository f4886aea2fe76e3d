/** Raw twin of translated text: two files of a sentence a line. */
import { Random } from "../synth/random.ts";
import { retold, sentences } from "../twins/raw_files.ts";
import { put, type RawTwin } from "./raw_twin.ts";

/** The twin's lines. */
export function simulatedPairs(seed: number, count: number): [source: string, target: string][] {
  const random = new Random(seed, 15);
  return Array.from({ length: count }, () => {
    const source = sentences(random, 1);
    return [source, retold(random, source)];
  });
}

export const textPairsTwin: RawTwin = {
  unit: "pairs",
  async write(out, count, seed, tick) {
    const pairs = simulatedPairs(seed, count);
    for (const [k, language] of ["de", "en"].entries()) {
      await put(`${out}/train.${language}`, pairs.map((pair) => `${pair[k]}\n`).join(""));
    }
    pairs.forEach(tick);
  },
};
