import { InputError } from "../../std/errors.ts";
import { MAX_HEADER, type NpyHeader, parseNpyHeader } from "../../std/npy.ts";
import { openForReading, readFull } from "./files.ts";

/** Values that are turned from Fortran to C order lie in memory; larger files are refused. */
const MAX_TURNED_BYTES = 256 * 2 ** 20;
/** Bytes of the file that are held at a time. */
const CHUNK_BYTES = 1 << 20;

const VIEWS = {
  b1: Uint8Array,
  u1: Uint8Array,
  i1: Int8Array,
  u2: Uint16Array,
  i2: Int16Array,
  u4: Uint32Array,
  i4: Int32Array,
  u8: BigUint64Array,
  i8: BigInt64Array,
  f2: Float16Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;
type Kind = keyof typeof VIEWS;
type View = InstanceType<typeof VIEWS[Kind]>;

/**
 * An open .npy file whose values are read from the first to the last in C order, whatever their
 * type, byte order and memory order. Only a chunk of it is in memory.
 */
export class NpyFile implements Disposable {
  readonly shape: readonly number[];
  /** Values in the file. */
  readonly count: number;
  readonly #kind: Kind;
  readonly #width: number;
  readonly #swap: boolean;
  readonly #source: { fill(bytes: Uint8Array): void } & Disposable;
  readonly #buffer: ArrayBuffer;
  #read = 0;

  /** @throws {InputError} The file cannot be read, or is no .npy file of numbers, or is cut off. */
  constructor(readonly path: string) {
    const file = openForReading(path);
    try {
      const { header, kind, width } = inspect(file, path);
      this.shape = header.shape;
      this.count = header.count;
      this.#kind = kind;
      this.#width = width;
      this.#swap = header.descr.startsWith(">") && width > 1;
      this.#source = isTurned(header) ? turned(file, path, header, width) : straight(file, path);
      this.#buffer = new ArrayBuffer(Math.min(CHUNK_BYTES, this.count * width));
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** Fills `into` with the next values. */
  readNumbers(into: Float64Array): void {
    this.#chunks(into.length, (view, at) => {
      if (view instanceof BigInt64Array || view instanceof BigUint64Array) {
        for (let i = 0; i < view.length; i++) into[at + i] = Number(view[i]!);
      } else into.set(view, at);
    });
  }

  /**
   * Fills `into` with the next values as class labels; floating-point numbers are cut to their
   * whole part, as Python's `int()` and numpy's `astype(int)` do.
   *
   * @throws {InputError} A value is no number or has more than 32 bits; file and position are named.
   */
  readLabels(into: Int32Array): void {
    this.#chunks(into.length, (view, at) => {
      const bad = toInt32(view, into.subarray(at, at + view.length));
      if (bad < 0) return;
      throw new InputError(
        `Cannot read "${this.path}": value ${this.#read + bad} is ${view[bad]}, and a class ` +
          `label of at most 32 bits is needed`,
      );
    });
  }

  #chunks(length: number, take: (view: View, at: number) => void): void {
    const step = Math.floor(CHUNK_BYTES / this.#width);
    for (let at = 0; at < length; at += step) {
      const count = Math.min(step, length - at);
      const bytes = new Uint8Array(this.#buffer, 0, count * this.#width);
      this.#source.fill(bytes);
      if (this.#swap) swapBytes(bytes, this.#width);
      take(new VIEWS[this.#kind](this.#buffer, 0, count), at);
      this.#read += count;
    }
  }

  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}

function inspect(file: Deno.FsFile, path: string) {
  const { size } = file.statSync();
  const head = new Uint8Array(Math.min(size, MAX_HEADER + 12));
  readFull(file, path, head);
  const header = parseNpyHeader(head, `"${path}"`);
  const match = /^[<>|=]?([biuf])(\d)$/.exec(header.descr);
  const kind = `${match?.[1]}${match?.[2]}` as Kind;
  if (!Object.hasOwn(VIEWS, kind)) {
    throw new InputError(
      `Cannot read "${path}": its values are "${header.descr}", and numbers of at most 64 bits ` +
        `are needed`,
    );
  }
  const width = VIEWS[kind].BYTES_PER_ELEMENT;
  const found = size - header.start;
  if (header.count * width !== found) {
    throw new InputError(
      `Cannot read "${path}": shape (${header.shape.join(", ")}) of ${header.descr} needs ` +
        `${header.count * width} bytes, and ${found} are there`,
    );
  }
  file.seekSync(header.start, Deno.SeekMode.Start);
  return { header, kind, width };
}

/** Whether the order in the file differs from C order. */
function isTurned({ fortran, shape }: NpyHeader): boolean {
  return fortran && shape.filter((length) => length > 1).length > 1;
}

function straight(file: Deno.FsFile, path: string) {
  return {
    fill: (bytes: Uint8Array) => readFull(file, path, bytes),
    [Symbol.dispose]: () => file.close(),
  };
}

/** The values of a Fortran-ordered file in C order, from memory. */
function turned(file: Deno.FsFile, path: string, { shape, count }: NpyHeader, width: number) {
  if (count * width > MAX_TURNED_BYTES) {
    throw new InputError(
      `Cannot read "${path}": it is in Fortran order and has ${count * width} bytes, and at most ` +
        `${MAX_TURNED_BYTES} are turned; write it in C order`,
    );
  }
  const raw = new Uint8Array(count * width);
  readFull(file, path, raw);
  const ordered = new Uint8Array(raw.length);
  const index = shape.map(() => 0);
  const strides = shape.map((_, d) => shape.slice(0, d).reduce((a, b) => a * b, width));
  let from = 0;
  for (let i = 0; i < count; i++) {
    for (let b = 0; b < width; b++) ordered[i * width + b] = raw[from + b]!;
    for (let d = shape.length - 1; d >= 0; d--) {
      from += strides[d]!;
      if (++index[d]! < shape[d]!) break;
      from -= strides[d]! * shape[d]!;
      index[d] = 0;
    }
  }
  let at = 0;
  return {
    fill(bytes: Uint8Array) {
      bytes.set(ordered.subarray(at, at + bytes.length));
      at += bytes.length;
    },
    [Symbol.dispose]: () => file.close(),
  };
}

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** Fills `into` and returns -1, or returns the position of the first value that is no label. */
function toInt32(view: View, into: Int32Array): number {
  if (view instanceof BigInt64Array || view instanceof BigUint64Array) {
    return wideToInt32(view, into);
  }
  into.set(view);
  if (view instanceof Uint32Array) return into.findIndex((value) => value < 0);
  if (view.BYTES_PER_ELEMENT <= 2 && !(view instanceof Float16Array)) return -1;
  if (view instanceof Int32Array) return -1;
  // `set` wraps and makes NaN 0: what it did not keep is no label.
  for (let i = 0; i < view.length; i++) {
    const value = view[i]!;
    const rest = value - into[i]!;
    if (!(rest > -1 && rest < 1)) return i;
  }
  return -1;
}

/** The low words, after a look at the high ones: BigInts would cost ten times as much. */
function wideToInt32(view: BigInt64Array | BigUint64Array, into: Int32Array): number {
  const words = new Int32Array(view.buffer, view.byteOffset, 2 * view.length);
  for (let i = 0; i < view.length; i++) {
    const low = words[2 * i]!;
    if (words[2 * i + 1] !== low >> 31) return i;
    into[i] = low;
  }
  return -1;
}
