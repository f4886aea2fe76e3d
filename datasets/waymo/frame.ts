/** A frame of the Waymo Open Dataset as a scan; field numbers are those of dataset.proto and label.proto. */
import { InputError } from "../../std/errors.ts";
import { type Camera, packCameras } from "../cameras.ts";
import { imageSize } from "../encoded_image.ts";
import type { ConvertOptions } from "../dataset.ts";
import { compose, invert } from "../matrix34.ts";
import { Message } from "../protobuf.ts";
import { WAYMO_BOX_CLASS, WAYMO_CAMERAS } from "../published/waymo.ts";
import type { Boxes, Scan } from "../scan.ts";
import { readPoints } from "./points.ts";
import { transform } from "./transform.ts";

/** A camera here looks along z with y down; Waymo's along x with z up. */
const PINHOLE_FROM_WAYMO = Float64Array.of(0, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0);

/**
 * Decodes the bytes of a frame.
 *
 * @throws {InputError} that names `place` when they are no frame, or damaged.
 */
export function readFrame(bytes: Uint8Array, place: string, options: ConvertOptions): Scan {
  try {
    const frame = new Message(bytes);
    const context = frame.message(1);
    const pose = transform(frame.message(3), "the frame");
    const time = frame.int(2);
    return {
      id: `${context.text(1)}/${time}`,
      ...readPoints(frame, pose, options),
      time,
      pose,
      boxes: boxesOf(frame.messages(6)),
      ...packCameras(camerasOf(frame, context, place, options)),
    };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new InputError(`Cannot read ${place}: ${cause.message}`, { cause });
  }
}

function boxesOf(labels: readonly Message[]): Boxes {
  const boxes = labels.map((label) => label.message(1));
  const geometry = boxes.map((box, i) => {
    const values = [1, 2, 3, 5, 4, 6, 7].map((field) => box.double(field));
    const isSound = values.every(Number.isFinite) && values.slice(3, 6).every((side) => side > 0);
    if (!isSound) throw new RangeError(`label ${i} has the box (${values.join(", ")})`);
    return values;
  });
  return {
    geometry: Float32Array.from(geometry.flat()),
    semantic: Uint16Array.from(labels, (label, i) => {
      const type = label.int(3);
      if (type < 0 || type > 4) throw new RangeError(`label ${i} has the type ${type}, not 0 to 4`);
      return WAYMO_BOX_CLASS + type;
    }),
    instance: Uint16Array.from(labels, (_, i) => i + 1),
    features: Float32Array.from(labels.flatMap((label) => {
      const metadata = label.message(2);
      return [metadata.double(1), metadata.double(2), label.int(7), label.int(5), label.int(6)];
    })),
    ids: labels.map((label) => label.text(4)),
  };
}

function camerasOf(
  frame: Message,
  context: Message,
  place: string,
  { images: withImages = true }: ConvertOptions,
): Camera[] {
  const images = new Map(frame.messages(4).map((image) => [image.int(1), image.bytes(2)]));
  return context.messages(2).map((calibration) => {
    const number = calibration.int(1);
    const name = WAYMO_CAMERAS[number];
    if (name === undefined) throw new RangeError(`there is no camera ${number}`);
    const values = calibration.doubles(2);
    const [fu = 0, fv = 0, cu = 0, cv = 0, ...distortion] = values;
    if (values.length !== 9) throw new RangeError(`camera ${name} has ${values.length} intrinsics`);
    const extrinsic = transform(calibration.message(3), `camera ${name}`);
    const size = [calibration.int(4), calibration.int(5)] as const;
    const image = images.get(number);
    if (image !== undefined) checkSize(image, size, `${place} camera ${name}`);
    return {
      name,
      intrinsic: [fu, 0, cu, 0, fv, cv, 0, 0, 1],
      fromSensor: compose(PINHOLE_FROM_WAYMO, invert(extrinsic)),
      size,
      distortion,
      ...(image !== undefined && withImages && { image }),
    };
  });
}

function checkSize(image: Uint8Array, size: readonly [number, number], place: string): void {
  const found = imageSize(image, place);
  if (found[0] === size[0] && found[1] === size[1]) return;
  throw new RangeError(
    `the image of ${place} is ${found.join(" x ")} pixels, and its calibration says ${
      size.join(" x ")
    }`,
  );
}
