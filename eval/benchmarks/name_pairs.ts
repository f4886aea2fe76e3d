/** Finds the ground truth and the prediction of each sample: two files, or two trees of files. */
import { InputError } from "../../std/errors.ts";
import type { FilePair } from "./pair_reader.ts";
import { baseName, isFolder, join, walkFiles } from "./files.ts";

/** What is common to the two files of a sample, and the files. */
export interface NamedPair extends FilePair {
  readonly name: string;
}

/** How a benchmark names its files. */
export interface PairRules {
  /** What a file's name ends in, e.g. `[".npy"]`. */
  readonly endings: readonly string[];
  /** What to do when samples have no prediction: stop, or score the others as the devkit does. */
  readonly unpredicted: "error" | "warn";
  /** File names that are no samples. */
  readonly skip?: readonly string[];
  /** The only samples that are paired; without it, all. */
  readonly only?: ReadonlySet<string>;
}

export interface Pairing {
  /** Sorted by name. */
  readonly pairs: readonly NamedPair[];
  readonly warnings: readonly string[];
}

/**
 * Words that say which side a file or folder is of. They are no part of a sample's name, so that
 * `a/0_gt.npy` meets `b/0.npy`, `room/label.npy` meets `room/pred.npy`, and both sides may lie in
 * one tree.
 */
const WORDS = {
  gt: ["gt", "label", "labels", "label_seg", "labels_seg", "truth", "target"],
  pred: ["pred", "preds", "pred_seg", "prediction", "predictions", "output", "result", "results"],
} as const;
type Side = keyof typeof WORDS;

/**
 * Pairs the files of `--gt` and `--pred` by their names below the two folders; two files are a pair
 * whatever they are called.
 *
 * @throws {InputError} A path is not there, a side has no file, or a file has no partner.
 */
export function pairByName(paths: { gt: string; pred: string }, rules: PairRules): Pairing {
  const folders = { gt: isFolder(paths.gt), pred: isFolder(paths.pred) };
  if (!folders.gt && !folders.pred) {
    return { pairs: [{ gt: paths.gt, pred: paths.pred, name: baseName(paths.gt) }], warnings: [] };
  }
  if (folders.gt !== folders.pred) {
    throw new InputError(
      `Cannot pair --gt "${paths.gt}" with --pred "${paths.pred}": one is a folder and the other ` +
        `is not, and two folders or two files are needed`,
    );
  }
  const truth = filesOf("gt", paths.gt, rules);
  const predicted = filesOf("pred", paths.pred, rules);
  if (rules.only !== undefined) {
    const absent = rules.only.values().find((name) => !truth.has(name));
    if (absent !== undefined) {
      throw new InputError(
        `Cannot read --gt "${paths.gt}": it has no file of "${absent}", and the split has`,
      );
    }
    for (const files of [truth, predicted]) {
      for (const name of files.keys()) if (!rules.only.has(name)) files.delete(name);
    }
  }
  const extra = [...predicted.keys()].filter((name) => !truth.has(name));
  if (extra.length > 0) {
    throw unpaired(predicted.get(extra[0]!)!, extra.length, "prediction", `--gt "${paths.gt}"`);
  }
  const missing = [...truth.keys()].filter((name) => !predicted.has(name));
  if (missing.length > 0 && rules.unpredicted === "error") {
    throw unpaired(truth.get(missing[0]!)!, missing.length, "label", `--pred "${paths.pred}"`);
  }
  const names = [...predicted.keys()].sort();
  return {
    pairs: names.map((name) => ({ name, gt: truth.get(name)!, pred: predicted.get(name)! })),
    warnings: missing.length === 0 ? [] : [
      `${missing.length} of ${truth.size} label files have no prediction, the first is ` +
      `"${truth.get(missing[0]!)}": they took no part, as in the devkit`,
    ],
  };
}

function unpaired(path: string, count: number, kind: string, where: string): InputError {
  const rest = count === 1 ? "" : ` (and ${count - 1} more)`;
  return new InputError(
    `Cannot pair the ${kind} file "${path}"${rest}: ${where} has no file of that name, and one ` +
      `is needed`,
  );
}

/** Files of a side by sample name. */
function filesOf(side: Side, root: string, { endings, skip = [] }: PairRules): Map<string, string> {
  const files = new Map<string, string>();
  for (const below of walkFiles(root)) {
    const ending = endings.find((end) => below.endsWith(end));
    if (ending === undefined || skip.includes(baseName(below))) continue;
    const name = sampleName(side, below.slice(0, -ending.length));
    if (name === undefined) continue;
    const path = join(root, below);
    const other = files.get(name);
    if (other !== undefined) {
      throw new InputError(`Cannot pair "${path}" by name: "${other}" is the same sample`);
    }
    files.set(name, path);
  }
  if (files.size === 0) {
    throw new InputError(
      `Cannot read --${side} "${root}": it has no file "*${endings.join('" or "*')}", and at ` +
        `least one is needed`,
    );
  }
  return files;
}

/** The name without the words of its side, or undefined if it is of the other side. */
function sampleName(side: Side, below: string): string | undefined {
  const own: readonly string[] = WORDS[side];
  const others: readonly string[] = WORDS[side === "gt" ? "pred" : "gt"];
  const parts: string[] = [];
  const segments = below.split("/");
  for (const [i, segment] of segments.entries()) {
    if (others.includes(segment)) return undefined;
    if (own.includes(segment)) continue;
    if (i < segments.length - 1) {
      parts.push(segment);
      continue;
    }
    if (others.some((word) => endsInWord(segment, word))) return undefined;
    const word = own.find((word) => endsInWord(segment, word));
    parts.push(word === undefined ? segment : segment.slice(0, -word.length - 1));
  }
  return parts.join("/");
}

function endsInWord(segment: string, word: string): boolean {
  return segment.endsWith(`_${word}`) || segment.endsWith(`.${word}`);
}
