/** PyTorch's checkpoints: the zip archives of 1.6 and later, and the plain files before. */
import { InputError } from "../../std/errors.ts";
import { unzip, type ZipEntry } from "../../std/zip.ts";
import type { State } from "../weights.ts";
import { unpickle } from "./pickle.ts";
import { type Storage, storageId, torchGlobal, TorchTensor } from "./torch_types.ts";
import { WIDTHS } from "./tensors.ts";

/** Under these keys trainers keep the tensors of a network, the first that is there. */
const STATE_KEYS = ["model", "state_dict", "model_state_dict", "model_state", "net", "network"];

/** The entry of an archive that makes it a checkpoint. */
export function pickleEntry(entries: readonly ZipEntry[]): ZipEntry | undefined {
  return entries.find(({ name }) => /^[^/]*\/?data\.pkl$/.test(name));
}

/** The tensors of a zip archive. Names in it are only compared, never used as paths. */
export function readTorchZip(
  bytes: Uint8Array,
  entries: readonly ZipEntry[],
  pickle: ZipEntry,
  name: string,
): State {
  const root = pickle.name.slice(0, -"data.pkl".length);
  const known = new Map(entries.map((entry) => [entry.name, entry]));
  const order = known.get(`${root}byteorder`);
  const label = (entry: ZipEntry) => `${name}:${entry.name}`;
  if (order !== undefined) requireLittleEndian(unzip(bytes, order, label(order)), name);
  const persistent = (id: unknown): Storage => {
    const { element, key, length } = storageId(id);
    const entry = known.get(`${root}data/${key}`);
    if (entry === undefined || entry.size !== length * WIDTHS[element]) {
      throw new InputError(
        `Cannot read ${name}: storage ${JSON.stringify(key)} of ${length} x ${element} is ` +
          (entry === undefined ? "not in the archive" : `${entry.size} bytes in the archive`),
      );
    }
    let data: Uint8Array | undefined;
    return { element, length, bytes: () => data ??= unzip(bytes, entry, label(entry)) };
  };
  const content = unzip(bytes, pickle, label(pickle));
  const { value } = unpickle(content, { resolve: torchGlobal, persistent }, label(pickle));
  return stateOf(value, name);
}

function requireLittleEndian(order: Uint8Array, name: string): void {
  const text = new TextDecoder().decode(order);
  if (text !== "little") {
    throw new InputError(`Cannot read ${name}: its byte order is "${text}", little is needed`);
  }
}

const MAGIC = 0x1950a86a20f9469cfc6cn;
const LEGACY_PROTOCOL = 1001;

/** Whether a file begins with a pickle. */
export function isPickle(bytes: Uint8Array): boolean {
  return bytes[0] === 0x80 && bytes[1]! >= 2 && bytes[1]! <= 5;
}

/**
 * The tensors of a file from before the zip format: pickles of a magic number, a version, facts of
 * the machine, the object and the keys of its storages, which follow, each after its length.
 */
export function readTorchLegacy(bytes: Uint8Array, name: string): State {
  const storages = new Map<string, { length: number; width: number; data?: Uint8Array }>();
  const persistent = (id: unknown): Storage => {
    const { element, key, length } = storageId(id);
    const storage = storages.get(key) ?? { length, width: WIDTHS[element] };
    storages.set(key, storage);
    return { element, length, bytes: () => storage.data! };
  };
  let at = 0;
  const next = () => {
    const { value, end } = unpickle(bytes, { resolve: torchGlobal, persistent }, name, at);
    at = end;
    return value;
  };
  const [magic, protocol] = [next(), next()];
  if (magic !== MAGIC || protocol !== LEGACY_PROTOCOL) {
    throw new InputError(
      `Cannot read ${name} as a PyTorch file: magic number ${magic}, protocol ${protocol}`,
    );
  }
  next();
  const object = next();
  const keys = next();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of Array.isArray(keys) ? keys : []) {
    const storage = storages.get(key);
    if (storage === undefined) {
      throw new InputError(`Cannot read ${name}: storage ${key} is unused`);
    }
    const length = at + 8 <= bytes.length ? Number(view.getBigInt64(at, true)) : NaN;
    const end = at + 8 + storage.length * storage.width;
    if (length !== storage.length || end > bytes.length) {
      throw new InputError(
        `Cannot read ${name}: storage ${key} at byte ${at} of ${bytes.length} has ${length} ` +
          `numbers, ${storage.length} are needed`,
      );
    }
    storage.data = bytes.subarray(at + 8, end);
    at = end;
  }
  const absent = storages.entries().find(([, { data }]) => data === undefined);
  if (absent !== undefined) {
    throw new InputError(`Cannot read ${name}: storage ${absent[0]} is not in the file`);
  }
  return stateOf(object, name);
}

/** The dictionary of tensors in what a trainer saved. */
function stateOf(value: unknown, name: string): State {
  if (value instanceof Map) {
    const direct = tensorsOf(value);
    if (direct !== null) return direct;
    for (const key of STATE_KEYS) {
      const inner = value.get(key);
      const state = inner instanceof Map ? tensorsOf(inner) : null;
      if (state !== null) return state;
    }
  }
  const found = value instanceof Map
    ? `it holds ${[...value.keys()].slice(0, 12).map(String).join(", ") || "nothing"}`
    : "it holds no dictionary";
  throw new InputError(
    `Cannot find the weights in ${name}: ${found}; a dictionary of tensors is needed, itself or ` +
      `as one of ${STATE_KEYS.join(", ")}`,
  );
}

function tensorsOf(dict: ReadonlyMap<unknown, unknown>): State | null {
  if (dict.size === 0) return null;
  for (const [key, value] of dict) {
    if (typeof key !== "string" || !(value instanceof TorchTensor)) return null;
  }
  return dict as State;
}
