/** What the parts of data sets have in common. */
import type { Part } from "./dataset.ts";
import { fingerprint } from "./fingerprint.ts";
import type { Scan } from "./scan.ts";

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

/** A part whose scans are made of `items`, one each; `files` are all that it is made of. */
export async function itemsPart<T>(
  name: string,
  items: readonly T[],
  files: Iterable<string>,
  read: (item: T) => Promise<Scan>,
): Promise<Part> {
  return {
    name,
    length: items.length,
    key: await sourceKey(files),
    async *scans(from, to) {
      for (const item of items.slice(from, to)) yield await read(item);
    },
  };
}
