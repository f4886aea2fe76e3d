import { Random } from "../synth/random.ts";
import { folder, guesses, runsOfLabels, upTo, writeNpy } from "./raw_files.ts";
import type { Twin } from "./twin.ts";

/** Points of a shape. */
const POINTS = 10_000;
/** Classes of a level, the unlabelled one among them. */
const classes = upTo(12);

/** Shapes of one PartNet category, in one file a side: uint8 labels (shapes, points). */
export const partnetTwin: Twin = {
  benchmark: "partnet",
  unit: "shapes",
  official: undefined,
  write(out, size, seed) {
    const random = new Random(seed);
    const truth = runsOfLabels(random, size * POINTS, classes);
    const predicted = guesses(random, truth, classes);
    const [gt, pred] = [folder(out, "gt"), folder(out, "pred")];
    writeNpy(`${gt}/Chair-1.npy`, Uint8Array.from(truth), [size, POINTS]);
    writeNpy(`${pred}/Chair-1.npy`, Uint8Array.from(predicted), [size, POINTS]);
    const counts = { shapes: size, points: size * POINTS };
    return Promise.resolve({ gt, pred, args: [], counts });
  },
};
