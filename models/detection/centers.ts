/** Boxes out of CenterPoint's heads (det3d/models/bbox_heads/center_head.py, 3cf7d87). */
import { type CenterTasks, headsOf } from "../nets/centerpoint.ts";
import { cellsOf, type DetectionRange } from "../nets/detection_range.ts";
import { type DetectedBox, sigmoid } from "./box.ts";
import { suppressed, type Suppression } from "./nms.ts";

/** What becomes of centres. */
export interface CenterDecoding {
  /** Scores up to it are dropped. */
  readonly score: number;
  /** Largest |x| and |y|, and |z|, of a centre, in metres. */
  readonly reach: readonly [number, number];
  /** By group of classes, or one for all. */
  readonly nms: Suppression | readonly Suppression[];
}

/** nusc_centerpoint_voxelnet_*.py: rotated NMS, group by group. */
export const NUSCENES_DECODING: CenterDecoding = {
  score: 0.1,
  reach: [61.2, 10],
  nms: { by: "overlap", limit: 0.2, before: 1000, after: 83 },
};

/** The same with `circular_nms`: squared metres, by group. */
export const NUSCENES_CIRCLES: CenterDecoding = {
  ...NUSCENES_DECODING,
  nms: [4, 12, 10, 1, 0.85, 0.175].map((limit) => ({
    by: "distance",
    limit,
    before: Infinity,
    after: 83,
  })),
};

/** waymo_centerpoint_voxelnet_*.py. */
export const WAYMO_DECODING: CenterDecoding = {
  score: 0.1,
  reach: [80, 10],
  nms: { by: "overlap", limit: 0.7, before: 4096, after: 500 },
};

/** Input voxels a cell of the heads. */
const CELL = 8;

/**
 * The boxes of a scan, group after group; labels count through the groups.
 *
 * @param outputs rows [X * Y, C] of every head, in the order of the network's outputs
 */
export function centerBoxes(
  outputs: readonly Float32Array[],
  tasks: CenterTasks,
  range: DetectionRange,
  { score, reach, nms }: CenterDecoding,
): DetectedBox[] {
  return boxesOfGroups(outputs, tasks, (heads, classes, group) => {
    const found = peaks(heads, classes, score).map((peak) => boxAt(heads, peak, range));
    return suppressed(within(reach, found), "by" in nms ? nms : nms[group]!);
  });
}

/** What `boxesOf` makes of the heads of each group, whose labels count from 0 there. */
export function boxesOfGroups(
  outputs: readonly Float32Array[],
  { groups, velocity }: CenterTasks,
  boxesOf: (heads: Heads, classes: number, group: number) => readonly DetectedBox[],
): DetectedBox[] {
  let at = 0;
  let first = 0;
  return groups.flatMap(({ length }, group) => {
    const names = headsOf(length, velocity).map(([name]) => name);
    const heads = Object.fromEntries(
      names.map((name) => [name, outputs[at++]!]),
    ) as unknown as Heads;
    const boxes = boxesOf(heads, length, group).map((box) => ({
      ...box,
      label: first + box.label,
    }));
    first += length;
    return boxes;
  });
}

/** The boxes whose centre is not beyond `reach`, see {@linkcode CenterDecoding}. */
export function within(
  reach: CenterDecoding["reach"],
  boxes: readonly DetectedBox[],
): DetectedBox[] {
  return boxes.filter(({ centre: [x, y, z] }) =>
    Math.abs(x) <= reach[0] && Math.abs(y) <= reach[0] && Math.abs(z) <= reach[1]
  );
}

/** Rows [X * Y, C] of the heads of a group. */
export interface Heads {
  readonly reg: Float32Array;
  readonly height: Float32Array;
  readonly dim: Float32Array;
  readonly rot: Float32Array;
  readonly vel?: Float32Array;
  readonly hm: Float32Array;
}

/** A likely centre. */
export interface Peak {
  readonly cell: number;
  readonly label: number;
  readonly score: number;
}

/** Every cell's best class, where it is likely enough. */
function peaks({ hm }: Heads, classes: number, limit: number): Peak[] {
  const found: Peak[] = [];
  for (let cell = 0; cell < hm.length / classes; cell++) {
    const logits = hm.subarray(cell * classes, (cell + 1) * classes);
    const label = logits.reduce((most, value, i) => value > logits[most]! ? i : most, 0);
    const score = sigmoid(logits[label]!);
    if (score > limit) found.push({ cell, label, score });
  }
  return found;
}

/** det3d has width, length, height, and an angle that runs clockwise from -y. */
export function boxAt(
  { reg, height, dim, rot, vel }: Heads,
  { cell, label, score }: Peak,
  range: DetectionRange,
): DetectedBox {
  const rows = Math.floor(cellsOf(range)[1] / CELL);
  const place = (axis: 0 | 1, index: number) =>
    (index + reg[2 * cell + axis]!) * CELL * range.voxel[axis] + range.low[axis];
  const [width, length, tall] = [0, 1, 2].map((i) => Math.exp(dim[3 * cell + i]!));
  const theirs = Math.atan2(rot[2 * cell]!, rot[2 * cell + 1]!);
  return {
    centre: [place(0, Math.floor(cell / rows)), place(1, cell % rows), height[cell]!],
    size: [length!, width!, tall!],
    yaw: -theirs - Math.PI / 2,
    score,
    label,
    velocity: vel === undefined ? null : [vel[2 * cell]!, vel[2 * cell + 1]!],
  };
}
