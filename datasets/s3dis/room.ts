import { InputError } from "../../std/errors.ts";
import { type Cloud, type CloudColumn, cloudOfRows } from "../clouds/cloud.ts";
import { openClouds } from "../clouds/open.ts";
import { parseRows } from "../clouds/text_rows.ts";
import { scanOfCloud } from "../clouds/to_scan.ts";
import type { ConvertOptions } from "../dataset.ts";
import { PVCNN_TO_S3DIS, S3DIS, s3disClass } from "../published/s3dis.ts";
import type { Scan } from "../scan.ts";
import { parseNpy } from "../../std/npz.ts";

const NAMES = ["x", "y", "z", "red", "green", "blue"];
/** Rooms have a few million points: 8 values of 8 bytes each. */
const MAX_TEXT = 2 ** 31 - 1;

const toScan = (
  id: string,
  place: string,
  cloud: Cloud,
  { dropInvalid, dropped }: ConvertOptions,
) => scanOfCloud(cloud, { id, place, dropInvalid, dropped, classes: S3DIS.classes });

/**
 * The points of a room's annotation files, one an object: "chair_3.txt" with lines x y z r g b.
 * Instances are the files from 1 on, in the order of their names. One published file has a control
 * character where a blank belongs, which is read as one.
 *
 * @throws {InputError} with the line that does not hold six numbers.
 */
export async function readAnnotations(
  id: string,
  files: readonly string[],
  options: ConvertOptions,
): Promise<Scan> {
  const tables: Float64Array[] = [];
  for (const path of files) {
    const { size } = await Deno.stat(path);
    if (size > MAX_TEXT) throw new InputError(`Cannot read "${path}": it is ${size} bytes`);
    const bytes = await Deno.readFile(path);
    tables.push(parseRows(bytes, { columns: 6, place: `"${path}"` }).values.slice());
  }
  const points = tables.reduce((sum, { length }) => sum + length / 6, 0);
  const values = new Float64Array(6 * points);
  const [label, instance] = [new Uint16Array(points), new Uint16Array(points)];
  let at = 0;
  tables.forEach((table, i) => {
    const name = files[i]!.slice(files[i]!.lastIndexOf("/") + 1);
    values.set(table, 6 * at);
    label.fill(s3disClass(name.split("_")[0]!), at, at + table.length / 6);
    instance.fill(i + 1, at, at + table.length / 6);
    at += table.length / 6;
  });
  const columns = new Map<string, CloudColumn>(cloudOfRows(values, 6, NAMES).columns);
  columns.set("label", label).set("instance", instance);
  const folder = files[0]!.slice(0, files[0]!.lastIndexOf("/"));
  return toScan(id, `"${folder}"`, { points, columns }, options);
}

/** PointNet's room: a matrix of x, y, z, r, g, b, class. */
export async function readPointnetRoom(
  id: string,
  path: string,
  options: ConvertOptions,
): Promise<Scan> {
  using file = await openClouds(path);
  const cloud = await file.read(0);
  if (!cloud.columns.has("label")) {
    throw new InputError(
      `Cannot convert "${path}": x, y, z, r, g, b and a class are needed a point`,
    );
  }
  return toScan(id, `"${path}"`, cloud, options);
}

/** PVCNN's room: a matrix of x, y, z, r, g, b, and classes in PVCNN's numbers. */
export async function readPvcnnRoom(
  id: string,
  path: string,
  labelPath: string,
  options: ConvertOptions,
): Promise<Scan> {
  using file = await openClouds(path);
  const { points, columns } = await file.read(0);
  const { data } = parseNpy(await Deno.readFile(labelPath), `"${labelPath}"`);
  if (data.length !== points || !columns.has("red")) {
    throw new InputError(
      `Cannot convert "${labelPath}": it has ${data.length} labels, and "${path}" has ${points} ` +
        `points of ${columns.size} values`,
    );
  }
  const label = pvcnnLabels(data, `"${labelPath}"`);
  return toScan(
    id,
    `"${path}"`,
    { points, columns: new Map(columns).set("label", label) },
    options,
  );
}

/** PVCNN's class numbers in PointNet's. @throws {InputError} for others than 0 to 12. */
export function pvcnnLabels(
  data: { readonly length: number; readonly [i: number]: number | bigint },
  place: string,
): Uint16Array {
  return Uint16Array.from({ length: data.length }, (_, i) => {
    const id = PVCNN_TO_S3DIS[Number(data[i])];
    if (id !== undefined) return id;
    throw new InputError(
      `Cannot convert ${place}: label ${i} is ${data[i]}, and 0 to 12 is needed`,
    );
  });
}
