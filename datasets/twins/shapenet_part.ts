import { SHAPENET_PART } from "../published/shapenet_part.ts";
import { Random } from "../synth/random.ts";
import { folder, guesses, numbered, runsOfLabels, upTo, writeNpy } from "./raw_files.ts";
import type { Twin } from "./twin.ts";

/** Points of a shape, as PointNet++ samples them. */
const POINTS = 2048;

/** Shapes of ShapeNet-Part, a .npy file of part ids each: the size of its test split. */
export const shapenetPartTwin: Twin = {
  benchmark: "shapenet-part",
  unit: "shapes",
  official: { size: 2874, seconds: 4.202 },
  write(out, size, seed) {
    const random = new Random(seed);
    const [gt, pred] = [folder(out, "gt"), folder(out, "pred")];
    for (let i = 0; i < size; i++) {
      const { first, parts } = SHAPENET_PART.categories[i % SHAPENET_PART.categories.length]!;
      const classes = upTo(parts).map((part) => first + part);
      const truth = runsOfLabels(random, POINTS, classes);
      writeNpy(`${gt}/${numbered(i)}.npy`, truth, [POINTS]);
      writeNpy(`${pred}/${numbered(i)}.npy`, guesses(random, truth, classes), [POINTS]);
    }
    return Promise.resolve({
      gt,
      pred,
      args: [],
      counts: { shapes: size, points: size * POINTS },
    });
  },
};
