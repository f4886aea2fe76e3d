/** Reads the JSON files of COCO panoptic segmentation. */
import { InputError } from "../../std/errors.ts";
import { needed, readArray, readFields, readFlag, readInteger } from "../json_records.ts";
import { JsonReader } from "../json_stream.ts";
import { join } from "./file_pairs.ts";

export interface Category {
  readonly id: number;
  readonly name: string;
  readonly thing: boolean;
}

/** A segment as the JSON file lists it; area and crowd are only in the ground truth. */
export interface Segment {
  readonly id: number;
  readonly category: number;
  readonly area: number | undefined;
  readonly crowd: boolean | undefined;
}

/** An image's entry in `annotations`. */
export interface Annotation {
  readonly image: number | string;
  readonly file: string;
  readonly segments: readonly Segment[];
}

/** A JSON file and the folder of its PNG files. */
export interface PanopticFile {
  readonly path: string;
  readonly folder: string;
  readonly annotations: readonly Annotation[];
  /** Undefined if the file has no such list. */
  readonly categories: readonly Category[] | undefined;
}

/**
 * Reads `NAME.json`, whose PNG files lie in the folder `NAME`. `path` is either of the two.
 *
 * @throws {InputError} The file is malformed, an image or a segment comes twice, or there is no
 * such folder.
 */
export function readPanoptic(flag: string, path: string): PanopticFile {
  const json = isFolder(path) ? `${path.replace(/\/+$/, "")}.json` : path;
  const folder = json.replaceAll(".json", "");
  if (folder === json || !isFolder(folder)) {
    throw new InputError(
      `Cannot read ${flag} "${path}": a file NAME.json beside a folder NAME with its PNG files is ` +
        `needed, and "${folder}" is no such folder`,
    );
  }
  using reader = JsonReader.open(json);
  let annotations: Annotation[] | undefined;
  let categories: Category[] | undefined;
  readFields(reader, {
    annotations: () => annotations = readAnnotations(reader),
    categories: () => categories = readCategories(reader),
  });
  reader.end();
  return {
    path: json,
    folder,
    annotations: needed(reader, annotations, "annotations", "object"),
    categories,
  };
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

/** The path of an annotation's PNG file, which must lie in the folder. */
export function imagePath({ path, folder }: PanopticFile, { file }: Annotation): string {
  if (file !== "" && !file.startsWith("/") && !file.split("/").includes("..")) {
    return join(folder, file);
  }
  throw new InputError(
    `Cannot read "${path}": its file_name "${file}" leads out of the folder "${folder}"`,
  );
}

function readAnnotations(json: JsonReader): Annotation[] {
  const annotations: Annotation[] = [];
  const seen = new Set<number | string>();
  readArray(json, () => {
    let image: number | string | undefined;
    let file: string | undefined;
    let segments: Segment[] | undefined;
    readFields(json, {
      "image_id": () => image = json.kind() === "string" ? json.string() : readInteger(json),
      "file_name": () => file = json.string(),
      "segments_info": () => segments = readSegments(json),
    });
    image = needed(json, image, "image_id", "annotation");
    if (seen.has(image)) throw json.fail(`image ${image} has two annotations, and one is needed`);
    seen.add(image);
    annotations.push({
      image,
      file: needed(json, file, "file_name", "annotation"),
      segments: needed(json, segments, "segments_info", "annotation"),
    });
  });
  return annotations;
}

function readSegments(json: JsonReader): Segment[] {
  const segments: Segment[] = [];
  const seen = new Set<number>();
  readArray(json, () => {
    let id: number | undefined;
    let category: number | undefined;
    let area: number | undefined;
    let crowd: boolean | undefined;
    readFields(json, {
      id: () => id = readInteger(json),
      "category_id": () => category = readInteger(json),
      area: () => area = json.number(),
      iscrowd: () => crowd = readFlag(json),
    });
    id = needed(json, id, "id", "segment");
    if (seen.has(id)) throw json.fail(`segment ${id} is listed twice, and once is needed`);
    seen.add(id);
    category = needed(json, category, "category_id", "segment");
    segments.push({ id, category, area, crowd });
  });
  return segments;
}

function readCategories(json: JsonReader): Category[] {
  const categories = new Map<number, Category>();
  readArray(json, () => {
    let id: number | undefined;
    let name: string | undefined;
    let thing: boolean | undefined;
    readFields(json, {
      id: () => id = readInteger(json),
      name: () => name = json.string(),
      isthing: () => thing = readFlag(json),
    });
    id = needed(json, id, "id", "category");
    if (categories.has(id)) throw json.fail(`category ${id} is listed twice, and once is needed`);
    thing = needed(json, thing, "isthing", "category");
    categories.set(id, { id, name: name ?? String(id), thing });
  });
  return [...categories.values()];
}
