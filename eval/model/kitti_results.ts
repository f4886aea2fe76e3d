/** Boxes as KITTI's result files have them: 16 columns a line, in rectified camera coordinates. */
import { apply, calibration, compose, rotate } from "../../datasets/matrix34.ts";
import type { DetectedBox } from "../../models/detection/box.ts";

/** What turns boxes of a scan into those of an image. */
export interface KittiFrame {
  /** 3x4, sensor to rectified camera 0; metres. */
  readonly rectFromSensor: Float64Array;
  /** 3x4, rectified camera 0 to pixels of camera 2. */
  readonly projection: Float64Array;
  /** Width and height in pixels. */
  readonly size: readonly [number, number];
}

/** Of most frames; images say it where they are there. */
export const USUAL_SIZE = [1242, 375] as const;

/**
 * The frame of a calibration file.
 *
 * @throws {InputError} A matrix is missing or not one.
 */
export function kittiFrame(text: string, path: string, size: KittiFrame["size"]): KittiFrame {
  return {
    rectFromSensor: compose(
      calibration(text, "R0_rect", 9, path),
      calibration(text, "Tr_velo_to_cam", 12, path),
    ),
    projection: calibration(text, "P2", 12, path),
    size,
  };
}

/** A file of results. Boxes behind the camera or outside of its image are left out. */
export function kittiResults(
  boxes: readonly DetectedBox[],
  labels: readonly string[],
  frame: KittiFrame,
): string {
  return boxes.flatMap((box) => {
    const image = imageBox(box, frame);
    if (image === null) return [];
    const { size: [length, width, height], score, label, centre: [, , z], yaw } = box;
    const centre = apply(frame.rectFromSensor, box.centre);
    const [dx, , dz] = rotate(frame.rectFromSensor, [Math.cos(yaw), Math.sin(yaw), 0]);
    const ry = Math.atan2(-dz, dx);
    // The angle of the heading seen from the camera.
    const alpha = wrapped(ry - Math.atan2(centre[0], centre[2]));
    const below = [centre[0], centre[1] + height / 2, centre[2]];
    const numbers = [alpha, ...image, height, width, length, ...below, ry, score];
    if (![...numbers, z].every(Number.isFinite)) return [];
    return [`${labels[label]} -1 -1 ${numbers.map((value) => value.toFixed(4)).join(" ")}\n`];
  }).join("");
}

const wrapped = (angle: number) => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));

/** Left, top, right, bottom of the eight corners, cut to the image; null where nothing is left. */
function imageBox(
  { centre, size: [length, width, height], yaw }: DetectedBox,
  { rectFromSensor, projection, size }: KittiFrame,
): number[] | null {
  const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let corner = 0; corner < 8; corner++) {
    const [i, j, k] = [corner & 1, corner >> 1 & 1, corner >> 2].map((bit) => bit - 0.5);
    const [along, across] = [i! * length, j! * width];
    const rect = apply(rectFromSensor, [
      centre[0] + c * along - s * across,
      centre[1] + s * along + c * across,
      centre[2] + k! * height,
    ]);
    const [u, v, depth] = apply(projection, rect);
    if (depth <= 0) return null;
    [left, right] = [Math.min(left, u / depth), Math.max(right, u / depth)];
    [top, bottom] = [Math.min(top, v / depth), Math.max(bottom, v / depth)];
  }
  const [x0, x1] = [Math.max(0, left), Math.min(size[0] - 1, right)];
  const [y0, y1] = [Math.max(0, top), Math.min(size[1] - 1, bottom)];
  return x0 < x1 && y0 < y1 ? [x0, y0, x1, y1] : null;
}
