import { Random } from "../synth/random.ts";
import type { Twin } from "./twin.ts";

/** Token scores of sentences: raw float32 natural logarithms, and the lengths as text. */
export const perplexityTwin: Twin = {
  benchmark: "perplexity",
  unit: "sentences",
  official: undefined,
  async write(out, size, seed) {
    const random = new Random(seed);
    const lengths = Array.from({ length: size }, () => Math.floor(random.range(3, 60)));
    const tokens = lengths.reduce((a, b) => a + b, 0);
    const scores = Float32Array.from({ length: tokens }, () => Math.log(1 - random.next()) * 3);
    await Deno.writeTextFile(`${out}/lengths.txt`, lengths.map((n) => `${n}\n`).join(""));
    await Deno.writeFile(`${out}/pos_scores.f32`, new Uint8Array(scores.buffer));
    return {
      gt: `${out}/lengths.txt`,
      pred: `${out}/pos_scores.f32`,
      args: [],
      counts: { sentences: size, tokens },
    };
  },
};
