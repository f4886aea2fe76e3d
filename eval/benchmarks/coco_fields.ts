/** Boxes and masks as COCO's JSON files have them. */
import { type Canvas, rleOfBox, rleOfPolygon } from "../metrics/coco_polygon.ts";
import { mergeRles, parseCounts, type Rle, rleOf } from "../metrics/coco_rle.ts";
import { MaskError } from "../metrics/coco_rle.ts";
import { needed, readArray, readFields, readFinite, readInteger } from "../json_records.ts";
import type { JsonReader } from "../json_stream.ts";

/** Runs, as numbers or as COCO's text. */
interface Runs {
  readonly size: readonly [number, number];
  readonly counts: string | readonly number[];
}

/** Polygons, whose corners are [x, y, x, y, ...], or runs. */
export type Segmentation = readonly (readonly number[])[] | Runs;

/** Takes [x, y, width, height], or an empty array. */
export function readBox(json: JsonReader): number[] {
  const box = readNumbers(json);
  if (box.length === 4 || box.length === 0) return box;
  throw json.fail(`found a box of ${box.length} numbers, and 4 are needed`);
}

function readNumbers(json: JsonReader): number[] {
  const numbers: number[] = [];
  readArray(json, () => numbers.push(readFinite(json)));
  return numbers;
}

/** Takes polygons or runs; whether they make a mask shows in {@linkcode maskOf}. */
export function readSegmentation(json: JsonReader): Segmentation {
  if (json.kind() === "array") {
    const polygons: number[][] = [];
    readArray(json, () => polygons.push(readNumbers(json)));
    return polygons;
  }
  let size: number[] | undefined;
  let counts: string | number[] | undefined;
  readFields(json, {
    size: () => size = readNumbers(json),
    counts: () => counts = json.kind() === "string" ? json.string() : readRuns(json),
  });
  const [height, width, ...rest] = needed(json, size, "size", "mask");
  if (height === undefined || width === undefined || rest.length > 0) {
    throw json.fail(`found a mask whose size has not 2 numbers, height and width`);
  }
  return { size: [height, width], counts: needed(json, counts, "counts", "mask") };
}

function readRuns(json: JsonReader): number[] {
  const runs: number[] = [];
  readArray(json, () => runs.push(readInteger(json)));
  return runs;
}

/**
 * The mask of a segmentation; runs carry their own size, polygons are drawn in the image's.
 *
 * @throws {MaskError} It is malformed.
 */
export function maskOf(segmentation: Segmentation, canvas: Canvas): Rle {
  if ("counts" in segmentation) {
    const { size: [height, width], counts } = segmentation;
    return rleOf(height, width, typeof counts === "string" ? parseCounts(counts) : counts);
  }
  const numbers = segmentation[0]?.length ?? 0;
  if (numbers < 4) {
    const found = segmentation.length === 0 ? "no polygon" : `a polygon of ${numbers} numbers`;
    throw new MaskError(`it has ${found}, and at least 6 numbers are needed`);
  }
  // As in the devkit, four numbers are no polygon but a box, if the first part has four.
  const asBoxes = numbers === 4;
  const parts = segmentation.map((part) => {
    if (asBoxes ? part.length !== 4 : part.length < 2) {
      throw new MaskError(
        `it has parts of ${numbers} and of ${part.length} numbers, and all polygons or all boxes ` +
          `of 4 numbers are needed`,
      );
    }
    return asBoxes ? rleOfBox(part, canvas) : rleOfPolygon(part, canvas);
  });
  return mergeRles(parts);
}
