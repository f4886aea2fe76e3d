/** The safetensors format: a JSON header, then the numbers. The format that weights are saved in. */
import { InputError } from "../../std/errors.ts";
import { writeAtomic } from "../../std/files.ts";
import type { State, StateTensor } from "../weights.ts";
import { type Element, product, storedTensor, WIDTHS } from "./tensors.ts";

/** The format's own bound. */
const HEADER_LIMIT = 100_000_000;
/** Numbers begin on a multiple of this, so that they can be used where they lie. */
const ALIGNMENT = 8;

/** Whether a file may be one: a header length, then an object. */
export function isSafetensors(bytes: Uint8Array): boolean {
  return bytes.length >= 10 && bytes[8] === 0x7b;
}

/**
 * The tensors of a file held in memory, as views of it.
 *
 * @throws {InputError} The header is damaged, or a tensor lies outside or on top of another one.
 */
export function readSafetensors(bytes: Uint8Array, name: string): State {
  const bad = (found: string) => new InputError(`Cannot read ${name} as safetensors: ${found}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > HEADER_LIMIT || 8 + length > bytes.length) {
    throw bad(`its header has ${length} bytes, the file ${bytes.length}`);
  }
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  } catch (cause) {
    throw new InputError(`Cannot read ${name} as safetensors: its header is not JSON`, { cause });
  }
  const data = bytes.subarray(8 + length);
  const state = new Map<string, StateTensor>();
  const spans: [number, number][] = [];
  for (const [key, entry] of Object.entries(header as object)) {
    if (key === "__metadata__") continue;
    const { element, shape, span } = tensorEntry(entry, () => bad(`tensor "${key}" is malformed`));
    const [begin, end] = span;
    if (end > data.length || end - begin !== product(shape) * WIDTHS[element]) {
      throw bad(`tensor "${key}" of (${shape}) x ${element} lies at ${begin} to ${end}`);
    }
    spans.push(span);
    state.set(key, storedTensor(element, shape, data.subarray(begin, end)));
  }
  spans.sort(([a], [b]) => a - b);
  const clash = spans.findIndex(([begin], i) => begin < (spans[i - 1]?.[1] ?? 0));
  if (clash >= 0) throw bad(`two tensors share byte ${spans[clash]![0]}`);
  return state;
}

const isIndex = (value: unknown): value is number =>
  Number.isSafeInteger(value) && value as number >= 0;

function tensorEntry(entry: unknown, bad: () => InputError) {
  const { dtype, shape, data_offsets: span } = (entry ?? {}) as Record<string, unknown>;
  const known = typeof dtype === "string" && Object.hasOwn(WIDTHS, dtype);
  const pair = Array.isArray(span) && span.length === 2 && span.every(isIndex);
  if (!known || !pair || !Array.isArray(shape) || !shape.every(isIndex)) throw bad();
  return {
    element: dtype as Element,
    shape: shape as number[],
    span: span as [number, number],
  };
}

/** Writes f32 tensors in the order of their names, so that the same weights give the same bytes. */
export async function writeSafetensors(path: string, state: State): Promise<void> {
  const names = [...state.keys()].sort();
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const name of names) {
    const { shape } = state.get(name)!;
    const begin = end;
    end += 4 * product(shape);
    header[name] = { dtype: "F32", shape, data_offsets: [begin, end] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const padded = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const head = new Uint8Array(8 + padded).fill(0x20);
  new DataView(head.buffer).setBigUint64(0, BigInt(padded), true);
  head.set(text, 8);
  await writeAtomic(path, async (temporary) => {
    using file = await Deno.open(temporary, { write: true, create: true, truncate: true });
    await writeAll(file, head);
    for (const name of names) {
      const floats = state.get(name)!.floats();
      await writeAll(file, new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength));
    }
  });
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
