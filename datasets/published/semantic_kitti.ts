import { numbered, type Published } from "./published.ts";

/** The classes and splits of SemanticKITTI, under the names its devkit gives them. */
export interface SemanticKitti extends Published {
  /** Raw label id to train id 0..19; 0 is not scored. */
  readonly learningMap: Readonly<Record<number, number>>;
  /** Train id to the raw id that predictions are written with. */
  readonly learningMapInv: readonly number[];
  /** Name of each train id. */
  readonly trainNames: readonly string[];
  /** Sequences of each split: "08". */
  readonly splits: Readonly<Record<"train" | "valid" | "test", readonly string[]>>;
}

/** By raw label id, the low 16 bits of a `.label` entry; `color_map` is blue, green, red there. */
export const SEMANTIC_KITTI: SemanticKitti = {
  source: "PRBonn/semantic-kitti-api, config/semantic-kitti.yaml; grid: MinkUNet and SPVNAS",
  // deno-fmt-ignore
  classes: {
    0: "unlabeled", 1: "outlier",
    10: "car", 11: "bicycle", 13: "bus", 15: "motorcycle", 16: "on-rails", 18: "truck",
    20: "other-vehicle", 30: "person", 31: "bicyclist", 32: "motorcyclist",
    40: "road", 44: "parking", 48: "sidewalk", 49: "other-ground",
    50: "building", 51: "fence", 52: "other-structure", 60: "lane-marking",
    70: "vegetation", 71: "trunk", 72: "terrain", 80: "pole", 81: "traffic-sign",
    99: "other-object",
    252: "moving-car", 253: "moving-bicyclist", 254: "moving-person", 255: "moving-motorcyclist",
    256: "moving-on-rails", 257: "moving-bus", 258: "moving-truck", 259: "moving-other-vehicle",
  },
  // deno-fmt-ignore
  learningMap: {
    0: 0, 1: 0, 52: 0, 99: 0,
    10: 1, 252: 1, 11: 2, 15: 3, 18: 4, 258: 4,
    13: 5, 16: 5, 20: 5, 256: 5, 257: 5, 259: 5,
    30: 6, 254: 6, 31: 7, 253: 7, 32: 8, 255: 8,
    40: 9, 60: 9, 44: 10, 48: 11, 49: 12, 50: 13, 51: 14,
    70: 15, 71: 16, 72: 17, 80: 18, 81: 19,
  },
  learningMapInv: [0, 10, 11, 15, 18, 20, 30, 31, 32, 40, 44, 48, 49, 50, 51, 70, 71, 72, 80, 81],
  // deno-fmt-ignore
  trainNames: [
    "unlabeled", "car", "bicycle", "motorcycle", "truck", "other-vehicle", "person", "bicyclist",
    "motorcyclist", "road", "parking", "sidewalk", "other-ground", "building", "fence",
    "vegetation", "trunk", "terrain", "pole", "traffic-sign",
  ],
  // deno-fmt-ignore
  colours: {
    0: [0, 0, 0], 1: [255, 0, 0], 10: [100, 150, 245], 11: [100, 230, 245], 13: [100, 80, 250],
    15: [30, 60, 150], 16: [0, 0, 255], 18: [80, 30, 180], 20: [0, 0, 255], 30: [255, 30, 30],
    31: [255, 40, 200], 32: [150, 30, 90], 40: [255, 0, 255], 44: [255, 150, 255],
    48: [75, 0, 75], 49: [175, 0, 75], 50: [255, 200, 0], 51: [255, 120, 50], 52: [255, 150, 0],
    60: [150, 255, 170], 70: [0, 175, 0], 71: [135, 60, 0], 72: [150, 240, 80],
    80: [255, 240, 150], 81: [255, 0, 0], 99: [50, 255, 255], 252: [100, 150, 245],
    253: [255, 40, 200], 254: [255, 30, 30], 255: [150, 30, 90], 256: [0, 0, 255],
    257: [100, 80, 250], 258: [80, 30, 180], 259: [0, 0, 255],
  },
  splits: {
    train: numbered("", 2, "0-7 9-10"),
    valid: numbered("", 2, "8"),
    test: numbered("", 2, "11-21"),
  },
  grids: [{ model: "MinkUNet, SPVNAS", voxel: [0.05, 0.05, 0.05] }],
};
