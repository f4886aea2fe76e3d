/** What the parts of data sets have in common. */
import { fingerprint } from "./fingerprint.ts";

/**
 * The key of a part (`Part.key`): names, sizes and times of change of its source files, so that a
 * changed source is converted again.
 */
export async function sourceKey(paths: Iterable<string>): Promise<string> {
  const entries: (string | number)[] = [];
  for (const path of paths) {
    const { size, mtime } = await Deno.stat(path);
    entries.push(path.slice(path.lastIndexOf("/") + 1), size, mtime?.getTime() ?? 0);
  }
  return fingerprint(entries);
}
