/** Boxes as a serialized waymo.open_dataset.Objects: a message an object, by the field numbers. */
import type { DetectedBox } from "../../models/detection/box.ts";
import { MessageWriter } from "../../std/protobuf_writer.ts";

/** Label.Type by class name. */
const TYPES: Readonly<Record<string, number>> = { VEHICLE: 1, PEDESTRIAN: 2, CYCLIST: 4 };

/**
 * The objects of a frame; files of many frames are these one after the other.
 *
 * @param time microseconds
 */
export function waymoObjects(
  context: string,
  time: bigint,
  boxes: readonly DetectedBox[],
  labels: readonly string[],
): Uint8Array<ArrayBuffer>[] {
  const finite = boxes.filter(({ centre, size, yaw, score }) =>
    [...centre, ...size, yaw, score].every(Number.isFinite)
  );
  return finite.map(({ centre, size: [length, width, height], yaw, score, label }) => {
    const box = new MessageWriter();
    [...centre, width, length, height, yaw].forEach((value, i) => box.double(i + 1, value));
    const found = new MessageWriter().bytes(1, box).int(3, TYPES[labels[label]!]!);
    const object = new MessageWriter().bytes(1, found).float(2, score);
    return new MessageWriter().bytes(1, object.bytes(4, context).int(5, time)).finish();
  });
}
