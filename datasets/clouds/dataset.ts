import { InputError } from "../../std/errors.ts";
import { readClasses } from "../class_file.ts";
import type { ConvertOptions, Dataset, Part } from "../dataset.ts";
import { filesBelow } from "../folder.ts";
import type { ScanMetadata } from "../metadata.ts";
import { sourceKey } from "../parts.ts";
import type { Scan } from "../scan.ts";
import { CLOUD_ENDINGS, cloudEnding, countClouds, openClouds } from "./open.ts";
import { CLOUD_FEATURES, scanOfCloud } from "./to_scan.ts";

/** Labels of a byte, named by nobody. */
const CLASSES = Object.fromEntries(Array.from({ length: 256 }, (_, id) => [id, `class ${id}`]));

/**
 * Point clouds in a folder and those below it, one scan a file; HDF5 files may hold many. Class
 * names are those of "classes.json" there, {id: name}.
 */
export const generic: Dataset = {
  metadata: {
    dataset: "generic",
    version: 1,
    source: "point clouds of the folder that was converted",
    licence: "unknown: that of the source",
    sensor: "unknown",
    classes: CLASSES,
    features: CLOUD_FEATURES,
  },
  options: [],
  async metadataOf(src) {
    return { ...generic.metadata, classes: await readClasses(src) ?? CLASSES };
  },
  async parts(src, options) {
    const files = await filesBelow(src, (name) => cloudEnding(name) !== undefined);
    if (files.length === 0) {
      throw new InputError(
        `Cannot convert "${src}": it holds no file that ends with ${CLOUD_ENDINGS.join(", ")}`,
      );
    }
    const metadata = await generic.metadataOf!(src);
    return [await partOf(src, files, metadata, options)];
  },
};

/** A cloud of a file. */
interface Place {
  readonly file: string;
  readonly index: number;
  readonly id: string;
}

async function partOf(
  src: string,
  files: readonly string[],
  metadata: ScanMetadata,
  options: ConvertOptions,
): Promise<Part> {
  const places: Place[] = [];
  const taken = new Map<string, string>();
  for (const file of files) {
    const name = file.slice(0, -cloudEnding(file)!.length);
    const twin = taken.get(name);
    if (twin !== undefined) {
      throw new InputError(
        `Cannot convert "${src}": "${twin}" and "${file}" would both be the scan "${name}"`,
      );
    }
    taken.set(name, file);
    const clouds = await countClouds(`${src}/${file}`);
    for (let index = 0; index < clouds; index++) {
      places.push({ file, index, id: clouds === 1 ? name : `${name}/${index}` });
    }
  }
  return {
    name: "scans",
    length: places.length,
    key: await sourceKey(files.map((file) => `${src}/${file}`)),
    scans: (from, to) => readScans(src, places.slice(from, to), metadata, options),
  };
}

async function* readScans(
  src: string,
  places: readonly Place[],
  { classes }: ScanMetadata,
  { dropInvalid, dropped }: ConvertOptions,
): AsyncGenerator<Scan> {
  for (const [name, group] of Map.groupBy(places, ({ file }) => file)) {
    using file = await openClouds(`${src}/${name}`);
    for (const { id, index } of group) {
      const place = `"${src}/${name}"`;
      yield scanOfCloud(await file.read(index), { id, place, classes, dropInvalid, dropped });
    }
  }
}
