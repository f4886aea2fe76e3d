/** What pickles of PyTorch's checkpoints may name, and what each of it means. */
import { InputError } from "../../std/errors.ts";
import type { StateTensor } from "../weights.ts";
import { type Known, Tuple } from "./pickle.ts";
import { type Element, product, toFloats, WIDTHS } from "./tensors.ts";

/** Numbers that tensors are views of. */
export interface Storage {
  readonly element: Element;
  readonly length: number;
  /** Known once the file is read to where they lie. */
  bytes(): Uint8Array;
}

/** A tensor as it was pickled: a StateTensor that a walk over a checkpoint can tell from the rest. */
export class TorchTensor implements StateTensor {
  constructor(
    readonly storage: Storage,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}

  floats(): Float32Array {
    const { storage: { element }, offset, shape, strides } = this;
    const width = WIDTHS[element];
    const bytes = this.storage.bytes();
    if (isContiguous(shape, strides)) {
      return toFloats(element, bytes.subarray(offset * width, (offset + product(shape)) * width));
    }
    const all = toFloats(element, bytes);
    const out = new Float32Array(product(shape));
    for (let i = 0; i < out.length; i++) {
      let [rest, at] = [i, offset];
      for (let axis = shape.length - 1; axis >= 0; axis--) {
        at += (rest % shape[axis]!) * strides[axis]!;
        rest = Math.floor(rest / shape[axis]!);
      }
      out[i] = all[at]!;
    }
    return out;
  }
}

function isContiguous(shape: readonly number[], strides: readonly number[]): boolean {
  let step = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis]!;
  }
  return true;
}

const STORAGES: Readonly<Record<string, Element>> = {
  FloatStorage: "F32",
  DoubleStorage: "F64",
  HalfStorage: "F16",
  BFloat16Storage: "BF16",
  LongStorage: "I64",
  IntStorage: "I32",
  ShortStorage: "I16",
  CharStorage: "I8",
  ByteStorage: "U8",
  BoolStorage: "BOOL",
};

/** The element type that a class of storages holds. */
export interface StorageClass extends Known {
  readonly element: Element;
}

/** The closed list: ordered dictionaries, tensors, storages, sizes and element types. */
export function torchGlobal(name: string): Known | undefined {
  const storage = /^torch\.(\w+Storage)$/.exec(name)?.[1];
  if (storage !== undefined && Object.hasOwn(STORAGES, storage)) {
    const known: StorageClass = { name, element: STORAGES[storage]! };
    return known;
  }
  switch (name) {
    case "collections.OrderedDict":
      return { name, call: orderedDict };
    case "torch._utils._rebuild_tensor":
    case "torch._utils._rebuild_tensor_v2":
      return { name, call: rebuildTensor };
    case "torch._utils._rebuild_parameter":
      return { name, call: ([data]) => data ?? null };
    case "torch.Size":
      return { name, call: ([sizes]) => sizes ?? null };
    case "torch.device":
      return { name, call: () => null };
  }
  return /^torch\.(float|int|uint|bfloat)\d+$/.test(name) ? { name } : undefined;
}

function orderedDict(args: readonly unknown[]): Map<unknown, unknown> {
  const [pairs = []] = args;
  const dict = new Map<unknown, unknown>();
  if (!Array.isArray(pairs)) throw bad("an OrderedDict is made of something that is no list");
  for (const pair of pairs) {
    const items = pair instanceof Tuple ? pair.items : pair;
    if (!Array.isArray(items) || items.length !== 2) throw bad("an OrderedDict has an odd pair");
    dict.set(items[0], items[1]);
  }
  return dict;
}

const bad = (found: string) => new InputError(`Cannot read a checkpoint: ${found}`);

/** A tensor, after a check that all of it lies in its storage and no number is counted twice. */
function rebuildTensor([storage, offset, size, stride]: readonly unknown[]): TorchTensor {
  const [shape, strides] = [integers(size), integers(stride)];
  if (!isStorage(storage) || !isIndex(offset) || shape.length !== strides.length) {
    throw bad("a tensor has no storage, offset, size or stride");
  }
  const count = product(shape);
  const last = shape.reduce((at, n, axis) => at + (n - 1) * strides[axis]!, offset);
  if (!(count <= storage.length) || (count > 0 && !(last < storage.length))) {
    throw bad(
      `a tensor of (${shape}) from ${offset} on with strides (${strides}) does not fit ` +
        `into its storage of ${storage.length}`,
    );
  }
  return new TorchTensor(storage, offset, shape, strides);
}

const isIndex = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function integers(value: unknown): readonly number[] {
  if (value instanceof Tuple && value.items.every(isIndex)) return value.items as number[];
  throw bad("the size or stride of a tensor is no tuple of whole numbers");
}

const isStorage = (value: unknown): value is Storage =>
  typeof value === "object" && value !== null && "element" in value && "bytes" in value;

/** What a persistent ID names: class, key and length of a storage. */
export function storageId(id: unknown): { element: Element; key: string; length: number } {
  const items = id instanceof Tuple ? id.items : [];
  const [kind, type, key, , length] = items;
  const element = (type as Partial<StorageClass> | undefined)?.element;
  if (kind !== "storage" || element === undefined || typeof key !== "string" || !isIndex(length)) {
    throw bad("a persistent ID is no storage of numbers");
  }
  if (items[5] !== undefined && items[5] !== null) {
    throw bad(`storage "${key}" is a view of another one, which PyTorch stopped writing in 2017`);
  }
  return { element, key, length };
}
