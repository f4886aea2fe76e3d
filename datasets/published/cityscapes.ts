import { CITYSCAPES_LABELS } from "../cityscapes.ts";
import type { Published, Rgb } from "./published.ts";

/** By id, 0 to 33. */
// deno-fmt-ignore
const COLOURS: readonly Rgb[] = [
  [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [111, 74, 0], [81, 0, 81],
  [128, 64, 128], [244, 35, 232], [250, 170, 160], [230, 150, 140], [70, 70, 70],
  [102, 102, 156], [190, 153, 153], [180, 165, 180], [150, 100, 100], [150, 120, 90],
  [153, 153, 153], [153, 153, 153], [250, 170, 30], [220, 220, 0], [107, 142, 35],
  [152, 251, 152], [70, 130, 180], [220, 20, 60], [255, 0, 0], [0, 0, 142], [0, 0, 70],
  [0, 60, 100], [0, 0, 90], [0, 0, 110], [0, 80, 100], [0, 0, 230], [119, 11, 32],
];

/** Ids of labelIds images; a licence plate (-1) is no id there. */
export const CITYSCAPES = {
  source: "mcordts/cityscapesScripts, helpers/labels.py",
  classes: Object.fromEntries(CITYSCAPES_LABELS.map(({ name }, id) => [id, name])) as Readonly<
    Record<number, string>
  >,
  colours: Object.fromEntries(COLOURS.map((colour, id) => [id, colour])),
  grids: [],
} as const satisfies Published;
