import { InputError } from "../../std/errors.ts";
import { cloudOfRows } from "../clouds/cloud.ts";
import { scanOfCloud } from "../clouds/to_scan.ts";
import type { ConvertOptions, Part } from "../dataset.ts";
import type { H5File } from "../h5_file.ts";
import { rowLabels, rowsPart } from "../h5_rows.ts";
import { S3DIS } from "../published/s3dis.ts";
import type { Scan } from "../scan.ts";
import { pvcnnLabels } from "./room.ts";

const NAMES = ["x", "y", "z", "red", "green", "blue"];

/**
 * The blocks that PointNet (`data`, `label`) and PVCNN (`data`, `data_num`, `label_seg`) cut rooms
 * into: coordinates about the block, colours from 0 to 1.
 */
export function blocksPart(
  src: string,
  files: readonly string[],
  options: ConvertOptions,
): Promise<Part> {
  return rowsPart("blocks", src, files, {
    points: "data",
    read: (file, row, id, place) => readBlock(file, row, { id, place }, options),
  });
}

async function readBlock(
  file: H5File,
  row: number,
  { id, place }: { id: string; place: string },
  { dropInvalid, dropped }: ConvertOptions,
): Promise<Scan> {
  const { data, shape } = await file.read("data", row, row + 1);
  const [, room = 0, width = 0] = shape;
  const isPvcnn = file.has("label_seg");
  const points = isPvcnn ? Number((await file.read("data_num", row, row + 1)).data[0]) : room;
  if (!(points >= 1 && points <= room) || width < 6) {
    throw new InputError(
      `Cannot convert ${place}: it has ${points} of ${room} points of ${width} values, and 6 or ` +
        `more are needed`,
    );
  }
  const values = Float32Array.from(data as ArrayLike<number>).subarray(0, points * width);
  const name = isPvcnn ? "label_seg" : "label";
  const labels = (await rowLabels(file, name, row, room, place)).subarray(0, points);
  const columns = new Map(cloudOfRows(values, width, NAMES).columns);
  columns.set("label", isPvcnn ? pvcnnLabels(labels, place) : labels);
  return scanOfCloud({ points, columns }, {
    ...{ id, place, dropInvalid, dropped },
    classes: S3DIS.classes,
  });
}
