/** Finds the images of Cityscapes as the devkit does. */
import { InputError } from "../../std/errors.ts";
import type { Request } from "../benchmark.ts";
import { join } from "./file_pairs.ts";
import { baseName, entriesOf, filesBelow } from "./image_files.ts";

/** The three files of an image. */
export interface ImageFiles {
  readonly truth: string;
  readonly instances: string;
  readonly predicted: string;
  /** Place in the sorted list. */
  readonly index: number;
}

const TRUTH = "_gtFine_labelIds.png";

/**
 * The images of the split with their predictions.
 *
 * @throws {InputError} There are none, or an image has no prediction or several.
 */
export function findImages(
  { gt, pred, options }: Request,
): { items: ImageFiles[]; warnings: string[] } {
  const truth = truthFiles(gt, options["split"]!);
  const predictions = filesBelow(pred).filter((path) => path.endsWith(".png"));
  const byImage = Map.groupBy(predictions, (path) => imageOf(baseName(path)) ?? "");
  const items = truth.map((path, index) => ({
    truth: path,
    instances: path.replaceAll("labelIds", "instanceIds"),
    predicted: onlyPrediction(path, pred, byImage),
    index,
  }));
  const used = new Set(items.map(({ predicted }) => predicted));
  const extra = predictions.filter((path) => !used.has(path));
  return { items, warnings: extraPredictions(extra) };
}

/** `CITY_SEQUENCE_FRAME` at the start of a name; what follows the frame's digits does not matter. */
function imageOf(name: string): string | undefined {
  return /^[^_]+_[^_]+_\d+/.exec(name)?.[0];
}

/** In `SPLIT/CITY` below the folder, below its `gtFine`, or, without a split, in `CITY`. */
function truthFiles(gt: string, split: string): string[] {
  for (const folder of [join(gt, split), join(gt, "gtFine", split), gt]) {
    const files = isFolder(folder) ? filesOfCities(folder) : [];
    if (files.length > 0) return files;
  }
  throw new InputError(
    `Cannot read --gt "${gt}": there is no "${split}/CITY/CITY_SEQUENCE_FRAME${TRUTH}" in it, ` +
      `and at least one is needed`,
  );
}

function filesOfCities(folder: string): string[] {
  return entriesOf(folder)
    .map(({ name }) => join(folder, name))
    .filter(isFolder)
    .sort()
    .flatMap((city) =>
      entriesOf(city)
        .filter(({ name }) => name.endsWith(TRUTH))
        .map(({ name }) => join(city, name))
        .sort()
    );
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

function onlyPrediction(
  truth: string,
  pred: string,
  byImage: ReadonlyMap<string, readonly string[]>,
): string {
  const image = imageOf(baseName(truth));
  if (image === undefined || baseName(truth).split("_").length !== 5) {
    throw new InputError(
      `Cannot pair "${truth}": a name of the form CITY_SEQUENCE_FRAME${TRUTH} is needed`,
    );
  }
  const found = byImage.get(image) ?? [];
  if (found.length === 1) return found[0]!;
  const what = found.length === 0
    ? `--pred "${pred}" has no file ${image}*.png`
    : `${found.length} files of --pred match it: ${found.slice(0, 2).join(", ")}`;
  throw new InputError(`Cannot pair "${truth}": ${what}, and one is needed`);
}

function extraPredictions(paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  return [
    `${paths.length} PNG files of --pred belong to no image of the split and took no part, as in ` +
    `the devkit; the first is "${paths[0]}"`,
  ];
}
