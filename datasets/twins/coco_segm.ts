import { writeCoco } from "./coco_scenes.ts";
import type { Twin } from "./twin.ts";

/** COCO's masks: polygons and crowds as ground truth, run-length masks as results. */
export const cocoSegmTwin: Twin = {
  benchmark: "coco-segm",
  unit: "images",
  official: undefined,
  write: (out, size, seed) => writeCoco(out, size, { seed, masks: true }),
};
