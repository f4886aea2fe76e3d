/** Reads the ground truth of COCO's instance benchmarks. */
import { InputError } from "../../std/errors.ts";
import {
  needed,
  readArray,
  readFields,
  readFinite,
  readFlag,
  readInteger,
} from "../json_records.ts";
import { JsonReader } from "../json_stream.ts";
import { readBox, readSegmentation, type Segmentation } from "./coco_fields.ts";

/** Size of an image; undefined where the file does not say. */
export interface CocoImage {
  readonly id: number;
  readonly height: number | undefined;
  readonly width: number | undefined;
}

/** A true object. */
export interface CocoObject {
  readonly id: number;
  readonly image: number;
  readonly category: number;
  readonly area: number;
  readonly crowd: boolean;
  /** [x, y, width, height]; undefined for masks. */
  readonly box: readonly number[] | undefined;
  /** Undefined for boxes. */
  readonly mask: Segmentation | undefined;
}

/** What is matched: the boxes or the masks. */
export type CocoKind = "bbox" | "segm";

export interface CocoTruthFile {
  readonly path: string;
  /** By ascending id, each once. */
  readonly images: readonly CocoImage[];
  /** Names by ascending id. */
  readonly categories: ReadonlyMap<number, string>;
  /** In the order of the file. */
  readonly objects: readonly CocoObject[];
}

/**
 * Reads `instances.json`.
 *
 * @throws {InputError} It is malformed, lacks a field that is scored, or an annotation's id comes
 * twice.
 */
export function readTruth(path: string, kind: CocoKind): CocoTruthFile {
  using json = JsonReader.open(path);
  let images: CocoImage[] | undefined;
  let objects: CocoObject[] | undefined;
  let categories: Map<number, string> | undefined;
  readFields(json, {
    images: () => images = readImages(json),
    annotations: () => objects = readObjects(json, kind),
    categories: () => categories = readCategories(json),
  });
  json.end();
  const file = {
    path,
    images: needed(json, images, "images", "object"),
    objects: needed(json, objects, "annotations", "object"),
    categories: needed(json, categories, "categories", "object"),
  };
  if (file.images.length > 0 && file.categories.size > 0) return file;
  throw new InputError(
    `Cannot score against "${path}": it has ${file.images.length} images and ` +
      `${file.categories.size} categories, and at least one of each is needed`,
  );
}

function readImages(json: JsonReader): CocoImage[] {
  const images = new Map<number, CocoImage>();
  readArray(json, () => {
    let id: number | undefined;
    let height: number | undefined;
    let width: number | undefined;
    readFields(json, {
      id: () => id = readInteger(json),
      height: () => height = readInteger(json),
      width: () => width = readInteger(json),
    });
    id = needed(json, id, "id", "image");
    images.set(id, { id, height, width });
  });
  return [...images.values()].sort((a, b) => a.id - b.id);
}

function readObjects(json: JsonReader, kind: CocoKind): CocoObject[] {
  const objects: CocoObject[] = [];
  const seen = new Set<number>();
  readArray(json, () => {
    let id: number | undefined;
    let image: number | undefined;
    let category: number | undefined;
    let area: number | undefined;
    let crowd: boolean | undefined;
    let box: number[] | undefined;
    let mask: Segmentation | undefined;
    readFields(json, {
      id: () => id = readInteger(json),
      "image_id": () => image = readInteger(json),
      "category_id": () => category = readInteger(json),
      area: () => area = readFinite(json),
      iscrowd: () => crowd = readFlag(json),
      bbox: () => kind === "bbox" ? box = readBox(json) : json.skip(),
      segmentation: () => kind === "segm" ? mask = readSegmentation(json) : json.skip(),
    });
    id = needed(json, id, "id", "annotation");
    if (seen.has(id)) throw json.fail(`annotation ${id} comes twice, and once is needed`);
    seen.add(id);
    if (kind === "bbox") needed(json, box, "bbox", "annotation");
    else needed(json, mask, "segmentation", "annotation");
    objects.push({
      id,
      image: needed(json, image, "image_id", "annotation"),
      category: needed(json, category, "category_id", "annotation"),
      area: needed(json, area, "area", "annotation"),
      crowd: needed(json, crowd, "iscrowd", "annotation"),
      box,
      mask,
    });
  });
  return objects;
}

function readCategories(json: JsonReader): Map<number, string> {
  const names = new Map<number, string>();
  readArray(json, () => {
    let id: number | undefined;
    let name: string | undefined;
    readFields(json, {
      id: () => id = readInteger(json),
      name: () => name = json.string(),
    });
    id = needed(json, id, "id", "category");
    names.set(id, name ?? String(id));
  });
  return new Map([...names].sort(([a], [b]) => a - b));
}
