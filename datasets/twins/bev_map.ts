import { Random } from "../synth/random.ts";
import { folder, numbered, writeNpy } from "./raw_files.ts";
import type { Twin } from "./twin.ts";

/** BEVFusion's maps: classes, cells of half a metre on a side. */
const [CLASSES, SIDE] = [6, 200];
const CELLS = CLASSES * SIDE * SIDE;

/** Map masks (uint8) and scores (float32) of samples, a .npy file each. */
export const bevMapTwin: Twin = {
  benchmark: "bev-map",
  unit: "samples",
  official: { size: 100, seconds: 7.307 },
  write(out, size, seed) {
    const random = new Random(seed);
    const [gt, pred] = [folder(out, "gt"), folder(out, "pred")];
    for (let i = 0; i < size; i++) {
      const masks = Uint8Array.from({ length: CELLS }, () => random.chance(0.3) ? 1 : 0);
      const scores = Float32Array.from(masks, (mask) => 0.7 * random.next() + 0.3 * mask);
      writeNpy(`${gt}/${numbered(i)}.npy`, masks, [CLASSES, SIDE, SIDE]);
      writeNpy(`${pred}/${numbered(i)}.npy`, scores, [CLASSES, SIDE, SIDE]);
    }
    const counts = { samples: size, cells: size * CELLS };
    return Promise.resolve({ gt, pred, args: [], counts });
  },
};
