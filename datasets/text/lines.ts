import { InputError } from "../../std/errors.ts";

/** A line that is longer is none. */
const MAX_LINE = 1 << 24;
const CHUNK = 1 << 20;

/**
 * The lines of a UTF-8 file, as `wc -l` counts them: parted by line feeds alone, the last one may
 * lack its own. Memory holds a chunk and a line.
 *
 * @throws {InputError} with the line that is not UTF-8 or longer than 16 MB.
 */
export async function* readLines(path: string): AsyncGenerator<string> {
  using file = await Deno.open(path);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const buffer = new Uint8Array(CHUNK);
  let pending = new Uint8Array(0);
  let number = 0;
  const decode = (bytes: Uint8Array): string => {
    number++;
    try {
      return decoder.decode(bytes);
    } catch (cause) {
      throw new InputError(`Cannot read "${path}" line ${number}: it is not UTF-8`, { cause });
    }
  };
  for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
    const bytes = joined(pending, buffer.subarray(0, read));
    let start = 0;
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield decode(bytes.subarray(start, end));
      start = end + 1;
    }
    pending = bytes.slice(start);
    if (pending.length > MAX_LINE) {
      throw new InputError(
        `Cannot read "${path}" line ${number + 1}: it is longer than ${MAX_LINE} bytes`,
      );
    }
  }
  if (pending.length > 0) yield decode(pending);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(a.length + b.length);
  bytes.set(a);
  bytes.set(b, a.length);
  return bytes;
}

/** Number of lines of a file. @throws {InputError} when there is no such file. */
export async function countLines(path: string): Promise<number> {
  let count = 0;
  let last = 10;
  try {
    using file = await Deno.open(path);
    const buffer = new Uint8Array(CHUNK);
    for (let read = await file.read(buffer); read !== null; read = await file.read(buffer)) {
      for (let i = 0; i < read; i++) if (buffer[i] === 10) count++;
      last = buffer[read - 1]!;
    }
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError(`Cannot convert "${path}": there is no such file`, { cause });
  }
  return last === 10 ? count : count + 1;
}
