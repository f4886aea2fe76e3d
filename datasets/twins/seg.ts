import { Random } from "../synth/random.ts";
import { folder, guesses, numbered, runsOfLabels, upTo, writeNpy } from "./raw_files.ts";
import type { Twin } from "./twin.ts";

/** Points of a scene. */
const POINTS = 120_000;
const classes = upTo(20);

/** Scenes of 20 classes, a .npy file of int32 labels each. */
export const segTwin: Twin = {
  benchmark: "seg",
  unit: "scenes",
  official: undefined,
  write(out, size, seed) {
    const random = new Random(seed);
    const [gt, pred] = [folder(out, "gt"), folder(out, "pred")];
    for (let i = 0; i < size; i++) {
      const truth = runsOfLabels(random, POINTS, classes);
      writeNpy(`${gt}/${numbered(i)}.npy`, truth, [POINTS]);
      writeNpy(`${pred}/${numbered(i)}.npy`, guesses(random, truth, classes), [POINTS]);
    }
    return Promise.resolve({
      gt,
      pred,
      args: ["--classes", "20"],
      counts: { scenes: size, points: size * POINTS },
    });
  },
};
