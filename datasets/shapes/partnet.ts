import { InputError, unknownName } from "../../std/errors.ts";
import { type CloudColumn, cloudOfRows } from "../clouds/cloud.ts";
import { scanOfCloud } from "../clouds/to_scan.ts";
import type { ConvertOptions, Dataset, Part } from "../dataset.ts";
import { filesBelow } from "../folder.ts";
import { H5File } from "../h5_file.ts";
import { rowLabels, rowsPart } from "../h5_rows.ts";
import type { Scan } from "../scan.ts";

/** Parts of the finest level of the largest category, and some to spare. */
const MAX_PARTS = 255;

/**
 * PartNet: one scan a shape, of the semantic segmentation files (`data`, `label_seg`) or the
 * instance segmentation files (`pts`, `gt_label`, `gt_mask`). Part numbers mean something else in
 * each category and level, whose folder is the part of the conversion: "Chair-3".
 */
export const partnet: Dataset = {
  metadata: {
    dataset: "partnet",
    version: 1,
    source: "PartNet v0 (https://partnet.cs.stanford.edu), sem_seg_h5 or ins_seg_h5",
    licence: "ShapeNet terms of use: not for commercial use",
    sensor: "sampled from CAD models",
    classes: Object.fromEntries([
      [0, "unlabelled"],
      ...Array.from({ length: MAX_PARTS }, (_, k): [number, string] => [k + 1, `part ${k + 1}`]),
    ]),
  },
  options: ["sequences"],
  async parts(src, options) {
    const files = await filesBelow(src, (name) => /^(train|val|test)-\d+\.h5$/.test(name));
    if (files.length === 0) {
      throw new InputError(`Cannot convert "${src}": it holds no Chair-1/train-00.h5 or the like`);
    }
    const groups = Map.groupBy(files, partName);
    const { sequences } = options;
    const chosen = (name: string) =>
      sequences?.some((wanted) => name === wanted || name.startsWith(`${wanted}-`)) ?? true;
    const unknown = sequences?.find((wanted) =>
      ![...groups.keys()].some((name) => name === wanted || name.startsWith(`${wanted}-`))
    );
    if (unknown !== undefined) throw unknownName("category", unknown, [...groups.keys()]);
    const parts: Part[] = [];
    for (const [name, group] of groups) {
      if (!chosen(name)) continue;
      using first = await H5File.open(`${src}/${group[0]}`);
      const points = first.has("pts") ? "pts" : "data";
      const read = (file: H5File, row: number, id: string, place: string) =>
        readShape(file, row, { id, place }, options);
      parts.push(await rowsPart(name, src, group, { points, read }));
    }
    return parts;
  },
};

/** "Chair-1-train" of "sem_seg_h5/Chair-1/train-00.h5". */
function partName(file: string): string {
  const steps = file.split("/");
  const split = steps.at(-1)!.split("-")[0];
  const folder = (steps.at(-2) ?? "shapes").replace(/[^A-Za-z0-9._-]/g, "_");
  return `${folder}-${split}`;
}

async function readShape(
  file: H5File,
  row: number,
  { id, place }: { id: string; place: string },
  { dropInvalid, dropped }: ConvertOptions,
): Promise<Scan> {
  const isInstances = file.has("pts");
  const { data, shape } = await file.read(isInstances ? "pts" : "data", row, row + 1);
  const [, points = 0, width = 0] = shape;
  const values = Float32Array.from(data as ArrayLike<number>);
  const columns = new Map<string, CloudColumn>(cloudOfRows(values, width, ["x", "y", "z"]).columns);
  const label = isInstances ? "gt_label" : "label_seg";
  columns.set("label", await rowLabels(file, label, row, points, place));
  if (isInstances) columns.set("instance", await instances(file, row, points, place));
  const { classes } = partnet.metadata;
  return scanOfCloud({ points, columns }, { id, place, classes, dropInvalid, dropped });
}

/** The number, from 1 on, of the mask that each point is in; 0 = none. */
async function instances(
  file: H5File,
  row: number,
  points: number,
  place: string,
): Promise<Uint16Array> {
  const { data, shape } = await file.read("gt_mask", row, row + 1);
  const masks = shape[1] ?? 0;
  if (shape.length !== 3 || shape[2] !== points) {
    throw new InputError(
      `Cannot convert ${place}: "gt_mask" has the shape (${
        shape.join(", ")
      }), and a value a point ` +
        `of ${points} is needed`,
    );
  }
  const instance = new Uint16Array(points);
  for (let mask = 0; mask < masks; mask++) {
    for (let i = 0; i < points; i++) if (data[mask * points + i]) instance[i] = mask + 1;
  }
  return instance;
}
