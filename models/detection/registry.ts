/** THE list of detection networks that the command line knows by name. */
import type { Network } from "../network.ts";
import {
  bevFusion,
  CAMERA_BOXES,
  cameraFusion,
  FUSION_BOXES,
  lidarFusion,
} from "../nets/bevfusion.ts";
import {
  centerPoint,
  type CenterTasks,
  NUSCENES_TASKS,
  WAYMO_MOVING_TASKS,
  WAYMO_TASKS,
} from "../nets/centerpoint.ts";
import {
  type DetectionRange,
  KITTI_RANGE,
  NUSCENES_0075,
  NUSCENES_01,
  WAYMO_RANGE,
} from "../nets/detection_range.ts";
import { second, secondOriginal, spvcnnSecond } from "../nets/second.ts";
import { anchorBoxes, KITTI_ANCHORS } from "./anchors.ts";
import type { DetectedBox } from "./box.ts";
import { cameraCenterBoxes } from "./camera_centers.ts";
import { carBoxes } from "./car_anchors.ts";
import { centerBoxes, NUSCENES_DECODING, WAYMO_DECODING } from "./centers.ts";
import { queryBoxes } from "./queries.ts";
import type { RigTask } from "./rig.ts";

/** A network that finds boxes in a LiDAR scan. */
export interface DetectorModel {
  readonly about: string;
  readonly dataset: "kitti-object" | "nuscenes" | "waymo";
  /** Class names of the labels, as the data set's results have them. */
  readonly labels: readonly string[];
  readonly range: DetectionRange;
  /** What it reads of a point beside x, y, z, intensity. */
  readonly features: readonly string[];
  /** Whether its x is right and its y forward, as nuScenes' LiDAR has them. */
  readonly turned: boolean;
  /** Whether it reads tanh(intensity). */
  readonly squashed: boolean;
  /** What it reads of cameras. */
  readonly rig?: RigTask;
  /** Whether it reads the points; true by default. */
  readonly lidar?: boolean;
  build(): Network;
  /** Boxes of the network's outputs, each row after row. */
  boxes(outputs: readonly Float32Array[]): DetectedBox[];
}

const kitti = {
  dataset: "kitti-object",
  range: KITTI_RANGE,
  features: [],
  turned: false,
  squashed: false,
} as const;

function secondOn(about: string, build: () => Network): DetectorModel {
  return {
    ...kitti,
    about,
    labels: KITTI_ANCHORS.map(({ name }) => name),
    build,
    boxes: ([classes, boxes, directions]) =>
      anchorBoxes(
        { classes: classes!, boxes: boxes!, directions: directions! },
        KITTI_RANGE,
      ),
  };
}

const nuscenes = {
  dataset: "nuscenes",
  features: ["seconds_old"],
  turned: true,
  squashed: false,
} as const;

function centerPointOn(range: DetectionRange): DetectorModel {
  return {
    ...nuscenes,
    about: `CenterPoint, voxels of ${range.voxel[0]} m, 10 classes`,
    labels: NUSCENES_TASKS.groups.flat(),
    range,
    build: () => centerPoint(range, NUSCENES_TASKS, 5),
    boxes: (outputs) => centerBoxes(outputs, NUSCENES_TASKS, range, NUSCENES_DECODING),
  };
}

function waymoCenterPoint(
  sweeps: string,
  tasks: CenterTasks,
  features: readonly string[],
): DetectorModel {
  return {
    about: `CenterPoint, ${sweeps}, voxels of 0.1 m, 3 classes`,
    dataset: "waymo",
    labels: tasks.groups.flat(),
    range: WAYMO_RANGE,
    features,
    turned: false,
    squashed: true,
    build: () => centerPoint(WAYMO_RANGE, tasks, 4 + features.length),
    boxes: (outputs) => centerBoxes(outputs, tasks, WAYMO_RANGE, WAYMO_DECODING),
  };
}

/** The order of TransFusion's classes. */
const FUSION_LABELS = [
  "car",
  "truck",
  "construction_vehicle",
  "bus",
  "trailer",
  "barrier",
  "motorcycle",
  "bicycle",
  "pedestrian",
  "traffic_cone",
];

/** By data set and network. */
export const DETECTORS: Readonly<Record<string, DetectorModel>> = {
  "KITTI_SECOND": secondOn("SECOND as OpenPCDet has it, 3 classes", () => second()),
  "KITTI_SECOND_car.fhd": {
    ...kitti,
    about: "SECOND as its authors have it, cars",
    labels: ["Car"],
    build: () => secondOriginal(),
    boxes: ([classes, boxes, directions]) =>
      carBoxes({ classes: classes!, boxes: boxes!, directions: directions! }, KITTI_RANGE),
  },
  "KITTI_SPVCNN_SECOND": secondOn(
    "SECOND with SPVConv, our reading of SPVNAS' paper, 3 classes",
    () => spvcnnSecond(),
  ),
  "nuScenes_CenterPoint_0.075": centerPointOn(NUSCENES_0075),
  "nuScenes_CenterPoint_0.1": centerPointOn(NUSCENES_01),
  "nuScenes_BEVFusion": {
    ...nuscenes,
    about: "BEVFusion with six cameras, 10 classes",
    labels: FUSION_LABELS,
    range: FUSION_BOXES.range,
    rig: FUSION_BOXES,
    build: () => bevFusion(),
    boxes: (outputs) => queryBoxes(outputs, FUSION_BOXES.range),
  },
  "nuScenes_BEVFusion_camera": {
    ...nuscenes,
    about: "BEVFusion with six cameras alone (CenterHead), 10 classes",
    labels: NUSCENES_TASKS.groups.flat(),
    features: [],
    range: CAMERA_BOXES.range,
    rig: CAMERA_BOXES,
    lidar: false,
    build: () => cameraFusion(CAMERA_BOXES),
    boxes: (outputs) => cameraCenterBoxes(outputs, CAMERA_BOXES.range),
  },
  "nuScenes_BEVFusion_LiDAR": {
    ...nuscenes,
    about: "BEVFusion without cameras (TransFusion-L), 10 classes",
    labels: FUSION_LABELS,
    range: NUSCENES_0075,
    build: () => lidarFusion(),
    boxes: (outputs) => queryBoxes(outputs, NUSCENES_0075),
  },
  "Waymo_CenterPoint": waymoCenterPoint("one sweep", WAYMO_TASKS, ["elongation"]),
  "Waymo_CenterPoint_2sweeps": waymoCenterPoint(
    "two sweeps",
    WAYMO_MOVING_TASKS,
    ["elongation", "seconds_old"],
  ),
};
