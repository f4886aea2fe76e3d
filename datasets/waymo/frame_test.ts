import { assertAlmostEquals, assertEquals } from "@std/assert";
import { deflateSync } from "node:zlib";
import { MessageWriter } from "../../std/protobuf_writer.ts";
import { encodePng } from "../png.ts";
import { readFrame } from "./frame.ts";

const OPTIONS = { dropInvalid: false, warn: () => {}, dropped: () => {} };

const transform = (...m: readonly number[]) => new MessageWriter().double(1, ...m, 0, 0, 0, 1);
const IDENTITY = transform(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);
/** Turned to the left by a right angle, at (0, 0, 2). */
const LEFT = transform(0, -1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2);

function grid(channels: number, values: Float32Array): Uint8Array {
  const shape = new MessageWriter().ints(1, [2, 4, channels]);
  const matrix = new MessageWriter().bytes(1, new Uint8Array(values.buffer)).bytes(2, shape);
  return deflateSync(matrix.finish());
}

/** A range image of 2 x 4 pixels with one return: 10 m at a pixel. */
function image(pixel: number): Float32Array {
  const values = new Float32Array(2 * 4 * 4);
  values.set([10, 0.5, 0.25, 1], 4 * pixel);
  return values;
}

function frame(first: MessageWriter, extrinsic = IDENTITY): Uint8Array {
  const laser = new MessageWriter().int(1, 1).double(2, -0.1, 0.2).bytes(5, extrinsic);
  const camera = new MessageWriter().int(1, 1)
    .double(2, 100, 110, 32, 24, 0.1, 0.2, 0.3, 0.4, 0.5).bytes(3, IDENTITY).int(4, 64).int(5, 48);
  const picture = encodePng(64, 48, new Uint8Array(3 * 64 * 48));
  const context = new MessageWriter().bytes(1, "segment").bytes(2, camera).bytes(3, laser);
  return new MessageWriter().bytes(1, context).int(2, 7).bytes(3, IDENTITY)
    .bytes(4, new MessageWriter().int(1, 1).bytes(2, picture))
    .bytes(5, new MessageWriter().int(1, 1).bytes(2, first)).finish();
}

function assertPoint(found: Float32Array, x: number, y: number, z: number): void {
  [x, y, z].forEach((value, i) => assertAlmostEquals(found[i]!, value, 1e-5));
}

Deno.test("readFrame() places a pixel by its column's azimuth and its row's inclination", () => {
  // Row 0 is the highest beam; column 1 of 4 is 45 degrees to the left.
  const first = new MessageWriter().bytes(2, grid(4, image(1)));
  const { id, points, features } = readFrame(frame(first), "a frame", OPTIONS);
  assertEquals(id, "segment/7");
  const flat = 10 * Math.cos(0.2) * Math.SQRT1_2;
  assertPoint(points, flat, flat, 10 * Math.sin(0.2));
  assertEquals(points[3], 0.5);
  assertEquals([...features!], [0.25, 1, 1, 1, 0]);
});

Deno.test("readFrame() turns with the laser, whose azimuths are those of the vehicle", () => {
  // The image is turned back by the laser's yaw, so that column 1 is still 45 degrees to the left.
  const first = new MessageWriter().bytes(2, grid(4, image(1)));
  const { points } = readFrame(frame(first, LEFT), "a frame", OPTIONS);
  const flat = 10 * Math.cos(0.2) * Math.SQRT1_2;
  assertPoint(points, flat, flat, 10 * Math.sin(0.2) + 2);
});

Deno.test("readFrame() moves a pixel by the vehicle's pose when it was measured", () => {
  const poses = new Float32Array(2 * 4 * 6);
  // Yaw by a right angle, then 1 m ahead, at the pixel alone.
  poses.set([0, 0, Math.PI / 2, 1, 0, 0], 6 * 5);
  const first = new MessageWriter().bytes(2, grid(4, image(5))).bytes(4, grid(6, poses));
  const { points } = readFrame(frame(first), "a frame", OPTIONS);
  const flat = 10 * Math.cos(0.1) * Math.SQRT1_2;
  assertPoint(points, 1 - flat, flat, -10 * Math.sin(0.1));
});

Deno.test("readFrame() gives cameras that look along z, with their images", () => {
  const first = new MessageWriter().bytes(2, grid(4, image(1)));
  const { cameras, images } = readFrame(frame(first), "a frame", OPTIONS);
  assertEquals(cameras!.names, ["FRONT"]);
  assertEquals([...cameras!.intrinsic], [100, 0, 32, 0, 110, 24, 0, 0, 1]);
  assertEquals([...cameras!.distortion!], [0.1, 0.2, 0.3, 0.4, 0.5]);
  assertEquals([...cameras!.size], [64, 48]);
  // x of the vehicle is ahead of the camera, its y to the left and its z up.
  assertEquals([...cameras!.fromSensor].map((v) => v + 0), [0, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0]);
  assertEquals(images!.length, 1);
  const bare = readFrame(frame(first), "a frame", { ...OPTIONS, images: false });
  assertEquals(bare.images, undefined);
  assertEquals(bare.cameras!.names, ["FRONT"]);
});
