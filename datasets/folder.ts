/** Files of a folder, for data sets that are a folder of files. */
import { InputError } from "../std/errors.ts";

/** Levels of folders that are searched. */
const MAX_DEPTH = 8;

/**
 * Paths below `root`, relative to it and sorted, of the files that `wanted` takes. Hidden files and
 * links are left out, so that no file outside is read.
 *
 * @throws {InputError} when `root` is no folder.
 */
export async function filesBelow(
  root: string,
  wanted: (name: string) => boolean,
): Promise<string[]> {
  const found: string[] = [];
  const walk = async (below: string, depth: number): Promise<void> => {
    for await (const { name, isFile, isDirectory } of Deno.readDir(`${root}/${below}`)) {
      if (name.startsWith(".")) continue;
      if (isDirectory && depth < MAX_DEPTH) await walk(`${below}${name}/`, depth + 1);
      else if (isFile && wanted(name)) found.push(below + name);
    }
  };
  try {
    await walk("", 0);
  } catch (cause) {
    const isMissing = cause instanceof Deno.errors.NotFound ||
      cause instanceof Deno.errors.NotADirectory;
    if (!isMissing) throw cause;
    throw new InputError(`Cannot convert "${root}": there is no such folder`, { cause });
  }
  return found.sort();
}
