import { SEMANTIC_KITTI } from "../semantic_kitti.ts";
import { numbered, type Published } from "./published.ts";

/** Source: PRBonn/semantic-kitti-api, config/semantic-kitti.yaml (its `color_map` is blue, green, red). */
export const SEMANTIC_KITTI_PUBLISHED = {
  source: "PRBonn/semantic-kitti-api, config/semantic-kitti.yaml; grid: MinkUNet and SPVNAS",
  classes: SEMANTIC_KITTI.names,
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
} as const satisfies Published;
