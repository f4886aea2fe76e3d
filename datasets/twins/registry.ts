/** THE list of twins, by the benchmark that scores them. To add one: import it, list it. */
import { kittiObjectTwin } from "./kitti_object.ts";
import { semanticKittiTwin } from "./semantic_kitti.ts";
import type { Twin } from "./twin.ts";

export const TWINS: readonly Twin[] = [
  semanticKittiTwin,
  kittiObjectTwin,
];
