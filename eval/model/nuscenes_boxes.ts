/** Boxes as a nuScenes submission has them: in the world, with attributes guessed as by CenterPoint. */
import { apply, rotate } from "../../datasets/matrix34.ts";
import type { DetectedBox } from "../../models/detection/box.ts";

/** The devkit's limit. */
const MOST_BOXES = 500;
/** Metres a second from which a thing moves. */
const MOVING = 0.2;
const VEHICLES = ["car", "construction_vehicle", "bus", "truck", "trailer"];
const CYCLES = ["bicycle", "motorcycle"];

/** What every submission says of itself, beside whether it uses cameras and LiDAR. */
export const NUSCENES_META = {
  use_radar: false,
  use_map: false,
  use_external: false,
} as const;

/** The entries of a sample; `pose` is its 3x4 transform from the scan to the world. */
export function nuscenesBoxes(
  token: string,
  boxes: readonly DetectedBox[],
  labels: readonly string[],
  pose: Float64Array,
): object[] {
  const finite = boxes.filter(({ centre, size, yaw, score }) =>
    [...centre, ...size, yaw, score].every(Number.isFinite)
  );
  return finite.toSorted((a, b) => b.score - a.score).slice(0, MOST_BOXES).map((box) => {
    const { centre, size: [length, width, height], yaw, velocity, label, score } = box;
    const [vx, vy] = rotate(pose, [...velocity ?? [0, 0], 0] as [number, number, number]);
    const name = labels[label]!;
    return {
      sample_token: token,
      translation: apply(pose, centre),
      size: [width, length, height],
      rotation: headingQuaternion(pose, yaw),
      velocity: [vx, vy],
      detection_name: name,
      detection_score: score,
      attribute_name: attributeOf(name, Math.hypot(vx, vy)),
    };
  });
}

/** w, x, y, z of the pose's rotation after one about z. */
function headingQuaternion(pose: Float64Array, yaw: number): number[] {
  const [w, x, y, z] = quaternion(pose) as [number, number, number, number];
  const [c, s] = [Math.cos(yaw / 2), Math.sin(yaw / 2)];
  return [w * c - z * s, x * c + y * s, y * c - x * s, z * c + w * s];
}

/** Of a rotation matrix, from its largest component for accuracy. */
function quaternion(m: Float64Array): number[] {
  const [a, b, c] = [m[0]!, m[5]!, m[10]!];
  const squares = [1 + a + b + c, 1 + a - b - c, 1 - a + b - c, 1 - a - b + c];
  const most = squares.indexOf(Math.max(...squares));
  const sums = [
    [squares[0]!, m[9]! - m[6]!, m[2]! - m[8]!, m[4]! - m[1]!],
    [m[9]! - m[6]!, squares[1]!, m[4]! + m[1]!, m[2]! + m[8]!],
    [m[2]! - m[8]!, m[4]! + m[1]!, squares[2]!, m[9]! + m[6]!],
    [m[4]! - m[1]!, m[2]! + m[8]!, m[9]! + m[6]!, squares[3]!],
  ][most]!;
  const scale = 1 / (2 * Math.sqrt(squares[most]!));
  return sums.map((value) => value * scale);
}

function attributeOf(name: string, speed: number): string {
  const moves = speed > MOVING;
  if (VEHICLES.includes(name)) {
    if (moves) return "vehicle.moving";
    return name === "bus" ? "vehicle.stopped" : "vehicle.parked";
  }
  if (CYCLES.includes(name)) return moves ? "cycle.with_rider" : "cycle.without_rider";
  if (name !== "pedestrian") return "";
  return moves ? "pedestrian.moving" : "pedestrian.standing";
}
