/**
 * Boxes out of SECOND's own head (second.pytorch 1b2b58b, car.fhd.config): cars alone. Its angles are
 * those of KITTI's camera, clockwise from -y, and sizes come width first.
 */
import type { DetectionRange } from "../nets/detection_range.ts";
import { anchorAt, type AnchorOutputs, KITTI_ANCHORS } from "./anchors.ts";
import { type DetectedBox, sigmoid } from "./box.ts";
import { suppressed, type Suppression } from "./nms.ts";

const CAR = KITTI_ANCHORS.slice(0, 1);
/** `nms_score_threshold`, reached or exceeded, and the suppression behind it. */
const SCORE_LIMIT = 0.3;
const NMS: Suppression = { by: "overlap", limit: 0.01, before: 1000, after: 100 };
/** `post_center_limit_range`: the centres that are kept, in metres. */
const LOW = [0, -40, -2.2] as const;
const HIGH = [70.4, 40, 0.8] as const;
/** `direction_limit_offset`: a heading is moved by whole half turns into [-pi, 0), then by its bin. */
const LIMIT_OFFSET = 1;

/** The boxes of a scan, highest score first. */
export function carBoxes(
  { classes, boxes, directions }: AnchorOutputs,
  range: DetectionRange,
): DetectedBox[] {
  const found: DetectedBox[] = [];
  for (let i = 0; i < classes.length; i++) {
    const score = sigmoid(classes[i]!);
    if (score < SCORE_LIMIT) continue;
    const bin = directions[2 * i + 1]! > directions[2 * i]! ? 1 : 0;
    found.push({ ...carAt(i, boxes.subarray(7 * i, 7 * i + 7), bin, range), score });
  }
  return suppressed(found, NMS).filter(({ centre }) =>
    centre.every((value, axis) => value >= LOW[axis]! && value <= HIGH[axis]!)
  );
}

function carAt(
  index: number,
  [x, y, z, w, l, h, r]: Float32Array,
  bin: number,
  range: DetectionRange,
): Omit<DetectedBox, "score"> {
  const { centre, size: [length, width, height], yaw } = anchorAt(index, range, CAR);
  const diagonal = Math.hypot(length, width);
  const turn = yaw + r!;
  const limited = turn - Math.floor(turn / Math.PI + LIMIT_OFFSET) * Math.PI + bin * Math.PI;
  return {
    centre: [centre[0] + x! * diagonal, centre[1] + y! * diagonal, centre[2] + z! * height],
    size: [length * Math.exp(l!), width * Math.exp(w!), height * Math.exp(h!)],
    yaw: -limited - Math.PI / 2,
    label: 0,
    velocity: null,
  };
}
