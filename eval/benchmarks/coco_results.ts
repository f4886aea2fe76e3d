/** Reads the results of COCO's instance benchmarks, as `COCO.loadRes` does. */
import { InputError } from "../../std/errors.ts";
import { needed, readArray, readFields, readInteger } from "../json_records.ts";
import { JsonReader } from "../json_stream.ts";
import { readBox, readSegmentation, type Segmentation } from "./coco_fields.ts";
import type { CocoKind } from "./coco_truth.ts";

/** A detection. */
export interface CocoDetection {
  /** Place in the file, from 0 on. */
  readonly index: number;
  readonly image: number;
  readonly category: number;
  /** May be NaN or infinite. */
  readonly score: number;
  /** [x, y, width, height]. */
  readonly box: readonly number[] | undefined;
  readonly mask: Segmentation | undefined;
}

export interface CocoResults {
  /** In the order of the file. */
  readonly detections: readonly CocoDetection[];
  /** Whether areas are those of the boxes, because the first detection has one. */
  readonly areasOfBoxes: boolean;
}

/**
 * Reads a results file.
 *
 * @throws {InputError} It is malformed or empty, or a detection lacks what the first one has.
 */
export function readResults(path: string, kind: CocoKind): CocoResults {
  using json = JsonReader.open(path);
  const detections: CocoDetection[] = [];
  let areasOfBoxes = false;
  readArray(json, (index) => {
    const detection = readDetection(json, index, kind === "bbox" && areasOfBoxes);
    const { box, mask } = detection;
    if (index === 0) areasOfBoxes = box !== undefined && box.length === 4;
    if (areasOfBoxes && box?.length !== 4) throw json.fail(lacking(index, "bbox"));
    if (!areasOfBoxes && mask === undefined) throw json.fail(lacking(index, "segmentation"));
    detections.push(detection);
  });
  json.end();
  if (detections.length > 0) return { detections, areasOfBoxes };
  throw new InputError(`Cannot score "${path}": it has no detections, and at least one is needed`);
}

function lacking(index: number, name: string): string {
  return `detection ${index}, which ends here, has no "${name}", and it is needed`;
}

function readDetection(json: JsonReader, index: number, boxesOnly: boolean): CocoDetection {
  let image: number | undefined;
  let category: number | undefined;
  let score: number | undefined;
  let box: number[] | undefined;
  let mask: Segmentation | undefined;
  readFields(json, {
    "image_id": () => image = readInteger(json),
    "category_id": () => category = readInteger(json),
    score: () => score = json.number(),
    bbox: () => box = readBox(json),
    segmentation: () => boxesOnly ? json.skip() : mask = readSegmentation(json),
  });
  return {
    index,
    image: needed(json, image, "image_id", "detection"),
    category: needed(json, category, "category_id", "detection"),
    score: needed(json, score, "score", "detection"),
    box,
    mask,
  };
}
