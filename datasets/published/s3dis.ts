import type { Published } from "./published.ts";

/** Classes by the number that PointNet gives them; names begin the annotation files. */
export const S3DIS = {
  source: "S3DIS; numbers and colours: charlesq34/pointnet sem_seg (class_names.txt, " +
    "indoor3d_util.py)",
  classes: {
    0: "ceiling",
    1: "floor",
    2: "wall",
    3: "beam",
    4: "column",
    5: "window",
    6: "door",
    7: "table",
    8: "chair",
    9: "sofa",
    10: "bookcase",
    11: "board",
    12: "clutter",
  },
  colours: {
    0: [0, 255, 0],
    1: [0, 0, 255],
    2: [0, 255, 255],
    3: [255, 255, 0],
    4: [255, 0, 255],
    5: [100, 100, 255],
    6: [200, 200, 100],
    7: [170, 120, 200],
    8: [255, 0, 0],
    9: [200, 100, 100],
    10: [10, 200, 100],
    11: [200, 200, 200],
    12: [50, 50, 50],
  },
  splits: {
    train: ["Area_1", "Area_2", "Area_3", "Area_4", "Area_6"],
    test: ["Area_5"],
  },
  grids: [{ model: "MinkUNet", voxel: [0.05, 0.05, 0.05] }],
} as const satisfies Published;

const IDS: ReadonlyMap<string, number> = new Map(
  Object.entries(S3DIS.classes).map(([id, name]) => [name, Number(id)]),
);

/** The number of a class; what PointNet has no class for ("stairs") is clutter, as it does. */
export const s3disClass = (name: string): number => IDS.get(name) ?? IDS.get("clutter")!;

/**
 * The numbers above, by those that PVCNN's files have (mit-han-lab/pvcnn data/s3dis/
 * prepare_data.py, after PointCNN): clutter first, doors before windows.
 */
export const PVCNN_TO_S3DIS: readonly number[] = [
  "clutter",
  "ceiling",
  "floor",
  "wall",
  "beam",
  "column",
  "door",
  "window",
  "table",
  "chair",
  "sofa",
  "bookcase",
  "board",
].map(s3disClass);
