/** What `data verify` looks for in one scan, and over the scans of a file. */
import { visiblePoints } from "./cameras.ts";
import { imageSize, type Size } from "./encoded_image.ts";
import { countPixels, decodeLabelImage } from "./label_image.ts";
import type { ScanMetadata } from "./metadata.ts";
import { firstInvalid } from "./points.ts";
import { boxPointCounts } from "./points_in_boxes.ts";
import type { Boxes, Cameras, ImageObjects, Scan } from "./scan.ts";
import { shapeProblems } from "./scan_shape.ts";

/** Rotations are orthonormal to this; single precision gives 1e-6. */
const ROTATION_TOLERANCE = 1e-3;

/** What is wrong with a scan, one phrase each. */
export function scanProblems(scan: Scan, metadata: ScanMetadata): string[] {
  const { classes } = metadata;
  const problems = shapeProblems(scan, metadata);
  if (scan.id === "") problems.push("its id is empty");
  const invalid = firstInvalid(scan.points);
  if (invalid >= 0) problems.push(`point ${invalid} has a value that is not finite`);
  problems.push(...unknownClasses("point", scan.semantic, classes));
  if (scan.pose !== undefined) problems.push(...transformProblems("its pose", scan.pose));
  if (scan.boxes !== undefined) problems.push(...boxProblems(scan.boxes, classes));
  if (scan.cameras !== undefined) problems.push(...cameraProblems(scan.cameras));
  if (scan.objects !== undefined) problems.push(...objectProblems(scan, scan.objects, classes));
  problems.push(
    ...(scan.labelImages ?? []).flatMap((image, i) => pixelProblems(image, i, classes)),
  );
  return [...problems, ...imageProblems(scan)];
}

function unknownClasses(
  thing: string,
  ids: Uint16Array | undefined,
  classes: Readonly<Record<number, string>>,
): string[] {
  const first = new Map<number, number>();
  const count = new Map<number, number>();
  ids?.forEach((id, i) => {
    if (classes[id] !== undefined) return;
    if (!first.has(id)) first.set(id, i);
    count.set(id, (count.get(id) ?? 0) + 1);
  });
  return Array.from(
    first,
    ([id, i]) => `class ${id} is unknown: ${thing} ${i} has it, ${count.get(id)} in all`,
  );
}

/** Whether a 3x4 transform is finite and its 3x3 part a rotation. */
function transformProblems(what: string, m: Float64Array): string[] {
  if (m.some((value) => !Number.isFinite(value))) return [`${what} has a value that is not finite`];
  for (let a = 0; a < 3; a++) {
    for (let b = a; b < 3; b++) {
      let dot = 0;
      for (let k = 0; k < 3; k++) dot += m[4 * a + k]! * m[4 * b + k]!;
      if (Math.abs(dot - (a === b ? 1 : 0)) > ROTATION_TOLERANCE) {
        return [`${what} does not rotate: rows ${a} and ${b} have the product ${dot.toFixed(4)}`];
      }
    }
  }
  return [];
}

function boxProblems(
  { geometry, semantic, ids }: Boxes,
  classes: Readonly<Record<number, string>>,
): string[] {
  const problems = unknownClasses("box", semantic, classes);
  for (let box = 0; box < geometry.length / 7; box++) {
    const values = geometry.subarray(7 * box, 7 * box + 7);
    if (values.some((value) => !Number.isFinite(value))) {
      problems.push(`box ${box} has a value that is not finite`);
    } else if (values.subarray(3, 6).some((value) => value <= 0)) {
      problems.push(`box ${box} has the size ${values.subarray(3, 6).join(" x ")} m`);
    }
  }
  const twice = ids?.find((id, i) => ids.indexOf(id) !== i);
  if (twice !== undefined) problems.push(`two of its boxes have the id "${twice}"`);
  return problems;
}

function cameraProblems({ names, intrinsic, fromSensor, size }: Cameras): string[] {
  return names.flatMap((name, c) => {
    const what = `camera "${name}"`;
    const problems = transformProblems(what, fromSensor.subarray(12 * c, 12 * c + 12));
    const k = intrinsic.subarray(9 * c, 9 * c + 9);
    const [width = 0, height = 0] = size.subarray(2 * c, 2 * c + 2);
    const [fx = 0, , cx = 0, , fy = 0, cy = 0] = k;
    if (!(fx > 0 && fy > 0)) problems.push(`${what} has the focal lengths ${fx} and ${fy}`);
    if (!(cx > 0 && cx < width && cy > 0 && cy < height)) {
      problems.push(`${what} has its centre (${cx}, ${cy}) outside ${width} x ${height} pixels`);
    }
    return problems;
  });
}

/** Boxes of objects have a size and touch the image; their masks are JSON. */
function objectProblems(
  { images }: Scan,
  { boxes, semantic, masks }: ImageObjects,
  classes: Readonly<Record<number, string>>,
): string[] {
  const problems = unknownClasses("object", semantic, classes);
  const [width, height] = sizeOf(images?.[0]) ?? [Infinity, Infinity];
  for (let o = 0; o < semantic.length; o++) {
    const [left = NaN, top = NaN, w = NaN, h = NaN] = boxes.subarray(4 * o, 4 * o + 4);
    if (![left, top, w, h].every(Number.isFinite) || w <= 0 || h <= 0) {
      problems.push(`object ${o} has the box ${left}, ${top}, ${w} x ${h} pixels`);
    } else if (left >= width || top >= height || left + w <= 0 || top + h <= 0) {
      problems.push(`object ${o} lies outside its image of ${width} x ${height} pixels`);
    }
    if (masks[o] !== "" && !isJson(masks[o] ?? "")) {
      problems.push(`the mask of object ${o} is no JSON`);
    }
  }
  return problems;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The size of an image; undefined where there is none, or it is damaged, which is said elsewhere. */
function sizeOf(image: Uint8Array | undefined): Size | undefined {
  try {
    return image && imageSize(image, "");
  } catch {
    return undefined;
  }
}

/** Classes of a label image that are unknown. */
function pixelProblems(
  image: Uint8Array,
  i: number,
  classes: Readonly<Record<number, string>>,
): string[] {
  if (image.length === 0) return [];
  try {
    const counts = countPixels(decodeLabelImage(image, `label image ${i}`));
    return Array.from(counts).filter(([id]) => classes[id] === undefined).map(([id, count]) =>
      `class ${id} is unknown: ${count} pixels of label image ${i} have it`
    );
  } catch (error) {
    return [(error as Error).message];
  }
}

/** Images must be complete, and of the size of their camera or of the image they label. */
function imageProblems({ images, labelImages, instanceImages, cameras }: Scan): string[] {
  const check = (what: string, image: Uint8Array, expected?: ArrayLike<number>): string[] => {
    if (image.length === 0) return [];
    try {
      const size = imageSize(image, what);
      return expected === undefined || size.every((side, i) => side === expected[i])
        ? []
        : [`${what} is ${size.join(" x ")} pixels, not ${Array.from(expected).join(" x ")}`];
    } catch (error) {
      return [(error as Error).message];
    }
  };
  return [
    ...(images ?? []).flatMap((image, i) =>
      check(`image ${i}`, image, cameras?.size.subarray(2 * i, 2 * i + 2))
    ),
    ...(labelImages ?? []).flatMap((image, i) =>
      check(`label image ${i}`, image, sizeOf(images?.[i]))
    ),
    ...(instanceImages ?? []).flatMap((image, i) =>
      check(`instance image ${i}`, image, sizeOf(images?.[i]))
    ),
  ];
}

/** What only many scans together show: boxes beside their points, cameras that see nothing. */
export class FileChecks {
  #boxes = 0;
  #emptyBoxes = 0;
  #firstEmpty = "";
  readonly #seen = new Map<string, number>();

  constructor(readonly metadata: ScanMetadata) {}

  add(scan: Scan): void {
    const { boxes, cameras, points } = scan;
    if (boxes !== undefined) this.#addBoxes(scan, boxes);
    if (cameras === undefined || points.length === 0) return;
    visiblePoints(points, cameras).forEach((count, c) => {
      const name = cameras.names[c]!;
      this.#seen.set(name, (this.#seen.get(name) ?? 0) + count);
    });
  }

  #addBoxes({ id, points }: Scan, boxes: Boxes): void {
    const column = this.metadata.boxFeatures?.indexOf("lidar_points") ?? -1;
    const width = this.metadata.boxFeatures?.length ?? 0;
    boxPointCounts(points, boxes.geometry).forEach((count, b) => {
      // Boxes that the annotators themselves count no points in are seen by other sensors.
      if (column >= 0 && boxes.features?.[b * width + column] === 0) return;
      this.#boxes++;
      if (count > 0) return;
      this.#emptyBoxes++;
      this.#firstEmpty ||= `box ${b} of scan "${id}"`;
    });
  }

  /** Boxes in which a point is expected, and how many have none. */
  get boxes(): { readonly expected: number; readonly empty: number } {
    return { expected: this.#boxes, empty: this.#emptyBoxes };
  }

  /** One phrase each. A few empty boxes are usual: far objects that a camera saw. */
  problems(): string[] {
    const problems: string[] = [];
    if (this.#emptyBoxes > this.#boxes / 2) {
      problems.push(
        `${this.#emptyBoxes} of ${this.#boxes} boxes hold no point, the first is ` +
          `${this.#firstEmpty}: boxes and points are not in the same frame`,
      );
    }
    for (const [name, count] of this.#seen) {
      if (count === 0) problems.push(`camera "${name}" sees no point of any scan: its calibration`);
    }
    return problems;
  }
}
