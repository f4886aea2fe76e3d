/** What both SemanticKITTI benchmarks share: pairs of files, raw ids, warnings. */
import { SEMANTIC_KITTI } from "../../datasets/published/semantic_kitti.ts";
import { InputError } from "../../std/errors.ts";
import type { Choice, Plan, Request } from "../benchmark.ts";
import type { LabelCounts, LabelIdError } from "../metrics/label_counts.ts";
import { type Finder, findLabelFiles, type LabelFiles } from "./file_pairs.ts";
import type { FilePair } from "./pair_reader.ts";
import { sizeOf } from "./files.ts";

const { learningMap, splits } = SEMANTIC_KITTI;

/** Length of the devkit's lookup table: its largest id, 259, "+100 just in case". */
export const ID_LIMIT = Math.max(...Object.keys(learningMap).map(Number)) + 100;
/** Ids that a warning writes out; a file of noise would have hundreds. */
const IDS_SHOWN = 20;

/** `--gt` and `--pred`, for `--help`. */
export const PATHS = {
  gt: "dataset root with sequences/SS/labels/*.label",
  pred: "root with sequences/SS/predictions/*.label, raw class ids",
} as const;

/** `--split`. */
export const SPLIT: Choice = {
  choices: Object.keys(splits),
  fallback: "valid",
  help: "sequences to score",
};

/**
 * The pairs of a split.
 *
 * @param bytesPerSecond What one thread reads and scores.
 * @param find Which files of a sequence count.
 * @throws {InputError} Files are missing, or there are not as many of both.
 */
export function planPairs(
  { gt, pred, options }: Request,
  bytesPerSecond: number,
  find: Finder,
): Plan<FilePair> {
  const split = options["split"] as keyof typeof splits;
  const sequences = splits[split];
  const labels = findLabelFiles({ flag: "--gt", root: gt, folder: "labels" }, sequences, find);
  requireFiles(labels, split, sequences);
  const predictions = findLabelFiles(
    { flag: "--pred", root: pred, folder: "predictions" },
    sequences,
    find,
  );
  requireFiles(predictions, split, sequences);
  requireSameCount(labels, predictions, sequences);
  const items = labels.files.map(({ path }, i) => ({ gt: path, pred: predictions.files[i]!.path }));
  const bytes = 2 * items.length * sizeOf(items[0]!.gt);
  return {
    items,
    estimatedSeconds: bytes / bytesPerSecond,
    warnings: [
      ...missingSequences(labels),
      ...missingSequences(predictions),
      ...renamed(labels, predictions),
    ],
  };
}

function requireFiles(
  { tree, files }: LabelFiles,
  split: string,
  sequences: readonly string[],
): void {
  if (files.length > 0) return;
  const where = sequences.length === 1
    ? `"sequences/${sequences[0]}/${tree.folder}"`
    : `"sequences/SS/${tree.folder}" for SS = ${sequences.join(", ")}`;
  const hint = split === "test" && tree.folder === "labels"
    ? "; the labels of this split are not published: only the benchmark's server can score it"
    : "";
  throw new InputError(
    `Cannot score split "${split}": ${tree.flag} "${tree.root}" has no .label file in ${where}, ` +
      `and at least one is needed${hint}`,
  );
}

function requireSameCount(
  labels: LabelFiles,
  predictions: LabelFiles,
  sequences: readonly string[],
): void {
  if (labels.files.length === predictions.files.length) return;
  const count = ({ files }: LabelFiles, s: string) => files.filter((f) => f.sequence === s).length;
  const first = sequences.find((s) => count(labels, s) !== count(predictions, s))!;
  throw new InputError(
    `Cannot pair the files: ${labels.files.length} label files and ${predictions.files.length} ` +
      `prediction files were found, and as many are needed; sequence ${first} has ` +
      `${count(labels, first)} and ${count(predictions, first)}`,
  );
}

function missingSequences({ tree, missing }: LabelFiles): string[] {
  if (missing.length === 0) return [];
  const which = missing.length === 1
    ? `Sequence ${missing[0]} has`
    : `Sequences ${missing.join(", ")} have`;
  return [`${which} no folder "${tree.folder}" in ${tree.flag} and took no part, as in the devkit`];
}

function renamed(labels: LabelFiles, predictions: LabelFiles): string[] {
  const differ = labels.files.flatMap(({ name }, i) =>
    name === predictions.files[i]!.name ? [] : [[name, predictions.files[i]!.name]]
  );
  if (differ.length === 0) return [];
  const [gt, pred] = differ[0]!;
  return [
    `${differ.length} of ${labels.files.length} pairs have different names, the first is label ` +
    `"${gt}" with prediction "${pred}": files are paired by position, as in the devkit`,
  ];
}

/** The error of an id that the devkit's table does not hold; `first` is the chunk's first point. */
export function idError(error: LabelIdError, pair: FilePair, first: number): InputError {
  const path = error.side === "truth" ? pair.gt : pair.pred;
  return new InputError(
    `Cannot score "${path}": point ${first + error.index} has class id ${error.id}, and ids ` +
      `below ${ID_LIMIT} are needed`,
    { cause: error },
  );
}

/** Warnings of the ids that are in no class. */
export function unmappedIds(state: LabelCounts): string[] {
  return [
    ...unmapped("Labels", state.unmappedTruth),
    ...unmapped("Predictions", state.unmappedPredicted),
  ];
}

function unmapped(side: string, points: Float64Array): string[] {
  const ids = [...points.keys()].filter((id) => points[id]! > 0);
  if (ids.length === 0) return [];
  const shown = ids.slice(0, IDS_SHOWN).map((id) => `${id} (${points[id]} points)`);
  const rest = ids.length > IDS_SHOWN ? ` and ${ids.length - IDS_SHOWN} more` : "";
  return [
    `${side} carry class ids that SemanticKITTI does not have: ${shown.join(", ")}${rest}; they ` +
    `count as unlabelled, as in the devkit`,
  ];
}
