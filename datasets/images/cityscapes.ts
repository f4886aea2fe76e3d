import { InputError } from "../../std/errors.ts";
import type { Dataset } from "../dataset.ts";
import { filesBelow } from "../folder.ts";
import { exists } from "../frames.ts";
import { CITYSCAPES } from "../published/cityscapes.ts";
import { imageParts, type LabelledImage } from "./labelled.ts";

const IMAGE = "_leftImg8bit.png";

/**
 * Cityscapes: leftImg8bit/SPLIT/CITY/*_leftImg8bit.png with gtFine/SPLIT/CITY/*_gtFine_labelIds.png
 * and *_gtFine_instanceIds.png where they are there (else gtCoarse); a part a split.
 */
export const cityscapes: Dataset = {
  metadata: {
    dataset: "cityscapes",
    version: 1,
    source: "Cityscapes (https://www.cityscapes-dataset.com), leftImg8bit and gtFine or gtCoarse",
    licence: "Cityscapes terms of use: not for commercial use",
    sensor: "left colour camera",
    classes: CITYSCAPES.classes,
  },
  options: ["sequences", "images"],
  async parts(src, options) {
    const root = `${src}/leftImg8bit`;
    const found: LabelledImage[] = [];
    for (const file of await filesBelow(root, (name) => name.endsWith(IMAGE))) {
      const [split = "", ...rest] = file.split("/");
      const stem = file.slice(0, -IMAGE.length);
      found.push({
        id: `${split}/${rest.join("/").slice(0, -IMAGE.length)}`,
        part: split,
        image: `${root}/${file}`,
        ...await groundTruth(src, stem),
      });
    }
    if (found.length === 0) {
      throw new InputError(`Cannot convert "${root}": it holds no SPLIT/CITY/*${IMAGE}`);
    }
    return await imageParts(found, CITYSCAPES.classes, options);
  },
};

/** The paths of the labels of an image, the fine ones first. */
async function groundTruth(src: string, stem: string): Promise<Partial<LabelledImage>> {
  for (const kind of ["gtFine", "gtCoarse"]) {
    const [labels, instances] = ["labelIds", "instanceIds"].map((what) =>
      `${src}/${kind}/${stem}_${kind}_${what}.png`
    );
    if (!(await exists(labels!))) continue;
    return { labels: labels!, ...(await exists(instances!) && { instances: instances! }) };
  }
  return {};
}
