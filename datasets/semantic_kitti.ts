/** The classes and splits of SemanticKITTI, under the names its devkit gives them. */
export interface SemanticKittiClasses {
  /** Raw label id (low 16 bits of a `.label` entry) to name. */
  readonly names: Readonly<Record<number, string>>;
  /** Raw label id to train id 0..19; 0 is not scored. */
  readonly learningMap: Readonly<Record<number, number>>;
  /** Train id to the raw id that predictions are written with. */
  readonly learningMapInv: readonly number[];
  /** Name of each train id. */
  readonly trainNames: readonly string[];
  /** Sequence numbers of each split. */
  readonly splits: {
    readonly train: readonly number[];
    readonly valid: readonly number[];
    readonly test: readonly number[];
  };
}

/** Source: PRBonn/semantic-kitti-api, config/semantic-kitti.yaml (labels, learning_map, split). */
export const SEMANTIC_KITTI: SemanticKittiClasses = {
  // deno-fmt-ignore
  names: {
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
  splits: {
    train: [0, 1, 2, 3, 4, 5, 6, 7, 9, 10],
    valid: [8],
    test: [11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21],
  },
};
