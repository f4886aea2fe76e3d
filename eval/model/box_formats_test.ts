import { assertAlmostEquals, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { compose, fromQuaternion, rotate } from "../../datasets/matrix34.ts";
import type { DetectedBox } from "../../models/detection/box.ts";
import { InputError } from "../../std/errors.ts";
import { BOX, BOX_NUMBERS } from "../metrics/upright_boxes.ts";
import { readObjects } from "../benchmarks/waymo_files.ts";
import { boxFormat } from "./box_files.ts";
import { kittiFrame, kittiResults } from "./kitti_results.ts";
import { nuscenesBoxes } from "./nuscenes_boxes.ts";
import { waymoObjects } from "./waymo_objects.ts";

const BOX_AHEAD: DetectedBox = {
  centre: [10, 2, -1],
  size: [4, 1.6, 1.5],
  yaw: 0.3,
  score: 0.75,
  label: 0,
  velocity: [3, 4],
};

/** Camera axes from the sensor's: right is -y, down is -z, forward is x; 700 pixels a unit. */
const CALIBRATION = `P2: 700 0 600 70 0 700 180 0 0 0 1 0
R0_rect: 1 0 0 0 1 0 0 0 1
Tr_velo_to_cam: 0 -1 0 0 0 0 -1 0.1 1 0 0 -0.2
`;

Deno.test("kittiResults() writes a box as its corners and angles say by hand", () => {
  const frame = kittiFrame(CALIBRATION, "000000.txt", [1242, 375]);
  const [line, rest] = kittiResults([BOX_AHEAD], ["Car"], frame).split("\n");
  assertEquals(rest, "");
  const [type, truncated, occluded, ...numbers] = line!.split(" ");
  assertEquals([type, truncated, occluded], ["Car", "-1", "-1"]);
  const [alpha, left, top, right, bottom, h, w, l, x, y, z, ry, score] = numbers.map(Number);
  // Centre (-2, 1.1, 9.8); its underside is half the height further down.
  [[x, -2], [y, 1.1 + 0.75], [z, 9.8], [h, 1.5], [w, 1.6], [l, 4], [score, 0.75]].forEach(
    ([found, expected]) => assertAlmostEquals(found!, expected!, 1e-4),
  );
  // A heading of yaw points to (-sin yaw, 0, cos yaw): ry = -yaw - pi / 2.
  assertAlmostEquals(ry!, -0.3 - Math.PI / 2, 1e-4);
  assertAlmostEquals(alpha!, -0.3 - Math.PI / 2 - Math.atan2(-2, 9.8), 1e-4);
  const corners = [-2, 2].flatMap((along) =>
    [-0.8, 0.8].flatMap((across) =>
      [-0.75, 0.75].map((up) => {
        const forward = 10 + along * Math.cos(0.3) - across * Math.sin(0.3) - 0.2;
        const side = 2 + along * Math.sin(0.3) + across * Math.cos(0.3);
        return [
          (700 * -side + 600 * forward + 70) / forward,
          (700 * (0.1 - (-1 + up)) + 180 * forward) / forward,
        ];
      })
    )
  );
  assertAlmostEquals(left!, Math.min(...corners.map(([u]) => u!)), 1e-3);
  assertAlmostEquals(right!, Math.max(...corners.map(([u]) => u!)), 1e-3);
  assertAlmostEquals(top!, Math.min(...corners.map(([, v]) => v!)), 1e-3);
  assertAlmostEquals(bottom!, Math.max(...corners.map(([, v]) => v!)), 1e-3);
});

Deno.test("kittiResults() leaves out what the camera does not see, and cuts at the border", () => {
  const frame = kittiFrame(CALIBRATION, "000000.txt", [1242, 375]);
  const write = (centre: DetectedBox["centre"]) =>
    kittiResults([{ ...BOX_AHEAD, centre }], ["Car"], frame);
  assertEquals(write([-10, 0, -1]), "");
  assertEquals(write([10, 40, -1]), "");
  assertEquals(write([NaN, 0, 0]), "");
  assertEquals(write([10, 9, -1]).split(" ")[4], "0.0000");
});

Deno.test("nuscenesBoxes() moves boxes into the world and guesses attributes", () => {
  const pose = fromQuaternion([0.6, 0.1, -0.2, Math.sqrt(1 - 0.36 - 0.01 - 0.04)], [100, 200, 3]);
  const labels = ["car", "barrier", "pedestrian"];
  const boxes = [BOX_AHEAD, { ...BOX_AHEAD, label: 1 }, { ...BOX_AHEAD, label: 2, velocity: null }];
  const written = nuscenesBoxes("t", boxes, labels, pose) as Record<string, unknown>[];
  const [first] = written as [Record<string, number[]>];
  const moved = rotate(pose, [10, 2, -1]).map((v, i) => v + [100, 200, 3][i]!);
  moved.forEach((value, i) => assertAlmostEquals(first["translation"]![i]!, value, 1e-9));
  assertEquals(first["size"], [1.6, 4, 1.5]);
  const turn = fromQuaternion([Math.cos(0.15), 0, 0, Math.sin(0.15)], [0, 0, 0]);
  const expected = rotate(compose(pose, turn), [1, 2, 3]);
  const found = rotate(fromQuaternion(first["rotation"]!, [0, 0, 0]), [1, 2, 3]);
  expected.forEach((value, i) => assertAlmostEquals(found[i]!, value, 1e-9));
  const [vx, vy] = rotate(pose, [3, 4, 0]);
  assertEquals(first["velocity"], [vx, vy]);
  assertEquals(
    written.map((entry) => entry["attribute_name"]),
    ["vehicle.moving", "", "pedestrian.standing"],
  );
  const many = Array.from({ length: 501 }, (_, i) => ({ ...BOX_AHEAD, score: i / 501 }));
  const kept = nuscenesBoxes("t", many, labels, pose) as { detection_score: number }[];
  assertEquals([kept.length, kept[0]!.detection_score], [500, 500 / 501]);
});

Deno.test("waymoObjects() is read back as it was written", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const labels = ["VEHICLE", "PEDESTRIAN", "CYCLIST"];
    const boxes = [BOX_AHEAD, { ...BOX_AHEAD, label: 2, score: 0.5 }];
    const bytes = await new Blob(waymoObjects("ctx", 1_550_083_467_346_370n, boxes, labels))
      .bytes();
    await Deno.writeFile(`${folder}/p.bin`, bytes);
    const keys = new Map();
    const file = readObjects(`${folder}/p.bin`, false, keys);
    assertEquals([file.types, file.scores], [[1, 4], [0.75, 0.5]]);
    const box = file.boxes.slice(0, BOX_NUMBERS);
    const of = (name: keyof typeof BOX) => box[BOX[name]];
    assertEquals([of("x"), of("y"), of("z"), of("heading")], [10, 2, -1, 0.3]);
    assertEquals([of("length"), of("width"), of("height")], [4, 1.6, 1.5]);
    assertEquals([...keys.values()].map(({ context, time }) => [context, time]), [
      ["ctx_0", 1_550_083_467_346_370n],
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("boxFormat() refuses names that would leave the folder, and KITTI without calibration", () => {
  assertThrows(
    () => boxFormat({ dataset: "nuscenes", labels: [] }, undefined).path("../a"),
    InputError,
  );
  assertThrows(
    () => boxFormat({ dataset: "waymo", labels: [] }, undefined).path("../a/b"),
    InputError,
  );
  const error = assertThrows(
    () => boxFormat({ dataset: "kitti-object", labels: [] }, undefined),
    InputError,
  );
  assertMatch(error.message, /--calib DIR is missing/);
});
