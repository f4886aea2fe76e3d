import { numbered, type Published, type Rgb } from "./published.ts";

/** Categories by lidarseg index, with the devkit's colours (color_map.py). */
const CATEGORIES: readonly (readonly [name: string, colour: Rgb])[] = [
  ["noise", [0, 0, 0]],
  ["animal", [70, 130, 180]],
  ["human.pedestrian.adult", [0, 0, 230]],
  ["human.pedestrian.child", [135, 206, 235]],
  ["human.pedestrian.construction_worker", [100, 149, 237]],
  ["human.pedestrian.personal_mobility", [219, 112, 147]],
  ["human.pedestrian.police_officer", [0, 0, 128]],
  ["human.pedestrian.stroller", [240, 128, 128]],
  ["human.pedestrian.wheelchair", [138, 43, 226]],
  ["movable_object.barrier", [112, 128, 144]],
  ["movable_object.debris", [210, 105, 30]],
  ["movable_object.pushable_pullable", [105, 105, 105]],
  ["movable_object.trafficcone", [47, 79, 79]],
  ["static_object.bicycle_rack", [188, 143, 143]],
  ["vehicle.bicycle", [220, 20, 60]],
  ["vehicle.bus.bendy", [255, 127, 80]],
  ["vehicle.bus.rigid", [255, 69, 0]],
  ["vehicle.car", [255, 158, 0]],
  ["vehicle.construction", [233, 150, 70]],
  ["vehicle.emergency.ambulance", [255, 83, 0]],
  ["vehicle.emergency.police", [255, 215, 0]],
  ["vehicle.motorcycle", [255, 61, 99]],
  ["vehicle.trailer", [255, 140, 0]],
  ["vehicle.truck", [255, 99, 71]],
  ["flat.driveable_surface", [0, 207, 191]],
  ["flat.other", [175, 0, 75]],
  ["flat.sidewalk", [75, 0, 75]],
  ["flat.terrain", [112, 180, 60]],
  ["static.manmade", [222, 184, 135]],
  ["static.other", [255, 228, 196]],
  ["static.vegetation", [0, 175, 0]],
  ["vehicle.ego", [255, 240, 245]],
];

const scenes = (ranges: string) => numbered("scene-", 4, ranges);

/** Classes, colours and splits: nutonomy/nuscenes-devkit (color_map.py, splits.py). */
export const NUSCENES = {
  source: "nutonomy/nuscenes-devkit; grids: CenterPoint and BEVFusion configurations",
  classes: Object.fromEntries(CATEGORIES.map(([name], id) => [id, name])),
  colours: Object.fromEntries(CATEGORIES.map(([, colour], id) => [id, colour])),
  splits: {
    train: scenes(
      "1-2 4-11 19-34 41-76 120-135 138-139 149-152 154-155 157-168 170-185 187-188 190-196 " +
        "199-200 202-204 206-214 218-220 222 224-264 283-306 315-318 321 323-324 328 347-386 " +
        "388-403 405-408 410-459 461-465 467-469 471-472 474-480 499-502 504-515 517-518 525-539 " +
        "541-546 566 568 570-578 580 582-600 639-679 681 683-689 695-698 700-701 703-719 726-728 " +
        "730-731 733-741 744 746-747 749-752 757-765 767-769 786-787 789-792 803-806 808-813 " +
        "815-817 819-822 847-856 858 860-866 868-873 875-878 880 882-903 945 947 949 952-953 " +
        "955-961 975-984 988-992 994-1025 1044-1058 1074-1102 1104-1110",
    ),
    val: scenes(
      "3 12-18 35-36 38-39 92-110 221 268-278 329-332 344-346 519-524 552-565 625-627 629-630 " +
        "632-638 770-771 775 777-778 780-784 794-800 802 904-917 919-931 962-963 966-969 971-972 " +
        "1059-1073",
    ),
    test: scenes(
      "77-91 111-119 140 142-148 265-266 279-282 307-314 333-343 481-498 547-551 601-604 606-624 " +
        "827-831 833-842 844-846 932-933 935-943 1026-1043",
    ),
    mini_train: scenes("61 553 655 757 796 1077 1094 1100"),
    mini_val: scenes("103 916"),
  },
  grids: [
    { model: "CenterPoint", voxel: [0.075, 0.075, 0.2], range: [-54, -54, -5, 54, 54, 3] },
    {
      model: "CenterPoint 0.1 m",
      voxel: [0.1, 0.1, 0.2],
      range: [-51.2, -51.2, -5, 51.2, 51.2, 3],
    },
  ],
} as const satisfies Published;

export type NuscenesSplit = keyof typeof NUSCENES.splits;

/** Names of the splits. */
export const NUSCENES_SPLITS = Object.keys(NUSCENES.splits) as NuscenesSplit[];

/** Names of the scenes of a split, e.g. "scene-0103". */
export function scenesOf(split: NuscenesSplit): readonly string[] {
  return NUSCENES.splits[split];
}

/** Attributes of boxes, numbered here from 1 in the order of the official attribute.json; 0 = none. */
export const NUSCENES_ATTRIBUTES: readonly string[] = [
  "vehicle.moving",
  "vehicle.stopped",
  "vehicle.parked",
  "cycle.with_rider",
  "cycle.without_rider",
  "pedestrian.sitting_lying_down",
  "pedestrian.standing",
  "pedestrian.moving",
];
