import { InputError } from "../../std/errors.ts";
import type { Scan } from "../scan.ts";
import type { Cloud, CloudColumn } from "./cloud.ts";

/** Other names of the columns a scan has. */
const NAMES = {
  intensity: ["intensity", "i", "reflectance", "reflectivity", "remission", "scalar_intensity"],
  semantic: [
    "label",
    "semantic",
    "class",
    "classification",
    "labels",
    "label_seg",
    "pid",
    "scalar_label",
    "scalar_classification",
  ],
  instance: ["instance", "instance_id", "instance_label", "object", "object_id"],
  red: ["red", "r", "diffuse_red"],
  green: ["green", "g", "diffuse_green"],
  blue: ["blue", "b", "diffuse_blue"],
} as const;

/** The features of a scan made of a cloud, where its file has all three. */
export const CLOUD_FEATURES = ["red", "green", "blue"];

/** Float32 keeps a millimetre up to here; farther coordinates are moved, and the pose says so. */
const FAR_METRES = 16384;

export interface ToScan {
  readonly id: string;
  /** Of the file, for error texts. */
  readonly place: string;
  readonly classes: Readonly<Record<number, string>>;
  readonly dropInvalid: boolean;
  readonly dropped: (points: number) => void;
}

/**
 * The scan of a cloud: intensity is 0 where it has none; labels, instances and colours where it has
 * them. Coordinates in float64 far from the origin are given about the whole metres below their
 * least, and the pose holds those.
 *
 * @throws {InputError} when coordinates are missing or not finite, or a class is unknown.
 */
export function scanOfCloud(cloud: Cloud, options: ToScan): Scan {
  const { id, place, dropInvalid, dropped } = options;
  const axes = ["x", "y", "z"].map((name) => {
    const column = cloud.columns.get(name);
    if (column !== undefined) return column;
    throw new InputError(
      `Cannot convert ${place}: it has the columns ${[...cloud.columns.keys()].join(", ")}, and ` +
        `x, y, z are needed`,
    );
  });
  const kept = finiteRows(axes, cloud, place, dropInvalid);
  dropped(cloud.points - kept.length);
  const shift = axes.map((axis) => shiftOf(axis, kept));
  const intensity = column(cloud, "intensity");
  const points = new Float32Array(4 * kept.length);
  kept.forEach((from, to) => {
    for (let k = 0; k < 3; k++) points[4 * to + k] = axes[k]![from]! - shift[k]!;
    points[4 * to + 3] = intensity?.[from] ?? 0;
  });
  const [semantic, instance] = (["semantic", "instance"] as const).map((name) => {
    const values = column(cloud, name);
    return values && wholeNumbers(values, kept, `${place}: its ${name} label`);
  });
  if (semantic !== undefined) checkClasses(semantic, options);
  const features = colours(cloud, kept);
  const [x = 0, y = 0, z = 0] = shift;
  return {
    id,
    points,
    ...(features && { features }),
    ...(semantic && { semantic }),
    ...(instance && { instance }),
    ...((x || y || z) && { pose: Float64Array.of(1, 0, 0, x, 0, 1, 0, y, 0, 0, 1, z) }),
  };
}

function column({ columns }: Cloud, name: keyof typeof NAMES): CloudColumn | undefined {
  return NAMES[name].map((alias) => columns.get(alias)).find((found) => found !== undefined);
}

/** The rows whose coordinates and intensity are finite. */
function finiteRows(
  axes: readonly CloudColumn[],
  cloud: Cloud,
  place: string,
  dropInvalid: boolean,
): Uint32Array {
  const intensity = column(cloud, "intensity");
  const values = intensity === undefined ? axes : [...axes, intensity];
  const rows = new Uint32Array(cloud.points);
  let kept = 0;
  for (let i = 0; i < cloud.points; i++) {
    if (values.every((value) => Math.abs(value[i]!) < Infinity)) rows[kept++] = i;
    else if (!dropInvalid) {
      throw new InputError(
        `Cannot convert ${place}: point ${i} is (${
          values.map((value) => value[i]).join(", ")
        }), and finite values are needed; --drop-invalid leaves such points out`,
      );
    }
  }
  if (kept > 0) return rows.subarray(0, kept);
  throw new InputError(
    `Cannot convert ${place}: ${
      cloud.points === 0 ? "it has no points" : `none of its ${cloud.points} points is finite`
    }, and at least one is needed`,
  );
}

function shiftOf(axis: CloudColumn, rows: Uint32Array): number {
  if (!(axis instanceof Float64Array)) return 0;
  let [low, far] = [Infinity, 0];
  for (const i of rows) {
    low = Math.min(low, axis[i]!);
    far = Math.max(far, Math.abs(axis[i]!));
  }
  return far < FAR_METRES ? 0 : Math.floor(low);
}

/** Labels as stored: whole numbers of 16 bits. */
function wholeNumbers(values: CloudColumn, rows: Uint32Array, what: string): Uint16Array {
  const labels = new Uint16Array(rows.length);
  rows.forEach((from, to) => {
    const value = values[from]!;
    labels[to] = value;
    if (labels[to] === value) return;
    throw new InputError(
      `Cannot convert ${what} of point ${from} is ${value}, and a whole number from 0 to 65535 ` +
        `is needed`,
    );
  });
  return labels;
}

function checkClasses(semantic: Uint16Array, { place, classes }: ToScan): void {
  const bad = semantic.findIndex((id) => classes[id] === undefined);
  if (bad < 0) return;
  throw new InputError(
    `Cannot convert ${place}: point ${bad} has class ${semantic[bad]}, which is not among the ` +
      `${Object.keys(classes).length} classes; "classes.json" beside the files can name them`,
  );
}

function colours(cloud: Cloud, rows: Uint32Array): Float32Array | undefined {
  const channels = (["red", "green", "blue"] as const).map((name) => column(cloud, name));
  if (channels.includes(undefined)) return undefined;
  const features = new Float32Array(3 * rows.length);
  rows.forEach((from, to) => {
    for (let k = 0; k < 3; k++) features[3 * to + k] = channels[k]![from]!;
  });
  return features;
}
