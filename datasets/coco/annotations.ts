import { InputError } from "../../std/errors.ts";
import type { JsonRecord } from "../json_records.ts";
import { type RecordPlace, recordPlaces } from "../json_sections.ts";
import { Fields, pathInside } from "../record_fields.ts";

export interface CocoImage {
  readonly id: number;
  readonly file: string;
  readonly width: number;
  readonly height: number;
  /** Start and end of each of its annotations in the file, one after the other. */
  readonly places: number[];
}

/** An annotation file, of which only places are in memory. */
export interface CocoFile {
  readonly path: string;
  readonly images: readonly CocoImage[];
  readonly categories: Readonly<Record<number, string>>;
}

/**
 * Reads images and categories of an annotation file, and where the annotations of each image lie.
 *
 * @throws {InputError} when a record is malformed, an id is there twice, or an annotation is of an
 * image or a category that is not there.
 */
export async function indexCoco(path: string): Promise<CocoFile> {
  using file = await Deno.open(path);
  const images = new Map<number, CocoImage>();
  const categories: Record<number, string> = {};
  const annotations: [image: number, category: number, place: RecordPlace][] = [];
  const ids = new Set<number>();
  for await (const place of recordPlaces(path)) {
    const fields = () => readRecord(file, path, place);
    if (place.section === "images") {
      const image = imageOf(fields(), path);
      if (images.has(image.id)) throw twice(path, "images", image.id);
      images.set(image.id, image);
    } else if (place.section === "categories") {
      const category = fields();
      const id = category.count("id", 0, 0xffff);
      if (categories[id] !== undefined) throw twice(path, "categories", id);
      categories[id] = category.text("name");
    } else if (place.section === "annotations") {
      const annotation = fields();
      const id = annotation.count("id");
      if (ids.has(id)) throw twice(path, "annotations", id);
      ids.add(id);
      annotations.push([annotation.count("image_id"), annotation.count("category_id"), place]);
    }
  }
  if (images.size === 0 || Object.keys(categories).length === 0) {
    throw new InputError(`Cannot read "${path}": it has no images or no categories`);
  }
  for (const [id, category, { start, end }] of annotations) {
    const image = images.get(id);
    if (image === undefined || categories[category] === undefined) {
      throw new InputError(
        `Cannot read "${path}" at byte ${start}: the annotation is of image ${id} and category ` +
          `${category}, and one of them is not in the file`,
      );
    }
    image.places.push(start, end);
  }
  return { path, images: [...images.values()], categories };
}

const twice = (path: string, section: string, id: number) =>
  new InputError(`Cannot read "${path}": two ${section} have the id ${id}`);

function imageOf(fields: Fields, path: string): CocoImage {
  const file = fields.text("file_name");
  pathInside("", file, `"${path}"`);
  return {
    id: fields.count("id"),
    file,
    width: fields.count("width", 1, 0xffff),
    height: fields.count("height", 1, 0xffff),
    places: [],
  };
}

/** The record at a place of an open file. @throws {InputError} when it is not JSON. */
export function readRecord(
  file: Deno.FsFile,
  path: string,
  { start, end }: { readonly start: number; readonly end: number },
): Fields {
  const bytes = new Uint8Array(end - start);
  file.seekSync(start, Deno.SeekMode.Start);
  let done = 0;
  for (let read = 1; done < bytes.length && read > 0; done += read) {
    read = file.readSync(bytes.subarray(done)) ?? 0;
  }
  const place = `"${path}" at byte ${start}`;
  try {
    return new Fields(JSON.parse(new TextDecoder().decode(bytes)) as JsonRecord, place);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    const found = cause.message.replace(/\p{Cc}/gu, "?").slice(0, 120);
    throw new InputError(`Cannot read ${place}: it is not JSON (${found})`, { cause });
  }
}
