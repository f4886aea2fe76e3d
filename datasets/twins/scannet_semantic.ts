import { Random } from "../synth/random.ts";
import { folder, guesses, runsOfLabels } from "./raw_files.ts";
import type { Twin } from "./twin.ts";

/** Vertices of a scene. */
const VERTICES = 150_000;
/** The NYU40 ids of the benchmark, and 0 for unlabelled. */
const IDS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 24, 28, 33, 34, 36, 39];

/** Scenes of ScanNet: a text file a side with a label for each vertex. */
export const scannetSemanticTwin: Twin = {
  benchmark: "scannet-semantic",
  unit: "scenes",
  official: undefined,
  write(out, size, seed) {
    const random = new Random(seed);
    const [gt, pred] = [folder(out, "gt"), folder(out, "pred")];
    for (let i = 0; i < size; i++) {
      const name = `scene${String(i).padStart(4, "0")}_00.txt`;
      const truth = runsOfLabels(random, VERTICES, IDS);
      Deno.writeTextFileSync(`${gt}/${name}`, `${truth.join("\n")}\n`);
      const predicted = guesses(random, truth, IDS.slice(1));
      Deno.writeTextFileSync(`${pred}/${name}`, `${predicted.join("\n")}\n`);
    }
    const counts = { scenes: size, vertices: size * VERTICES };
    return Promise.resolve({ gt, pred, args: [], counts });
  },
};
