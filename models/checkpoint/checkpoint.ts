/** Checkpoints of any format, by what the file begins with. */
import { InputError } from "../../std/errors.ts";
import { parseNpz } from "../../std/npz.ts";
import { zipEntries } from "../../std/zip.ts";
import type { State, StateTensor } from "../weights.ts";
import { isPickle, pickleEntry, readTorchLegacy, readTorchZip } from "./pytorch.ts";
import { isSafetensors, readSafetensors } from "./safetensors.ts";

/** A file is held in memory, and no typed array is larger. */
const LARGEST_BYTES = 4 * 2 ** 30;

/**
 * Reads PyTorch files (zip or legacy), safetensors and .npz. Nothing in a file is ever run.
 *
 * @throws {InputError} There is no such file, or it is damaged, hostile or of another format.
 */
export async function readCheckpoint(path: string): Promise<State> {
  return parseCheckpoint(await readWhole(path), path);
}

/** Into one array of the file's size: `Deno.readFile` lets it grow, in three times as long. */
async function readWhole(path: string): Promise<Uint8Array> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile || size > LARGEST_BYTES) {
      const found = isFile ? `it has ${size} bytes` : "it is no file";
      throw new InputError(
        `Cannot read weights "${path}": ${found}, and a file of at most ${LARGEST_BYTES} bytes ` +
          `is needed`,
      );
    }
    using file = await Deno.open(path);
    const bytes = new Uint8Array(size);
    let read = 0;
    for (let n: number | null = 0; n !== null && read < size; read += n ?? 0) {
      n = await file.read(bytes.subarray(read));
    }
    return bytes.subarray(0, read);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw new InputError(`Cannot read weights "${path}": there is no such file`, { cause });
  }
}

/** The tensors of a checkpoint held in memory. */
export function parseCheckpoint(bytes: Uint8Array, name: string): State {
  if (bytes[0] === 0x50 && bytes[1] === 0x4b) {
    const entries = zipEntries(bytes, name);
    const pickle = pickleEntry(entries);
    return pickle === undefined ? readNpz(bytes, name) : readTorchZip(bytes, entries, pickle, name);
  }
  if (isPickle(bytes)) return readTorchLegacy(bytes, name);
  if (isSafetensors(bytes)) return readSafetensors(bytes, name);
  throw new InputError(
    `Cannot read weights "${name}": it begins as none of these does: a PyTorch file, ` +
      `safetensors, .npz`,
  );
}

function readNpz(bytes: Uint8Array, name: string): State {
  const arrays = parseNpz(bytes, name);
  return new Map(
    arrays.entries().map(([key, { shape, data }]): [string, StateTensor] => [key, {
      shape,
      floats: () => data instanceof Float32Array ? data : Float32Array.from(data, Number),
    }]),
  );
}
