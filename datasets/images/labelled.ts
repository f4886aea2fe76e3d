/** Images with a label image each: what the data sets of this folder share. */
import { InputError, unknownName } from "../../std/errors.ts";
import type { ConvertOptions, Part } from "../dataset.ts";
import { imageSize } from "../encoded_image.ts";
import { countPixels, decodeLabelImage } from "../label_image.ts";
import { itemsPart } from "../parts.ts";
import type { Scan } from "../scan.ts";

/** Paths of an image and of what is known of its pixels. */
export interface LabelledImage {
  readonly id: string;
  readonly part: string;
  readonly image: string;
  readonly labels?: string;
  readonly instances?: string;
}

/** Largest file that is read as one image. */
const MAX_BYTES = 1 << 28;

/** A part of each group of images. @throws {InputError} when `sequences` names another. */
export async function imageParts(
  images: readonly LabelledImage[],
  classes: Readonly<Record<number, string>>,
  { sequences, images: withImages = true }: ConvertOptions,
): Promise<Part[]> {
  const groups = Map.groupBy(images, ({ part }) => part);
  const unknown = sequences?.find((name) => !groups.has(name));
  if (unknown !== undefined) throw unknownName("split", unknown, [...groups.keys()]);
  const parts: Part[] = [];
  for (const [name, group] of groups) {
    if (!(sequences?.includes(name) ?? true)) continue;
    const files = group.flatMap(({ image, labels, instances }) =>
      [image, labels, instances].filter((path) => path !== undefined)
    );
    parts.push(await itemsPart(name, group, files, (one) => readImage(one, classes, withImages)));
  }
  return parts;
}

/**
 * Reads an image with its labels.
 *
 * @throws {InputError} when one is damaged, their sizes differ, or a label is no class.
 */
async function readImage(
  { id, image, labels, instances }: LabelledImage,
  classes: Readonly<Record<number, string>>,
  withImages: boolean,
): Promise<Scan> {
  const bytes = await readImageFile(image);
  const size = imageSize(bytes, `"${image}"`);
  const side = async (path: string) => {
    const found = await readImageFile(path);
    const [width, height] = imageSize(found, `"${path}"`);
    if (width === size[0] && height === size[1]) return found;
    throw new InputError(
      `Cannot convert "${path}": it is ${width} x ${height} pixels, and "${image}" is ` +
        `${size.join(" x ")}`,
    );
  };
  const labelled = labels && await side(labels);
  if (labelled) checkLabels(labelled, `"${labels}"`, classes);
  const instanceImage = instances && await side(instances);
  return {
    id,
    points: new Float32Array(0),
    images: [withImages ? bytes : new Uint8Array(0)],
    ...(labelled && { labelImages: [labelled] }),
    ...(instanceImage && { instanceImages: [instanceImage] }),
  };
}

/** The bytes of an image file. @throws {InputError} when it is too large for one. */
export async function readImageFile(path: string): Promise<Uint8Array> {
  const { size } = await Deno.stat(path);
  if (size <= MAX_BYTES) return await Deno.readFile(path);
  throw new InputError(
    `Cannot read "${path}": it is ${size} bytes, and at most ${MAX_BYTES} are read`,
  );
}

function checkLabels(
  bytes: Uint8Array,
  place: string,
  classes: Readonly<Record<number, string>>,
): void {
  for (const [id, count] of countPixels(decodeLabelImage(bytes, place))) {
    if (classes[id] !== undefined) continue;
    throw new InputError(
      `Cannot convert ${place}: ${count} pixels have class ${id}, which is not among the ` +
        `${Object.keys(classes).length} classes`,
    );
  }
}
