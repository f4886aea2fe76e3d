import { Random } from "../synth/random.ts";
import { folder, guesses, runsOfLabels, upTo, writeNpy } from "./raw_files.ts";
import type { Twin } from "./twin.ts";

/** Points of a room of Area 5, on average. */
const POINTS = 1_100_000;
const classes = upTo(13);

/** Rooms of S3DIS Area 5 as PVCNN keeps them: `label.npy` and `pred.npy` in the room's folder. */
export const s3disTwin: Twin = {
  benchmark: "s3dis",
  unit: "rooms",
  official: undefined,
  write(out, size, seed) {
    const random = new Random(seed);
    for (let i = 0; i < size; i++) {
      const room = folder(out, "Area_5", `room_${i}`);
      const truth = runsOfLabels(random, POINTS, classes);
      writeNpy(`${room}/label.npy`, truth, [POINTS]);
      writeNpy(`${room}/pred.npy`, guesses(random, truth, classes), [POINTS]);
    }
    return Promise.resolve({
      gt: out,
      pred: out,
      args: [],
      counts: { rooms: size, points: size * POINTS },
    });
  },
};
