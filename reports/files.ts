/** The only file access of this room: stored results in, generated files out. */
import { InputError } from "../std/errors.ts";
import { writeTextAtomic } from "../std/files.ts";
import type { PageFile } from "./bench_page.ts";
import { GENERATED_MARK } from "./markdown.ts";

/** Paths of the files under `folder`, with forward slashes, sorted; none where it does not exist. */
export async function listFiles(folder: string, below = ""): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const entry of Deno.readDir(below === "" ? folder : `${folder}/${below}`)) {
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory) found.push(...await listFiles(folder, path));
      else if (entry.isFile) found.push(path);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotADirectory) {
      throw new InputError(`Cannot use "${folder}": it is not a folder`, { cause: error });
    }
    if (!(error instanceof Deno.errors.NotFound) || below !== "") throw error;
  }
  return found.sort();
}

/** How the files of a folder stand to the ones that should be there. */
export interface Difference {
  readonly path: string;
  readonly kind: "missing" | "differs" | "left over";
}

/**
 * Compares `files` byte for byte with the ones in `folder`. A file whose path begins with `pages`
 * that carries our mark and is not among `files` is left over; files of others are not looked at.
 */
export async function compareFiles(
  folder: string,
  files: readonly PageFile[],
  pages = "",
): Promise<Difference[]> {
  const there = await listFiles(folder);
  const existing = new Set(there);
  const wanted = new Map(files.map(({ path, text }) => [path, text]));
  const found: Difference[] = [];
  for (const [path, text] of wanted) {
    if (!existing.has(path)) found.push({ path, kind: "missing" });
    else if (!sameBytes(await Deno.readFile(`${folder}/${path}`), text)) {
      found.push({ path, kind: "differs" });
    }
  }
  for (const path of there) {
    if (wanted.has(path) || !path.startsWith(pages) || !/\.(md|svg)$/.test(path)) continue;
    const text = await Deno.readTextFile(`${folder}/${path}`);
    if (text.startsWith(GENERATED_MARK)) found.push({ path, kind: "left over" });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

function sameBytes(bytes: Uint8Array, text: string): boolean {
  const wanted = new TextEncoder().encode(text);
  return bytes.length === wanted.length && bytes.every((byte, i) => byte === wanted[i]);
}

/** Writes `files` into `folder`, each whole or not at all, making the folders they need. */
export async function writeFiles(folder: string, files: readonly PageFile[]): Promise<void> {
  for (const { path, text } of files) {
    const target = `${folder}/${path}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true });
    await writeTextAtomic(target, text);
  }
}
