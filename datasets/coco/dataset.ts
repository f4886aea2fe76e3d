import { InputError, unknownName } from "../../std/errors.ts";
import type { ConvertOptions, Dataset, Part } from "../dataset.ts";
import { imageSize } from "../encoded_image.ts";
import { filesBelow } from "../folder.ts";
import { exists } from "../frames.ts";
import { readImageFile } from "../images/labelled.ts";
import { sourceKey } from "../parts.ts";
import { COCO } from "../published/coco.ts";
import type { ImageObjects, Scan } from "../scan.ts";
import { type CocoFile, type CocoImage, indexCoco, readRecord } from "./annotations.ts";

const FILE = /^instances_([A-Za-z0-9._-]+)\.json$/;

/**
 * Object annotations in COCO's JSON: annotations/instances_SPLIT.json with the images in SPLIT/; a
 * part a split. Boxes, areas, crowd flags and masks are as given.
 */
export const coco: Dataset = {
  metadata: {
    dataset: "coco",
    version: 1,
    source: "COCO (https://cocodataset.org) or other data in its format",
    licence: "annotations CC BY 4.0; images under the terms of their owners",
    sensor: "cameras",
    classes: COCO.classes,
  },
  options: ["sequences", "images"],
  async metadataOf(src) {
    const found: Record<number, string> = {};
    for (const file of await annotationFiles(src)) {
      for (const [id, name] of Object.entries((await indexed(file)).categories)) {
        if ((found[Number(id)] ??= name) === name) continue;
        throw new InputError(
          `Cannot convert "${src}": category ${id} is "${found[Number(id)]}" in one file and ` +
            `"${name}" in another`,
        );
      }
    }
    return { ...coco.metadata, classes: found };
  },
  async parts(src, options) {
    const files = await annotationFiles(src);
    const splits = files.map((file) => FILE.exec(file.slice(file.lastIndexOf("/") + 1))![1]!);
    const unknown = options.sequences?.find((split) => !splits.includes(split));
    if (unknown !== undefined) throw unknownName("split", unknown, splits);
    const parts: Part[] = [];
    for (const [i, split] of splits.entries()) {
      if (!(options.sequences?.includes(split) ?? true)) continue;
      parts.push(await splitPart(src, split, await indexed(files[i]!), options));
    }
    return parts;
  },
};

async function annotationFiles(src: string): Promise<string[]> {
  const names = await filesBelow(`${src}/annotations`, (name) => FILE.test(name));
  if (names.length > 0) return names.map((name) => `${src}/annotations/${name}`);
  throw new InputError(`Cannot convert "${src}/annotations": it holds no instances_SPLIT.json`);
}

/** Files that were indexed: their classes are asked for, and then their parts. */
const indexes = new Map<string, CocoFile>();

async function indexed(path: string): Promise<CocoFile> {
  const key = `${path} ${await sourceKey([path])}`;
  const known = indexes.get(key);
  if (known !== undefined) return known;
  const file = await indexCoco(path);
  indexes.set(key, file);
  return file;
}

async function splitPart(
  src: string,
  split: string,
  { path, images }: CocoFile,
  { images: withImages = true }: ConvertOptions,
): Promise<Part> {
  const pathOf = ({ file }: CocoImage) => `${src}/${split}/${file}`;
  const missing = withImages && await firstMissing(images.map(pathOf));
  if (missing) {
    throw new InputError(
      `Cannot convert "${path}": "${missing}" is missing; --no-images keeps the annotations alone`,
    );
  }
  return {
    name: split,
    length: images.length,
    key: await sourceKey([path]),
    async *scans(from, to) {
      using file = await Deno.open(path);
      for (const image of images.slice(from, to)) {
        const objects = objectsOf(file, path, image);
        const bytes = withImages ? await readSized(pathOf(image), image) : new Uint8Array(0);
        yield {
          id: `${split}/${image.id}`,
          points: new Float32Array(0),
          images: [bytes],
          objects,
        } satisfies Scan;
      }
    },
  };
}

async function firstMissing(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (!(await exists(path))) return path;
  return undefined;
}

async function readSized(path: string, { width, height }: CocoImage): Promise<Uint8Array> {
  const bytes = await readImageFile(path);
  const [w, h] = imageSize(bytes, `"${path}"`);
  if (w === width && h === height) return bytes;
  throw new InputError(
    `Cannot convert "${path}": it is ${w} x ${h} pixels, and its record says ${width} x ${height}`,
  );
}

function objectsOf(file: Deno.FsFile, path: string, { places }: CocoImage): ImageObjects {
  const count = places.length / 2;
  const [boxes, area] = [new Float64Array(4 * count), new Float64Array(count)];
  const [semantic, crowd] = [new Uint16Array(count), new Uint16Array(count)];
  const [ids, masks]: [string[], string[]] = [[], []];
  for (let o = 0; o < count; o++) {
    const fields = readRecord(file, path, { start: places[2 * o]!, end: places[2 * o + 1]! });
    const box = fields.vector("bbox", 4);
    boxes.set(box, 4 * o);
    area[o] = fields.has("area") ? fields.number("area") : box[2]! * box[3]!;
    semantic[o] = fields.count("category_id", 0, 0xffff);
    crowd[o] = fields.has("iscrowd") ? fields.count("iscrowd", 0, 1) : 0;
    ids.push(String(fields.count("id")));
    masks.push(fields.has("segmentation") ? fields.json("segmentation") : "");
  }
  return { boxes, semantic, area, crowd, ids, masks };
}
