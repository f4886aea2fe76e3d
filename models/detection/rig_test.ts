import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { InputError } from "../../std/errors.ts";
import { FUSION_BOXES } from "../nets/bevfusion.ts";
import type { RgbImage } from "./resample.ts";
import { type RigCamera, rigInputs } from "./rig.ts";

const plain = (width: number, height: number): RgbImage => ({
  width,
  height,
  samples: new Uint8Array(3 * width * height).fill(100),
});
const IMAGE = plain(1600, 900);

/** Looks ahead of the scan, 1 m before its origin and 0.5 m to its left. */
const FRONT: RigCamera = {
  name: "CAM_FRONT",
  intrinsic: [1200, 0, 810, 0, 1210, 480, 0, 0, 1],
  fromSensor: [0, -1, 0, 0.5, 0, 0, -1, 0, 1, 0, 0, -1],
  image: IMAGE,
};
const ONE = { ...FUSION_BOXES, cameras: 1 };
const points = (...rows: readonly (readonly number[])[]) => ({
  points: Float32Array.from(rows.flat()),
  channels: 5,
  range: FUSION_BOXES.range,
});

Deno.test("rigInputs() puts the depth of a point where the camera sees it after crop and scale", () => {
  // In the scan 21 m ahead and 2.5 m left; the network's x is right and its y ahead.
  const inside = [-2.5, 21, -0.5, 0, 0];
  const [, , depths] = rigInputs([FRONT], ONE, points(inside, [99, 21, 0, 0, 0]), "the scan");
  const found = [...depths!].flatMap((depth, i) => depth > 0 ? [i, depth] : []);
  // In the camera (-2, 0.5, 20).
  const [u, v] = [1200 * -2 / 20 + 810, 1210 * 0.5 / 20 + 480];
  const [column, row] = [Math.floor(0.48 * u - 32), Math.floor(0.48 * v - 176)];
  assertEquals([...found], [row * 704 + column, 20]);
});

Deno.test("rigInputs() gives rays that meet the pixels that they start from", () => {
  const [, rays] = rigInputs([FRONT], ONE, points(), "the scan");
  const [rows, columns] = FUSION_BOXES.frustum.features;
  const bins = 118;
  assertEquals(rays!.length, rows * columns * bins * 3);
  for (const [row, column, bin] of [[0, 0, 0], [31, 87, 117], [10, 40, 60]] as const) {
    const at = 3 * ((row * columns + column) * bins + bin);
    const [x, y, z] = rays!.subarray(at, at + 3);
    // The camera's axes from the network's: right is x, ahead y.
    const [right, down, ahead] = [x! + 0.5, -z!, y! - 1];
    assertAlmostEquals(ahead, 1 + bin / 2, 1e-4);
    const [u, v] = [1200 * right / ahead + 810, 1210 * down / ahead + 480];
    assertAlmostEquals(0.48 * u - 32, column * 703 / 87, 1e-2);
    assertAlmostEquals(0.48 * v - 176, row * 255 / 31, 1e-2);
  }
});

Deno.test("rigInputs() normalises the bottom of the image as torchvision does", () => {
  const samples = new Uint8Array(IMAGE.samples);
  // Above what is kept.
  samples.fill(255, 0, 3 * 1600 * 360);
  const image = { ...IMAGE, samples };
  const [pixels] = rigInputs([{ ...FRONT, image }], ONE, points(), "the scan");
  assertEquals(pixels!.length, 256 * 704 * 3);
  const expected = [0.485, 0.456, 0.406].map((mean, c) =>
    (100 / 255 - mean) / [0.229, 0.224, 0.225][c]!
  );
  const last = pixels!.length - 3;
  expected.forEach((value, c) => assertAlmostEquals(pixels![last + c]!, value, 1e-6));
  // The filter reaches 8 pixels past the edge at 176 / 0.48 = 366.7.
  const first = 3 * 704 * 8;
  expected.forEach((value, c) => assertAlmostEquals(pixels![first + c]!, value, 1e-6));
});

Deno.test("rigInputs() says how many cameras are needed, and of which size", () => {
  const refuses = (rig: readonly RigCamera[], text: string) => {
    const error = assertThrows(() => rigInputs(rig, ONE, points(), "the scan"), InputError);
    assertEquals(error.message, `Cannot run a network on the scan: ${text}`);
  };
  refuses([], "it has 0 cameras, and 1 are needed");
  refuses(
    [{ ...FRONT, image: plain(1600, 901) }],
    "the image of CAM_FRONT is 1600 x 901 pixels, and 1600 x 900 are needed",
  );
  const intrinsic = [0, 0, 0, 0, NaN, 0, 0, 0, 1];
  refuses(
    [{ ...FRONT, intrinsic }],
    "the calibration of CAM_FRONT is (0, 0, 0, 0, NaN, 0, 0, 0, 1) and " +
      "(0, -1, 0, 0.5, 0, 0, -1, 0, 1, 0, 0, -1), and finite numbers with focal lengths above 0 " +
      "are needed",
  );
});
