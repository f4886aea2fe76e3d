import { InputError, unknownName } from "../../std/errors.ts";
import { type CloudColumn, cloudOfRows } from "../clouds/cloud.ts";
import { parseRows } from "../clouds/text_rows.ts";
import { scanOfCloud } from "../clouds/to_scan.ts";
import type { ConvertOptions, Dataset, Part } from "../dataset.ts";
import { filesBelow } from "../folder.ts";
import { exists } from "../frames.ts";
import type { H5File } from "../h5_file.ts";
import { rowLabels, rowsPart } from "../h5_rows.ts";
import { itemsPart } from "../parts.ts";
import type { Scan } from "../scan.ts";
import { listOfSplit, shapesOfSplit, SPLITS } from "./shapenet_splits.ts";
import { SHAPENET_PART } from "../published/shapenet_part.ts";

const NAMES = ["x", "y", "z", "normal_x", "normal_y", "normal_z", "label"];

/**
 * ShapeNet-Part: one scan a shape. Of the text files with normals (SYNSET/SHAPE.txt, splits in
 * train_test_split), or of PointNet's HDF5 files (ply_data_train0.h5).
 */
export const shapenetPart: Dataset = {
  metadata: {
    dataset: "shapenet-part",
    version: 1,
    source: "ShapeNet-Part (https://cs.stanford.edu/~ericyi/project_page/part_annotation)",
    licence: "ShapeNet terms of use: not for commercial use",
    sensor: "sampled from CAD models",
    classes: SHAPENET_PART.classes,
    features: ["normal_x", "normal_y", "normal_z"],
  },
  options: ["sequences"],
  async parts(src, options) {
    const found = await textSplits(src) ?? await h5Splits(src);
    const { sequences } = options;
    const unknown = sequences?.find((split) => !found.has(split));
    if (unknown !== undefined) throw unknownName("split", unknown, [...found.keys()]);
    const parts: Part[] = [];
    for (const [split, files] of found) {
      if (!(sequences?.includes(split) ?? true)) continue;
      parts.push(
        files[0]!.endsWith(".h5")
          ? await rowsPart(split, src, files, h5Reader(options))
          : await itemsPart(
            split,
            files,
            files.map((file) => `${src}/${file}`),
            (file) => readText(src, file, options),
          ),
      );
    }
    return parts;
  },
};

/** The text files by split; all in "shapes" without lists of splits; undefined without text files. */
async function textSplits(src: string): Promise<Map<string, string[]> | undefined> {
  const all = await filesBelow(src, (name) => name.endsWith(".txt"));
  const shapes = all.filter((file) => /^\d{8}\/[^/]+\.txt$/.test(file));
  if (shapes.length === 0) return undefined;
  const there = new Set(shapes);
  const splits = new Map<string, string[]>();
  for (const split of SPLITS) {
    const path = listOfSplit(src, split);
    if (!(await exists(path))) continue;
    splits.set(split, (await shapesOfSplit(src, split)).map((shape) => `${shape}.txt`).sort());
    const missing = splits.get(split)!.find((file) => !there.has(file));
    if (missing !== undefined) {
      throw new InputError(`Cannot convert "${path}": it lists "${missing}", which is missing`);
    }
  }
  return splits.size > 0 ? splits : new Map([["shapes", shapes]]);
}

async function h5Splits(src: string): Promise<Map<string, string[]>> {
  const files = await filesBelow(src, (name) => /^ply_data_(train|val|test)\d+\.h5$/.test(name));
  if (files.length > 0) {
    return Map.groupBy(files, (file) => /ply_data_([a-z]+)\d+\.h5$/.exec(file)![1]!);
  }
  throw new InputError(
    `Cannot convert "${src}": it holds neither 02691156/*.txt nor ply_data_train0.h5`,
  );
}

async function readText(src: string, file: string, options: ConvertOptions): Promise<Scan> {
  const place = `"${src}/${file}"`;
  const bytes = await Deno.readFile(`${src}/${file}`);
  const { values, rows } = parseRows(bytes, { columns: NAMES.length, place });
  const { columns } = cloudOfRows(values, NAMES.length, NAMES);
  return readShape(file.slice(0, -".txt".length), { points: rows, columns, place }, options);
}

interface Shape {
  readonly points: number;
  readonly columns: ReadonlyMap<string, CloudColumn>;
  readonly place: string;
}

/** @throws {InputError} when parts of two categories occur, or a value is not finite. */
function readShape(id: string, shape: Shape, { dropInvalid, dropped }: ConvertOptions): Scan {
  const { classes, categories } = SHAPENET_PART;
  const scan = scanOfCloud(shape, { id, place: shape.place, classes, dropInvalid, dropped });
  const ofFirst = categories.find(({ first, parts }) =>
    scan.semantic![0]! >= first && scan.semantic![0]! < first + parts
  )!;
  const stranger = scan.semantic!.find((part) =>
    part < ofFirst.first || part >= ofFirst.first + ofFirst.parts
  );
  if (stranger !== undefined) {
    throw new InputError(
      `Cannot convert ${shape.place}: it has a part of ${ofFirst.name} and the part ` +
        `${classes[stranger]}, and one category is needed`,
    );
  }
  const normals = NAMES.slice(3, 6).map((name) => shape.columns.get(name));
  if (normals.includes(undefined) || scan.points.length / 4 !== shape.points) return scan;
  const features = Float32Array.from(
    { length: 3 * shape.points },
    (_, i) => normals[i % 3]![Math.floor(i / 3)]!,
  );
  return { ...scan, features };
}

const h5Reader = (options: ConvertOptions) => ({
  points: "data",
  async read(file: H5File, row: number, id: string, place: string): Promise<Scan> {
    const { data, shape } = await file.read("data", row, row + 1);
    const points = shape[1]!;
    const values = Float32Array.from(data as ArrayLike<number>);
    const columns = new Map(cloudOfRows(values, shape[2]!, ["x", "y", "z"]).columns);
    columns.set("label", await rowLabels(file, "pid", row, points, place));
    return readShape(id, { points, columns, place }, options);
  },
});
