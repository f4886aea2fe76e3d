/** THE list of twins, by the benchmark that scores them. To add one: import it, list it. */
import { kittiObjectTwin } from "./kitti_object.ts";
import { nuscenesDetectionTwin } from "./nuscenes_detection.ts";
import { semanticKittiTwin } from "./semantic_kitti.ts";
import type { Twin } from "./twin.ts";
import { waymoDetectionTwin } from "./waymo_detection.ts";

export const TWINS: readonly Twin[] = [
  semanticKittiTwin,
  kittiObjectTwin,
  nuscenesDetectionTwin,
  waymoDetectionTwin,
];
