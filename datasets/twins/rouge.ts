import { writeTextPairs } from "./text_pairs.ts";
import type { Twin } from "./twin.ts";

/** Summaries of four sentences, a document a line. */
export const rougeTwin: Twin = {
  benchmark: "rouge",
  unit: "documents",
  official: { size: 1000, seconds: 13.328 },
  write: (out, size, seed) => writeTextPairs(out, { size, seed, perLine: 4, unit: "documents" }),
};
