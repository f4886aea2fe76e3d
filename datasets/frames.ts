import { InputError } from "../std/errors.ts";
import { plural } from "./plural.ts";

/** The files of one scan. */
export interface Frame {
  /** File name without its ending: "000123". */
  readonly name: string;
  readonly pointsPath: string;
  readonly labelPath?: string;
}

/** Where the labels of scans are. */
interface LabelFiles {
  readonly folder: string;
  readonly ending: string;
  /** Told when the folder has files, but of none of the scans; without it that is an error. */
  warn?(text: string): void;
}

/**
 * The `folder`/*.bin scans in order, each with its file in `labels` where any of them has one.
 *
 * @throws {InputError} when there are no scans, or labels and scans are not one to one.
 */
export async function listFrames(folder: string, labels?: LabelFiles): Promise<Frame[]> {
  const scans = await namesIn(folder, ".bin");
  if (scans === undefined) {
    throw new InputError(`Cannot convert "${folder}": there is no such folder`);
  }
  if (scans.length === 0) {
    throw new InputError(`Cannot convert "${folder}": it holds no .bin file, and one is needed`);
  }
  const pointsOf = (name: string) => ({ name, pointsPath: `${folder}/${name}.bin` });
  if (labels === undefined) return scans.map(pointsOf);
  const labelled = await namesIn(labels.folder, labels.ending) ?? [];
  if (labelled.length === 0) return scans.map(pointsOf);
  const known = new Set(labelled);
  if (labels.warn !== undefined && !scans.some((name) => known.has(name))) {
    const files = plural(labelled.length, "label file");
    labels.warn(
      `"${labels.folder}" has ${files}, none of them of a scan in "${folder}": the scans get no ` +
        "labels",
    );
    return scans.map(pointsOf);
  }
  matchNames(folder, scans, labels, labelled);
  return scans.map((name) => ({
    ...pointsOf(name),
    labelPath: `${labels.folder}/${name}${labels.ending}`,
  }));
}

function matchNames(
  folder: string,
  scans: readonly string[],
  labels: LabelFiles,
  labelled: readonly string[],
): void {
  const counts = `${plural(scans.length, "scan")} and ${plural(labelled.length, "label file")}`;
  const known = new Set(labelled);
  const bare = scans.find((name) => !known.has(name));
  if (bare !== undefined) {
    throw new InputError(
      `Cannot convert "${folder}": of ${counts}, "${labels.folder}/${bare}${labels.ending}" is ` +
        `missing, and each scan needs one where any has one`,
    );
  }
  const points = new Set(scans);
  const orphan = labelled.find((name) => !points.has(name));
  if (orphan !== undefined) {
    throw new InputError(
      `Cannot convert "${folder}": of ${counts}, "${folder}/${orphan}.bin" is missing, and each ` +
        `label file needs its scan`,
    );
  }
}

/** Sorted names, without `ending`, of the files in a folder; undefined when there is no folder. */
async function namesIn(folder: string, ending: string): Promise<string[] | undefined> {
  const names: string[] = [];
  try {
    for await (const entry of Deno.readDir(folder)) {
      if (!entry.name.endsWith(ending) || entry.isDirectory) continue;
      const name = entry.name.slice(0, -ending.length);
      if (!/^\d+$/.test(name)) {
        throw new InputError(
          `Cannot convert "${folder}/${entry.name}": its name is not a frame number such as ` +
            `"000123${ending}"`,
        );
      }
      names.push(name);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
  return names.sort();
}

/** Sorted names of the folders in `folder`; undefined when there is no such folder. */
export async function foldersIn(folder: string): Promise<string[] | undefined> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(folder));
    return entries.filter((entry) => !entry.isFile).map((entry) => entry.name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw error;
  }
}

/** Whether there is a file or folder at `path`. */
export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}
