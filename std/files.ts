import { InputError } from "./errors.ts";

/**
 * Writes a file so that a reader never sees half of it: to a temporary name in the same folder,
 * then renamed over the target. The temporary file is removed when `write` throws.
 *
 * @throws {InputError} when there is no room for it; what else goes wrong is thrown as it is.
 */
export async function writeAtomic(
  path: string,
  write: (temporary: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.${Deno.pid}.part`;
  addPending(temporary);
  try {
    await write(temporary);
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw asFullDisk(path, error);
  } finally {
    removePending(temporary);
  }
}

/** The system's error names no file: too large, no space left, read-only, quota exceeded. */
function asFullDisk(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !/\(os error (?:27|28|30|122)\)/.test(error.message)) {
    return error;
  }
  return new InputError(`Cannot write "${path}": ${error.message}`, { cause: error });
}

/** {@linkcode writeAtomic} for text that is at hand. */
export function writeTextAtomic(path: string, text: string): Promise<void> {
  return writeAtomic(path, (temporary) => Deno.writeTextFile(temporary, text));
}

/**
 * Holds the file `path`, made for it, until the result is disposed or the process ends in any way.
 *
 * @throws {InputError} when another process holds it.
 */
export async function holdLock(path: string): Promise<Disposable> {
  const file = await Deno.open(path, { create: true, write: true });
  if (!await file.tryLock(true)) {
    file.close();
    throw new InputError(`Cannot write beside "${path}": another process holds it and is writing`);
  }
  addPending(path);
  return {
    [Symbol.dispose]() {
      Deno.removeSync(path);
      removePending(path);
      file.close();
    },
  };
}

/**
 * Removes the temporary files in `folder` whose name begins with `prefix`: those of processes that
 * were killed, if the caller holds the lock that all who write such files take.
 */
export async function removeLeftParts(folder: string, prefix: string): Promise<void> {
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith(prefix) || !/\.\d+\.part$/.test(name)) continue;
    await Deno.remove(`${folder}/${name}`);
  }
}

const SIGNALS = [["SIGINT", 130], ["SIGTERM", 143]] as const;
const listeners = SIGNALS.map(([signal, code]) => ({
  signal,
  listener: () => removeAndExit(code),
}));

/** Files that go when the process is told to end. */
const pending = new Set<string>();
let isAsked = false;

/**
 * From now on, removes the temporary files that are being written on Ctrl-C or SIGTERM, and exits.
 * Signals are listened to only while there are such files: a listener has to wait for the end of
 * what is computed at a time, and the system does not.
 */
export function removePartFilesOnSignal(): void {
  isAsked = true;
}

function addPending(path: string): void {
  pending.add(path);
  if (!isAsked || pending.size > 1) return;
  for (const { signal, listener } of listeners) Deno.addSignalListener(signal, listener);
}

function removePending(path: string): void {
  pending.delete(path);
  if (!isAsked || pending.size > 0) return;
  for (const { signal, listener } of listeners) Deno.removeSignalListener(signal, listener);
}

function removeAndExit(code: number): never {
  for (const path of pending) {
    try {
      Deno.removeSync(path);
    } catch {
      // Not created yet: nothing to remove.
    }
  }
  Deno.exit(code);
}
