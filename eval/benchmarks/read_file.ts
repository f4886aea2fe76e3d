/** Reading of files with errors that name them. */
import { InputError } from "../../std/errors.ts";
import { unreadable } from "./file_pairs.ts";

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
export function readSome(file: Deno.FsFile, path: string, into: Uint8Array): number {
  try {
    return file.readSync(into) ?? 0;
  } catch (error) {
    throw unreadable(path, error);
  }
}
