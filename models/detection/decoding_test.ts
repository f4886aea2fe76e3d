import { assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import { type DetectionRange, KITTI_RANGE } from "../nets/detection_range.ts";
import { anchorBoxes } from "./anchors.ts";
import type { DetectedBox } from "./box.ts";
import { cameraCenterBoxes } from "./camera_centers.ts";
import { carBoxes } from "./car_anchors.ts";
import { centerBoxes, NUSCENES_CIRCLES, NUSCENES_DECODING } from "./centers.ts";
import { suppressed } from "./nms.ts";
import { queryBoxes } from "./queries.ts";
import { overlapArea, rotatedIou } from "./rotated_overlap.ts";

const box = (x: number, score: number, more: Partial<DetectedBox> = {}): DetectedBox => ({
  centre: [x, 0, 0],
  size: [4, 2, 1],
  yaw: 0,
  score,
  label: 0,
  velocity: null,
  ...more,
});

Deno.test("overlapArea() is that of rectangles, turned or not", () => {
  assertAlmostEquals(overlapArea(box(0, 1), box(1, 1)), 6, 1e-12);
  assertEquals(overlapArea(box(0, 1), box(4, 1)), 0);
  assertAlmostEquals(rotatedIou(box(3, 1), box(3, 1)), 1, 1e-12);
  // Unit squares, one at 45 degrees: the octagon has 2 (sqrt 2 - 1).
  const square = box(0, 1, { size: [1, 1, 1] });
  const octagon = 2 * (Math.SQRT2 - 1);
  assertAlmostEquals(overlapArea(square, { ...square, yaw: Math.PI / 4 }), octagon, 1e-12);
  // Lengthwise across each other: a square of the width.
  assertAlmostEquals(overlapArea(box(0, 1), box(0, 1, { yaw: Math.PI / 2 })), 4, 1e-12);
  assertEquals(overlapArea(box(NaN, 1), box(0, 1)), 0);
});

Deno.test("overlapArea() is that of counted cells", () => {
  const a = box(0.3, 1, { yaw: 0.4, size: [3, 1.5, 1] });
  const b = box(-0.2, 1, { yaw: 2.1, size: [2.2, 1.9, 1] });
  const holds = ({ centre, size, yaw }: DetectedBox, x: number, y: number) => {
    const [u, v] = [x - centre[0], y - centre[1]];
    const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
    return Math.abs(c * u + s * v) <= size[0] / 2 && Math.abs(c * v - s * u) <= size[1] / 2;
  };
  const step = 0.01;
  let cells = 0;
  for (let x = -3; x < 3; x += step) {
    for (let y = -3; y < 3; y += step) if (holds(a, x, y) && holds(b, x, y)) cells++;
  }
  // The outline, below 10 m, runs through at most 2 of its length in cells.
  assertLess(Math.abs(overlapArea(a, b) - cells * step ** 2), 20 * step);
  assertAlmostEquals(overlapArea(a, b), overlapArea(b, a), 1e-12);
});

Deno.test("suppressed() keeps the best of boxes that overlap or lie close", () => {
  const boxes = [box(0, 0.5), box(1, 0.9), box(1.2, 0.7), box(9, 0.6)];
  const scores = (by: "overlap" | "distance", limit: number, before = 10, after = 10) =>
    suppressed(boxes, { by, limit, before, after }).map(({ score }) => score);
  assertEquals(scores("overlap", 0.2), [0.9, 0.6]);
  assertEquals(scores("overlap", 0.65), [0.9, 0.6, 0.5]);
  assertEquals(scores("distance", 1), [0.9, 0.6]);
  assertEquals(scores("distance", 0.9), [0.9, 0.6, 0.5]);
  assertEquals(scores("overlap", 0.2, 2), [0.9]);
  assertEquals(scores("overlap", 0.2, 10, 1), [0.9]);
});

Deno.test("anchorBoxes() finds planted boxes, in the half turn that the direction names", () => {
  const cells = 176 * 200;
  const classes = new Float32Array(cells * 6 * 3).fill(-9);
  const boxes = new Float32Array(cells * 6 * 7);
  const directions = new Float32Array(cells * 6 * 2);
  // The car anchor at heading 1.57 of cell (10, 20), and the pedestrian at heading 0 of (150, 3).
  const car = (10 * 200 + 20) * 6 + 1;
  classes[3 * car] = 2;
  boxes.set([0.5, -0.25, 0.1, Math.log(1.5), 0, 0, 0.2], 7 * car);
  directions[2 * car + 1] = 1;
  const walker = (150 * 200 + 3) * 6 + 2;
  classes[3 * walker + 1] = 0;
  const found = anchorBoxes({ classes, boxes, directions }, KITTI_RANGE);
  assertEquals(found.map(({ label }) => label), [0, 1]);
  const diagonal = Math.hypot(3.9, 1.6);
  const [first, second] = found as [DetectedBox, DetectedBox];
  assertAlmostEquals(first.score, 1 / (1 + Math.exp(-2)), 1e-6);
  assertAlmostEquals(first.centre[0], 10 * 70.4 / 175 + 0.5 * diagonal, 1e-6);
  assertAlmostEquals(first.centre[1], -40 + 20 * 80 / 199 - 0.25 * diagonal, 1e-6);
  assertAlmostEquals(first.centre[2], -1.78 + 1.56 / 2 + 0.1 * 1.56, 1e-6);
  assertAlmostEquals(first.size[0], 3.9 * 1.5, 1e-6);
  // 1.57 + 0.2 lies in the bin from 0.785 on; bin 1 is half a turn further.
  assertAlmostEquals(first.yaw, 1.77 + Math.PI, 1e-6);
  // 0 lies before 0.785: the same line, half a turn on.
  assertAlmostEquals(second.yaw, Math.PI, 1e-6);
  assertAlmostEquals(second.centre[2], -0.6 + 1.73 / 2, 1e-6);
});

Deno.test("carBoxes() finds a planted car, turned as KITTI's camera has it", () => {
  const anchors = 176 * 200 * 2;
  const classes = new Float32Array(anchors).fill(-9);
  const boxes = new Float32Array(anchors * 7);
  const directions = new Float32Array(anchors * 2);
  // The anchor at heading 1.57 of cell (10, 20), width first; one below 0.3; one above the range.
  const car = (10 * 200 + 20) * 2 + 1;
  classes[car] = 2;
  boxes.set([0.5, -0.25, 0.1, Math.log(1.5), Math.log(1.25), 0, 0.2], 7 * car);
  classes[car + 400] = Math.log(0.29 / 0.71);
  classes[car + 4000] = 1;
  boxes[7 * (car + 4000) + 2] = 2;
  const decode = () => carBoxes({ classes, boxes, directions }, KITTI_RANGE);
  const [first, rest] = decode();
  assertEquals(rest, undefined);
  const diagonal = Math.hypot(3.9, 1.6);
  assertAlmostEquals(first!.score, 1 / (1 + Math.exp(-2)), 1e-6);
  assertAlmostEquals(first!.centre[0], 10 * 70.4 / 175 + 0.5 * diagonal, 1e-6);
  assertAlmostEquals(first!.centre[1], -40 + 20 * 80 / 199 - 0.25 * diagonal, 1e-6);
  assertAlmostEquals(first!.centre[2], -1 + 0.1 * 1.56, 1e-6);
  assertAlmostEquals(first!.size[0], 3.9 * 1.25, 1e-6);
  assertAlmostEquals(first!.size[1], 1.6 * 1.5, 1e-6);
  // 1.77 becomes 1.77 - pi with bin 0; in the LiDAR's axes it is -angle - pi / 2.
  assertAlmostEquals(first!.yaw, Math.PI - 1.77 - Math.PI / 2, 1e-6);
  directions[2 * car + 1] = 1;
  assertAlmostEquals(decode()[0]!.yaw, -1.77 - Math.PI / 2, 1e-6);
});

/** 8 x 4 cells. */
const RANGE: DetectionRange = {
  low: [-3.2, 1, -2],
  high: [3.2, 4.2, 2],
  voxel: [0.1, 0.1, 0.1],
  maxPoints: 5,
  maxVoxels: 10,
};
const TASKS = { groups: [["a"], ["b", "c"]], velocity: true };

/** Heads of two groups, all cells unlikely; a peak of class "c" at cell (5, 2). */
function heads(): Float32Array[] {
  const cells = 32;
  const outputs = TASKS.groups.flatMap(({ length }) =>
    [2, 1, 3, 2, 2, length].map((width) => new Float32Array(cells * width))
  );
  outputs[5]!.fill(-9);
  outputs[11]!.fill(-9);
  const at = 5 * 4 + 2;
  outputs[6]!.set([0.25, 0.75], 2 * at);
  outputs[7]![at] = 0.6;
  outputs[8]!.set([Math.log(2), Math.log(5), Math.log(3)], 3 * at);
  outputs[9]!.set([Math.sin(0.3), Math.cos(0.3)], 2 * at);
  outputs[10]!.set([4, -1], 2 * at);
  outputs[11]![2 * at + 1] = 1;
  return outputs;
}

Deno.test("centerBoxes() finds a planted centre with its box and velocity", () => {
  const found = centerBoxes(heads(), TASKS, RANGE, NUSCENES_DECODING);
  assertEquals(found.length, 1);
  const [{ centre, size, yaw, score, label, velocity }] = found as [DetectedBox];
  assertAlmostEquals(centre[0], 5.25 * 0.8 - 3.2, 1e-6);
  assertAlmostEquals(centre[1], 2.75 * 0.8 + 1, 1e-6);
  assertAlmostEquals(centre[2], 0.6, 1e-6);
  [5, 2, 3].forEach((metres, i) => assertAlmostEquals(size[i]!, metres, 1e-5));
  assertAlmostEquals(yaw, -0.3 - Math.PI / 2, 1e-6);
  assertAlmostEquals(score, 1 / (1 + Math.exp(-1)), 1e-6);
  assertEquals([label, velocity], [2, [4, -1]]);
});

Deno.test("centerBoxes() suppresses group by group, by overlap or by distance", () => {
  const outputs = heads();
  // The next cell's centre, 0.8 m on, with a box of 1 m; and one of the other group.
  outputs[11]![2 * (6 * 4 + 2)] = 0.5;
  outputs[5]![5 * 4 + 2] = 0;
  const labels = (decoding: typeof NUSCENES_DECODING) =>
    centerBoxes(outputs, TASKS, RANGE, decoding).map(({ label }) => label);
  assertEquals(labels(NUSCENES_DECODING), [0, 2, 1]);
  assertEquals(labels(NUSCENES_CIRCLES), [0, 2]);
  assertEquals(labels({ ...NUSCENES_DECODING, reach: [0.5, 10] }), []);
});

Deno.test("queryBoxes() moves queries by what they say, and multiplies their scores", () => {
  const proposals = Float32Array.of(2.5, 1.5, 1, 0.5, 0.5, 0.5, 0, 0);
  const outputs = [
    [0.5, -0.5, 0, 0],
    [0.75, 0],
    [Math.log(2), Math.log(5), Math.log(3), 0, 0, 0],
    [Math.sin(0.3), Math.cos(0.3), 0, 1],
    [4, -1, 0, 0],
    [-9, 0, 3, 3],
  ].map((values) => Float32Array.from(values));
  const found = queryBoxes([proposals, ...outputs], RANGE);
  // The second has no peak behind it.
  assertEquals(found.length, 1);
  const [{ centre, size, yaw, score, label, velocity }] = found as [DetectedBox];
  assertAlmostEquals(centre[0], 3 * 0.8 - 3.2, 1e-6);
  assertAlmostEquals(centre[1], 1 * 0.8 + 1, 1e-6);
  assertAlmostEquals(centre[2], 0.75, 1e-6);
  [5, 2, 3].forEach((metres, i) => assertAlmostEquals(size[i]!, metres, 1e-5));
  assertAlmostEquals(yaw, -0.3 - Math.PI / 2, 1e-6);
  assertEquals([score, label, velocity], [0.25, 1, [4, -1]]);
});

Deno.test("cameraCenterBoxes() decodes each class of a cell, and enlarges small things to suppress", () => {
  const range: DetectionRange = { ...RANGE };
  const groups = [1, 2, 2, 1, 2, 2];
  const outputs = groups.flatMap((classes) => [
    ...[2, 1, 3, 2, 2].map((width) => new Float32Array(32 * width)),
    new Float32Array(32 * classes).fill(-9),
  ]);
  // A truck and a construction vehicle in cell (5, 2), which overlap: the likelier one stays.
  outputs[11]!.set([1, 2], 2 * (5 * 4 + 2));
  // Pedestrians 0.8 m apart, 0.5 m wide: they overlap once they are 2.5 times as large.
  outputs[35]![2 * (1 * 4 + 1)] = 3;
  outputs[35]![2 * (2 * 4 + 1)] = 1;
  outputs[32]!.fill(Math.log(0.5));
  const found = cameraCenterBoxes(outputs, range);
  assertEquals(found.map(({ label }) => label), [2, 8]);
  const [vehicle, walker] = found as [DetectedBox, DetectedBox];
  assertAlmostEquals(vehicle.centre[0], -3.2 + 5 * 0.8, 1e-6);
  assertAlmostEquals(vehicle.centre[1], 1 + 2 * 0.8, 1e-6);
  assertAlmostEquals(walker.size[0], 0.5, 1e-6);
  assertAlmostEquals(walker.score, 1 / (1 + Math.exp(-3)), 1e-6);
  // Cars are suppressed by distance: 4 squared metres are between cells 3 apart, 2.4 m.
  outputs[5]!.set([2], 0);
  outputs[5]!.set([1], 2 * 4);
  outputs[5]!.set([1], 3 * 4);
  const cars = cameraCenterBoxes(outputs, range).filter(({ label }) => label === 0);
  assertEquals(cars.map(({ centre }) => Math.round(10 * centre[0])), [-32, -8]);
});
