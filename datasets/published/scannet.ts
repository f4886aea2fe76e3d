import type { Published, Rgb } from "./published.ts";

/** Name and colour of the NYU40 ids 1 to 40. */
const NYU40: readonly (readonly [string, Rgb])[] = [
  ["wall", [174, 199, 232]],
  ["floor", [152, 223, 138]],
  ["cabinet", [31, 119, 180]],
  ["bed", [255, 187, 120]],
  ["chair", [188, 189, 34]],
  ["sofa", [140, 86, 75]],
  ["table", [255, 152, 150]],
  ["door", [214, 39, 40]],
  ["window", [197, 176, 213]],
  ["bookshelf", [148, 103, 189]],
  ["picture", [196, 156, 148]],
  ["counter", [23, 190, 207]],
  ["blinds", [178, 76, 76]],
  ["desk", [247, 182, 210]],
  ["shelves", [66, 188, 102]],
  ["curtain", [219, 219, 141]],
  ["dresser", [140, 57, 197]],
  ["pillow", [202, 185, 52]],
  ["mirror", [51, 176, 203]],
  ["floor mat", [200, 54, 131]],
  ["clothes", [92, 193, 61]],
  ["ceiling", [78, 71, 183]],
  ["books", [172, 114, 82]],
  ["refrigerator", [255, 127, 14]],
  ["television", [91, 163, 138]],
  ["paper", [153, 98, 156]],
  ["towel", [140, 153, 101]],
  ["shower curtain", [158, 218, 229]],
  ["box", [100, 125, 154]],
  ["whiteboard", [178, 127, 135]],
  ["person", [120, 185, 128]],
  ["night stand", [146, 111, 194]],
  ["toilet", [44, 160, 44]],
  ["sink", [112, 128, 144]],
  ["lamp", [96, 207, 209]],
  ["bathtub", [227, 119, 194]],
  ["bag", [213, 92, 176]],
  ["otherstructure", [94, 106, 211]],
  ["otherfurniture", [82, 84, 163]],
  ["otherprop", [100, 85, 144]],
];

/** Scenes of the split val; the others below 707 are train, and all scans of a scene go together. */
const VAL = new Set(
  ("11 15 19 25 30 46 50 63 64 77 81 84 86 88 95 100 131 139 144 146 149 153 164 169 187 193 " +
    "196 203 207 208 217 221 222 231 246 249 251 256 257 277 278 300 304 307 314 316 328 329 " +
    "334 338 342 343 351 353 354 355 356 357 377 378 382 389 406 412 414 423 426 427 430 432 " +
    "435 441 458 461 462 474 488 490 494 496 500 518 527 535 549 550 552 553 558 559 565 568 " +
    "574 575 578 580 583 591 593 595 598 599 606 607 608 609 616 618 621 629 633 643 644 645 " +
    "647 648 651 652 653 655 658 660 663 664 665 670 671 678 684 685 686 689 690 693 695 696 " +
    "697 699 700 701 702 704")
    .split(" ").map(Number),
);
const TEST_FROM = 707;

/** Ids of NYU40. */
export const SCANNET = {
  source: "ScanNet/ScanNet: scannetv2-labels.combined.tsv, BenchmarkScripts/util.py (colours), " +
    "Tasks/Benchmark/scannetv2_*.txt (splits)",
  classes: Object.fromEntries([
    [0, "unannotated"],
    ...NYU40.map(([name], i): [number, string] => [i + 1, name]),
  ]) as Readonly<Record<number, string>>,
  colours: Object.fromEntries(NYU40.map(([, colour], i) => [i + 1, colour])),
  grids: [{ model: "MinkUNet", voxel: [0.02, 0.02, 0.02] }],
} as const satisfies Published;

/** A class by its id of NYU40. */
export interface ScannetClass {
  readonly id: number;
  readonly name: string;
}

/**
 * The classes of ScanNet's benchmarks of labels. Source: ScanNet/ScanNet,
 * BenchmarkScripts/3d_evaluation/evaluate_semantic_label.py.
 */
// deno-fmt-ignore
export const SCANNET_CLASSES: readonly ScannetClass[] = [
  1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 16, 24, 28, 33, 34, 36, 39,
].map((id) => ({ id, name: SCANNET.classes[id]! }));

/** Those of the benchmark of instances: all but wall and floor (evaluate_semantic_instance.py). */
export const SCANNET_INSTANCE_CLASSES = SCANNET_CLASSES.filter(({ id }) => id > 2);

/** The split of a scene of this number. */
export const scannetSplit = (scene: number): "train" | "val" | "test" =>
  scene >= TEST_FROM ? "test" : VAL.has(scene) ? "val" : "train";
