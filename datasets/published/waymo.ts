import type { Published } from "./published.ts";

/** Boxes have numbers of their own (`Label.Type`), kept apart from those of points by this. */
export const WAYMO_BOX_CLASS = 100;

/** Classes of points: segmentation.proto; of boxes: 100 + `Label.Type` of label.proto. */
export const WAYMO = {
  source:
    "waymo-research/waymo-open-dataset (segmentation.proto, label.proto); grids: CenterPoint " +
    "and FlatFormer configurations",
  // deno-fmt-ignore
  classes: {
    0: "undefined", 1: "car", 2: "truck", 3: "bus", 4: "other-vehicle", 5: "motorcyclist",
    6: "bicyclist", 7: "pedestrian", 8: "sign", 9: "traffic-light", 10: "pole",
    11: "construction-cone", 12: "bicycle", 13: "motorcycle", 14: "building", 15: "vegetation",
    16: "tree-trunk", 17: "curb", 18: "road", 19: "lane-marker", 20: "other-ground",
    21: "walkable", 22: "sidewalk",
    100: "box-unknown", 101: "box-vehicle", 102: "box-pedestrian", 103: "box-sign",
    104: "box-cyclist",
  },
  grids: [
    { model: "CenterPoint", voxel: [0.1, 0.1, 0.15], range: [-75.2, -75.2, -2, 75.2, 75.2, 4] },
    { model: "FlatFormer", voxel: [0.32, 0.32, 6], range: [-74.88, -74.88, -2, 74.88, 74.88, 4] },
  ],
} as const satisfies Published;

/** `CameraName.Name` and `LaserName.Name` of dataset.proto by number. */
export const WAYMO_CAMERAS: Readonly<Record<number, string>> = {
  1: "FRONT",
  2: "FRONT_LEFT",
  3: "FRONT_RIGHT",
  4: "SIDE_LEFT",
  5: "SIDE_RIGHT",
  6: "REAR_LEFT",
  7: "REAR",
  8: "REAR_RIGHT",
};
export const WAYMO_LASER_TOP = 1;
export const WAYMO_LASERS = 5;
