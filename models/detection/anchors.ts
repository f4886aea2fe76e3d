/** Boxes out of an anchor head: OpenPCDet's AnchorHeadSingle with ResidualCoder (8cacccec). */
import { cellsOf, type DetectionRange } from "../nets/detection_range.ts";
import type { Three } from "../value.ts";
import { type DetectedBox, sigmoid } from "./box.ts";
import { suppressed, type Suppression } from "./nms.ts";

/** The anchors of a class: one size at two headings. */
export interface AnchorClass {
  readonly name: string;
  /** Length, width, height in metres. */
  readonly size: Three;
  /** z of the underside. */
  readonly bottom: number;
}

/** kitti_models/second.yaml. */
export const KITTI_ANCHORS: readonly AnchorClass[] = [
  { name: "Car", size: [3.9, 1.6, 1.56], bottom: -1.78 },
  { name: "Pedestrian", size: [0.8, 0.6, 1.73], bottom: -0.6 },
  { name: "Cyclist", size: [1.76, 0.6, 1.73], bottom: -0.6 },
];
const HEADINGS = [0, 1.57];
/** Where the two direction bins begin, and their width. */
const DIRECTION_OFFSET = 0.78539;
const PERIOD = Math.PI;
/** Input voxels a cell of the head. */
const CELL = 8;

/** Boxes below are dropped, before suppression over all classes. */
export const SCORE_LIMIT = 0.1;
const SECOND_NMS: Suppression = { by: "overlap", limit: 0.01, before: 4096, after: 500 };

/** Rows [X * Y, ...] of the head's three outputs. */
export interface AnchorOutputs {
  readonly classes: Float32Array;
  readonly boxes: Float32Array;
  readonly directions: Float32Array;
}

/** The boxes of a scan, highest score first. */
export function anchorBoxes(
  { classes, boxes, directions }: AnchorOutputs,
  range: DetectionRange,
  anchors: readonly AnchorClass[] = KITTI_ANCHORS,
  nms: Suppression = SECOND_NMS,
): DetectedBox[] {
  const count = classes.length / anchors.length;
  const found: DetectedBox[] = [];
  for (let i = 0; i < count; i++) {
    const { label, score } = best(classes.subarray(i * anchors.length, (i + 1) * anchors.length));
    if (score <= SCORE_LIMIT) continue;
    const anchor = anchorAt(i, range, anchors);
    const box = decoded(boxes.subarray(7 * i, 7 * i + 7), anchor);
    const turned = directions[2 * i + 1]! > directions[2 * i]! ? 1 : 0;
    const yaw = directed(box.yaw, turned);
    found.push({ ...box, yaw, score, label, velocity: null });
  }
  return suppressed(found, nms);
}

function best(logits: Float32Array): { label: number; score: number } {
  const label = logits.reduce((most, value, i) => value > logits[most]! ? i : most, 0);
  return { label, score: sigmoid(logits[label]!) };
}

type Anchor = Pick<DetectedBox, "centre" | "size" | "yaw">;

/** Of a cell, every class has its two headings. The outer cells' anchors lie on the range's border. */
export function anchorAt(
  index: number,
  range: DetectionRange,
  classes: readonly AnchorClass[],
): Anchor {
  const each = HEADINGS.length * classes.length;
  const cell = Math.floor(index / each);
  const { size, bottom } = classes[Math.floor(index % each / HEADINGS.length)]!;
  const [nx, ny] = cellsOf(range).map((n) => Math.floor(n / CELL)) as [number, number, number];
  const along = (axis: number, i: number, n: number) =>
    range.low[axis]! + i * (range.high[axis]! - range.low[axis]!) / (n - 1);
  return {
    centre: [along(0, Math.floor(cell / ny), nx), along(1, cell % ny, ny), bottom + size[2] / 2],
    size,
    yaw: HEADINGS[index % HEADINGS.length]!,
  };
}

/** ResidualCoder: offsets in diagonals and heights, logarithms of sizes, a difference of angles. */
function decoded([x, y, z, l, w, h, r]: Float32Array, { centre, size, yaw }: Anchor): Anchor {
  const diagonal = Math.hypot(size[0], size[1]);
  return {
    centre: [centre[0] + x! * diagonal, centre[1] + y! * diagonal, centre[2] + z! * size[2]],
    size: [size[0] * Math.exp(l!), size[1] * Math.exp(w!), size[2] * Math.exp(h!)],
    yaw: yaw + r!,
  };
}

/** The angle in the half turn that the direction bin names. */
function directed(yaw: number, bin: number): number {
  const from = yaw - DIRECTION_OFFSET;
  return from - Math.floor(from / PERIOD) * PERIOD + DIRECTION_OFFSET + PERIOD * bin;
}
