/** Finds label files as the SemanticKITTI devkit does: `os.walk`, a name test, a sort, a zip. */
import { InputError } from "../../std/errors.ts";
import { entriesOf, exists, isFolder, join, walkFiles } from "./files.ts";

/** One of the two trees that are compared. */
export interface Tree {
  /** The flag it came from, for error texts: `--gt`. */
  readonly flag: string;
  /** Dataset root: holds the folder `sequences`. */
  readonly root: string;
  /** Folder of a sequence that holds the files: `labels` or `predictions`. */
  readonly folder: string;
}

/** Files of one tree. */
export interface LabelFiles {
  readonly tree: Tree;
  /** In the order of the sequences, and sorted by path within one. */
  readonly files: readonly LabelFile[];
  /** Sequences that have no such folder. */
  readonly missing: readonly string[];
}

export interface LabelFile {
  readonly path: string;
  readonly sequence: string;
  /** Sequence and path below the folder: what the two files of a pair have in common. */
  readonly name: string;
}

/** Sorted paths below a sequence's folder of the files that count; undefined where it is absent. */
export type Finder = (folder: string) => string[] | undefined;

/** `evaluate_semantics.py` takes what `os.walk` finds, which is nothing in an absent folder. */
export const walked: Finder = (folder) =>
  isFolder(folder) ? walkFiles(folder, (name) => name.includes(".label")).sort() : undefined;

/** `evaluate_panoptic.py` takes what `os.listdir` lists, and stops at an absent folder. */
export const listed: Finder = (folder) =>
  entriesOf(folder).map(({ name }) => name).filter((name) => name.endsWith(".label")).sort();

/**
 * The files of `sequences` (two digits each) that `find` finds.
 *
 * @throws {InputError} The root or its folder `sequences` is not there or cannot be read.
 */
export function findLabelFiles(
  tree: Tree,
  sequences: readonly string[],
  find: Finder,
): LabelFiles {
  checkRoot(tree);
  const files: LabelFile[] = [];
  const missing: string[] = [];
  for (const sequence of sequences) {
    const folder = join(tree.root, "sequences", sequence, tree.folder);
    const found = find(folder);
    if (found === undefined) missing.push(sequence);
    for (const below of found ?? []) {
      files.push({ path: join(folder, below), sequence, name: `${sequence}/${below}` });
    }
  }
  return { tree, files, missing };
}

function checkRoot({ flag, root }: Tree): void {
  if (!isFolder(root)) {
    const found = exists(root) ? "it is not a folder" : "there is no such folder";
    throw new InputError(
      `Cannot read ${flag} "${root}": ${found}, and a folder with "sequences" in it is needed`,
    );
  }
  if (!isFolder(join(root, "sequences"))) {
    throw new InputError(
      `Cannot read ${flag} "${root}": it has no folder "sequences", and the folder that holds ` +
        `"sequences" is needed`,
    );
  }
}
