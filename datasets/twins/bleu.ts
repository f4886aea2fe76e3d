import { writeTextPairs } from "./text_pairs.ts";
import type { Twin } from "./twin.ts";

/** Tokenised text, a segment a line: the size of WMT newstest 2014 En-De and En-Fr. */
export const bleuTwin: Twin = {
  benchmark: "bleu",
  unit: "segments",
  official: { size: 3003, seconds: 0.342 },
  write: (out, size, seed) => writeTextPairs(out, { size, seed, perLine: 1, unit: "segments" }),
};
