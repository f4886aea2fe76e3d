/** Raw twin of Waymo Open: a TFRecord file a segment, frames with the range images of one laser. */
import { deflateSync } from "node:zlib";
import { HDL64 } from "../synth/sensor.ts";
import { encodeRecord } from "../tfrecord.ts";
import { writeAtomic } from "../../std/files.ts";
import { MessageWriter } from "../../std/protobuf_writer.ts";
import { CLASS_NAMES, type FullScan, instancePoints, type RawTwin, simulated } from "./raw_twin.ts";

/** Frames of a segment, and columns of a range image, as in the data set. */
const SEGMENT = 198;
export const WAYMO_COLUMNS = 2650;

const { rings: RINGS, lasers: { elevation } } = HDL64;

/** Inclinations of the rows from the bottom to the top, as a calibration lists them. */
export const WAYMO_INCLINATIONS: readonly number[] = Array.from(
  { length: RINGS },
  (_, k) => elevation[RINGS - 1 - k]!,
);

export const waymoTwin: RawTwin = {
  unit: "frames",
  async write(out, count, seed, tick) {
    await Deno.mkdir(out, { recursive: true });
    for (let first = 0; first < count; first += SEGMENT) {
      const name = `segment-${seed}-${first / SEGMENT}_with_camera_labels`;
      await writeAtomic(`${out}/${name}.tfrecord`, async (temporary) => {
        using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
        for (let i = first; i < Math.min(count, first + SEGMENT); i++) {
          const record = encodeRecord(frame(name, i, simulated(seed, i)));
          for (let at = 0; at < record.length;) at += await file.write(record.subarray(at));
          tick();
        }
      });
    }
  },
};

/** A frame of one laser at the vehicle's origin. */
function frame(segment: string, index: number, scan: FullScan): Uint8Array {
  const laser = new MessageWriter().int(1, 1).double(2, ...WAYMO_INCLINATIONS)
    .bytes(5, transform(IDENTITY));
  const context = new MessageWriter().bytes(1, segment).bytes(3, laser);
  const [first, second] = rangeImages(scan);
  const message = new MessageWriter().bytes(1, context).int(2, 1_550_000_000_000_000 + index * 1e5)
    .bytes(3, transform(scan.pose))
    .bytes(5, new MessageWriter().int(1, 1).bytes(2, first).bytes(3, second));
  for (const label of labels(scan)) message.bytes(6, label);
  return message.finish();
}

const IDENTITY = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

const transform = (m: Float64Array) => new MessageWriter().double(1, ...m, 0, 0, 0, 1);

/** Where a row ends and the next begins, from the top. */
const ROW_ENDS = Float64Array.from(
  { length: RINGS - 1 },
  (_, k) => (elevation[k]! + elevation[k + 1]!) / 2,
);

/** Row and column of the pixel that a point falls into. */
function waymoPixel(x: number, y: number, z: number): readonly [number, number] {
  const inclination = Math.atan2(z, Math.hypot(x, y));
  const below = ROW_ENDS.findIndex((end) => inclination > end);
  const row = below < 0 ? RINGS - 1 : below;
  const turn = (1 - Math.atan2(y, x) / Math.PI) / 2; // 0 behind, rising to the right
  return [row, Math.min(WAYMO_COLUMNS - 1, Math.floor(turn * WAYMO_COLUMNS))];
}

/** The first point of each pixel, and the second; a third is lost, as in a real sensor. */
function rangeImages({ points, semantic, instance }: FullScan): [MessageWriter, MessageWriter] {
  const pixels = RINGS * WAYMO_COLUMNS;
  const images = [0, 1].map(() => ({
    values: new Float32Array(4 * pixels),
    labels: new Int32Array(2 * pixels),
  }));
  for (let i = 0; i < points.length / 4; i++) {
    const [x = 0, y = 0, z = 0, intensity = 0] = points.subarray(4 * i);
    const [row, column] = waymoPixel(x, y, z);
    const at = row * WAYMO_COLUMNS + column;
    const image = images.find(({ values }) => values[4 * at] === 0);
    image?.values.set([Math.hypot(x, y, z), intensity, 0, 0], 4 * at);
    image?.labels.set([instance[i]!, CLASS_NAMES.get(semantic[i]!)!.waymo[0]], 2 * at);
  }
  const shape = (channels: number) => new MessageWriter().ints(1, [RINGS, WAYMO_COLUMNS, channels]);
  return images.map(({ values, labels }) => {
    const floats = new MessageWriter().bytes(1, new Uint8Array(values.buffer)).bytes(2, shape(4));
    const ints = new MessageWriter().ints(1, labels).bytes(2, shape(2));
    return new MessageWriter().bytes(2, deflateSync(floats.finish()))
      .bytes(6, deflateSync(ints.finish()));
  }) as [MessageWriter, MessageWriter];
}

function labels(scan: FullScan): MessageWriter[] {
  const points = instancePoints(scan);
  const { geometry, semantic, instance } = scan.boxes;
  return Array.from(semantic, (id, b) => {
    const [x = 0, y = 0, z = 0, l = 0, w = 0, h = 0, yaw = 0] = geometry.subarray(7 * b);
    const box = new MessageWriter();
    [x, y, z, w, l, h, yaw].forEach((value, i) => box.double(i + 1, value));
    return new MessageWriter().bytes(1, box).int(3, CLASS_NAMES.get(id)!.waymo[1])
      .bytes(4, `object-${instance[b]}-${b}`).int(7, points[b]!);
  });
}
