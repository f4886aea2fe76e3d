import type { Published } from "./published.ts";

/** Types of the object devkit (`label_2`) and of tracklets, numbered here from 1: KITTI gives them no numbers. */
export const KITTI = {
  source: "KITTI object and raw development kits; grid: SECOND",
  classes: {
    1: "Car",
    2: "Van",
    3: "Truck",
    4: "Pedestrian",
    5: "Person_sitting",
    6: "Cyclist",
    7: "Tram",
    8: "Misc",
  },
  colours: {
    1: [245, 150, 100],
    2: [250, 190, 60],
    3: [180, 60, 120],
    4: [255, 60, 60],
    5: [255, 130, 130],
    6: [60, 120, 255],
    7: [120, 80, 220],
    8: [130, 130, 130],
  },
  grids: [{ model: "SECOND", voxel: [0.05, 0.05, 0.1], range: [0, -40, -3, 70.4, 40, 1] }],
} as const satisfies Published;

const CLASS_IDS: ReadonlyMap<string, number> = new Map(
  Object.entries(KITTI.classes).map(([id, name]) => [name, Number(id)]),
);

/** The class id of a KITTI type; undefined when there is no such type. */
export const kittiClassId = (type: string): number | undefined => CLASS_IDS.get(type);
export const KITTI_TYPES: readonly string[] = [...CLASS_IDS.keys()];
