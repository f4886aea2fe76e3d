/** Boxes out of TransFusion's queries (mmdet3d/core/bbox/coders/transfusion_bbox_coder.py). */
import { PROPOSAL } from "../layers/queries.ts";
import type { DetectionRange } from "../nets/detection_range.ts";
import { type DetectedBox, sigmoid } from "./box.ts";

/** Input voxels a cell of the head. */
const CELL = 8;
/** Largest |x| and |y|, and |z|, of a centre, in metres: `post_center_range`. */
const REACH = [61.2, 10] as const;

/**
 * The boxes of a scan, highest score first; by default the authors suppress none.
 *
 * @param outputs rows [queries, C] of the head's outputs
 */
export function queryBoxes(
  outputs: readonly Float32Array[],
  range: DetectionRange,
): DetectedBox[] {
  const [proposals, center, height, dim, rot, vel, heatmap] = outputs as [
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  const count = proposals.length / PROPOSAL;
  const classes = heatmap.length / count;
  const boxes = Array.from({ length: count }, (_, i): DetectedBox => {
    const [x, y, label, peak] = proposals.subarray(PROPOSAL * i, PROPOSAL * (i + 1));
    const place = (axis: 0 | 1, from: number) =>
      (from + center[2 * i + axis]!) * CELL * range.voxel[axis] + range.low[axis];
    const [width, length, tall] = [0, 1, 2].map((axis) => Math.exp(dim[3 * i + axis]!));
    return {
      centre: [place(0, x!), place(1, y!), height[i]!],
      size: [length!, width!, tall!],
      // mmdetection3d before 1.0 measures it clockwise from -y.
      yaw: -Math.atan2(rot[2 * i]!, rot[2 * i + 1]!) - Math.PI / 2,
      score: sigmoid(heatmap[i * classes + label!]!) * peak!,
      label: label!,
      velocity: [vel[2 * i]!, vel[2 * i + 1]!],
    };
  });
  return boxes.filter(({ score, centre: [x, y, z] }) =>
    score > 0 && Math.abs(x) <= REACH[0] && Math.abs(y) <= REACH[0] && Math.abs(z) <= REACH[1]
  ).sort((a, b) => b.score - a.score);
}
