/** The points of a Waymo frame: first returns of all lasers by number, then second returns. */
import type { ConvertOptions } from "../dataset.ts";
import type { Message } from "../protobuf.ts";
import { WAYMO, WAYMO_LASER_TOP, WAYMO_LASERS } from "../published/waymo.ts";
import type { Scan } from "../scan.ts";
import {
  floatGrid,
  type Grid,
  inclinationsOf,
  intGrid,
  type Laser,
  placePixels,
  returns,
} from "./range_image.ts";
import { transform } from "./transform.ts";

/** Fields of `Laser` that hold the first and the second return. */
const RETURNS = [2, 3];

/** The returns of one laser, with its pixels that hold one. */
interface Echo {
  readonly laser: Laser;
  /** 1 or 2. */
  readonly number: number;
  readonly image: Grid<Float32Array>;
  readonly pixels: readonly number[];
  /** [instance, class] of each pixel. */
  readonly labels?: Grid<Int32Array>;
}

/** Values of a point in `features`; a frame's own points are 0 seconds old. */
export const WAYMO_POINT_FEATURES = [
  "elongation",
  "no_label_zone",
  "laser",
  "return",
  "seconds_old",
];
const WIDTH = WAYMO_POINT_FEATURES.length;

/** @throws {RangeError} when an image is damaged, or a point not finite and not to be dropped. */
export function readPoints(
  frame: Message,
  pose: Float64Array,
  options: ConvertOptions,
): Pick<Scan, "points" | "features" | "semantic" | "instance"> {
  const echoes = RETURNS.flatMap((field, i) => echoesOf(frame, field, i + 1));
  const n = echoes.reduce((sum, { pixels }) => sum + pixels.length, 0);
  if (n === 0) throw new RangeError("the frame has no point, and at least one is needed");
  const points = new Float32Array(4 * n);
  const features = new Float32Array(WIDTH * n);
  const hasLabels = echoes.some(({ labels }) => labels !== undefined);
  const semantic = new Uint16Array(hasLabels ? n : 0);
  const instance = new Uint16Array(hasLabels ? n : 0);
  let at = 0;
  for (const { laser, number, image, pixels, labels } of echoes) {
    placePixels(laser, image, pixels, pose, points, at);
    for (const pixel of pixels) {
      const [, intensity = 0, elongation = 0, zone = 0] = image.data.subarray(4 * pixel);
      points[4 * at + 3] = intensity;
      features.set([elongation, zone > 0 ? 1 : 0, laser.name, number], WIDTH * at);
      if (labels !== undefined) {
        instance[at] = within(labels.data[2 * pixel]!, 0xffff, "instance");
        semantic[at] = within(labels.data[2 * pixel + 1]!, 22, "class");
      }
      at++;
    }
  }
  return dropInvalid({ points, features, ...(hasLabels && { semantic, instance }) }, options);
}

function within(value: number, most: number, what: string): number {
  if (value >= 0 && value <= most) return value;
  throw new RangeError(
    `a point has the ${what} ${value}, not 0 to ${most}; classes: ${WAYMO.source}`,
  );
}

function echoesOf(frame: Message, field: number, number: number): Echo[] {
  const calibrations = new Map(
    frame.message(1).messages(3).map((calibration) => [calibration.int(1), calibration]),
  );
  const lasers = frame.messages(5).sort((a, b) => a.int(1) - b.int(1));
  return lasers.flatMap((message) => {
    const name = message.int(1);
    const ri = message.message(field);
    if (ri.bytes(2).length === 0) return [];
    const calibration = calibrations.get(name);
    if (calibration === undefined || name < 1 || name > WAYMO_LASERS) {
      throw new RangeError(`laser ${name} has no calibration`);
    }
    const image = floatGrid(ri.bytes(2), 4);
    // The second return has the poses of the first.
    const poses = name === WAYMO_LASER_TOP ? message.message(RETURNS[0]!).bytes(4) : undefined;
    const labels = ri.bytes(6);
    return [{
      laser: laserOf(name, calibration, image, poses),
      number,
      image,
      pixels: returns(image),
      ...(labels.length > 0 && { labels: sameSize(intGrid(labels, 2), image) }),
    }];
  });
}

function laserOf(
  name: number,
  calibration: Message,
  image: Grid<Float32Array>,
  poses: Uint8Array | undefined,
): Laser {
  const listed = calibration.doubles(2);
  const [least, most] = [calibration.double(3), calibration.double(4)];
  return {
    name,
    vehicleFromLaser: transform(calibration.message(5), `laser ${name}`),
    inclinations: inclinationsOf(listed, least, most, image.height),
    // Virtual range images have no poses: their points are in one vehicle frame already.
    ...(poses !== undefined && poses.length > 0 && { poses: sameSize(floatGrid(poses, 6), image) }),
  };
}

function sameSize<T>(grid: Grid<T>, { height, width }: Grid<unknown>): Grid<T> {
  if (grid.height === height && grid.width === width) return grid;
  throw new RangeError(
    `a range image is ${height} x ${width} pixels, and what belongs to it ` +
      `${grid.height} x ${grid.width}`,
  );
}

type Points = Pick<Scan, "points" | "features" | "semantic" | "instance">;

function dropInvalid(found: Points, options: ConvertOptions): Points {
  const { points, features, semantic, instance } = found;
  const isFinite = (i: number) => points.subarray(4 * i, 4 * i + 4).every(Number.isFinite);
  const count = points.length / 4;
  const kept: number[] = [];
  for (let i = 0; i < count; i++) if (isFinite(i)) kept.push(i);
  if (kept.length === count) return found;
  if (!options.dropInvalid) {
    throw new RangeError(
      `${count - kept.length} points are not finite, and finite values are needed; ` +
        `--drop-invalid leaves such points out`,
    );
  }
  options.dropped(count - kept.length);
  const rows = (values: Float32Array, width: number) =>
    Float32Array.from(
      { length: width * kept.length },
      (_, k) => values[width * kept[Math.floor(k / width)]! + k % width]!,
    );
  const ids = (values: Uint16Array) => Uint16Array.from(kept, (i) => values[i]!);
  return {
    points: rows(points, 4),
    ...(features && { features: rows(features, WIDTH) }),
    ...(semantic && { semantic: ids(semantic) }),
    ...(instance && { instance: ids(instance) }),
  };
}
