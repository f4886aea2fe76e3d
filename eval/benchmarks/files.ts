/** Files and folders that benchmarks read, with errors that name them. */
import { InputError } from "../../std/errors.ts";

/**
 * Paths below `folder` of the files whose name `wanted` accepts, also in sub-folders, in no order.
 *
 * @throws {InputError} A folder cannot be read.
 */
export function walkFiles(
  folder: string,
  wanted: (name: string) => boolean = () => true,
  prefix = "",
): string[] {
  const found: string[] = [];
  for (const entry of entriesOf(folder)) {
    const name = prefix + entry.name;
    const path = join(folder, entry.name);
    if (entry.isDirectory) found.push(...walkFiles(path, wanted, `${name}/`));
    else if (wanted(entry.name) && !(entry.isSymlink && isFolder(path))) found.push(name);
  }
  return found;
}

/**
 * What a folder holds.
 *
 * @throws {InputError} It cannot be read.
 */
export function entriesOf(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch (error) {
    throw unreadable(folder, error);
  }
}

/** The error of a path that the system would not open, in one line. */
export function unreadable(path: string, error: unknown): InputError {
  const reason = error instanceof Error ? error.message : String(error);
  return new InputError(`Cannot read "${path}": ${reason}`, { cause: error });
}

/**
 * Bytes of a file.
 *
 * @throws {InputError} It is not there or cannot be looked at, e.g. a link that leads nowhere.
 */
export function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Whether `path` is there and a folder. */
export function isFolder(path: string): boolean {
  return stat(path)?.isDirectory ?? false;
}

/** Whether `path` is there and a file. */
export function isFile(path: string): boolean {
  return stat(path)?.isFile ?? false;
}

/** Whether `path` is there. */
export function exists(path: string): boolean {
  return stat(path) !== undefined;
}

function stat(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return undefined;
    }
    throw unreadable(path, error);
  }
}

/** Path of `parts` below `root`, which is kept as the user wrote it. */
export function join(root: string, ...parts: string[]): string {
  return [root.replace(/(?<=.)\/+$/, ""), ...parts].join("/").replace(/^\/\//, "/");
}

/** The name of a file without its folders. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/**
 * All bytes of a file.
 *
 * @throws {InputError} It cannot be read, or has more than `limit` bytes.
 */
export function readBytes(path: string, limit: number): Uint8Array {
  try {
    const { size } = Deno.statSync(path);
    if (size <= limit) return Deno.readFileSync(path);
    throw new InputError(
      `Cannot read "${path}": it has ${size} bytes, and at most ${limit} are read`,
    );
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw unreadable(path, error);
  }
}

/** @throws {InputError} The file is not there or cannot be opened. */
export function openForReading(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * Fills `into` from where the file stands.
 *
 * @throws {InputError} It cannot be read, or ends before.
 */
export function readFull(file: Deno.FsFile, path: string, into: Uint8Array): void {
  for (let done = 0; done < into.length;) {
    const count = readSome(file, path, into.subarray(done));
    if (count === 0) {
      throw new InputError(`Cannot read "${path}": it became shorter while it was read`);
    }
    done += count;
  }
}

/** Bytes read into the beginning of `into`; 0 at the end of the file. */
function readSome(file: Deno.FsFile, path: string, into: Uint8Array): number {
  try {
    return file.readSync(into) ?? 0;
  } catch (error) {
    throw unreadable(path, error);
  }
}
