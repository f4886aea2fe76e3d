import { writeCoco } from "./coco_scenes.ts";
import type { Twin } from "./twin.ts";

/** COCO's boxes: about seven objects of 80 categories and 52 detections an image. */
export const cocoBboxTwin: Twin = {
  benchmark: "coco-bbox",
  unit: "images",
  official: { size: 5000, seconds: 51.332 },
  write: (out, size, seed) => writeCoco(out, size, { seed, masks: false }),
};
