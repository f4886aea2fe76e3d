/** Tables of pandas in gzipped pickles, as PandaSet has them. */
import { gunzipSync } from "node:zlib";
import { InputError } from "../../std/errors.ts";
import { type Call, isCall, readPickle, type Value } from "./pickle.ts";

/** A column: numbers, or what a column of objects holds. */
export type Column = Float64Array | readonly Value[];

/** The largest table has 10^6 rows of 6 doubles; a gzip file that claims more is a bomb. */
const MAX_BYTES = 1 << 28;

/** The columns of a table by name, all of one length. */
export type DataFrame = ReadonlyMap<string, Column>;

/** @throws {InputError} when the file is damaged, or no pickled table. */
export async function readDataFrame(path: string): Promise<DataFrame> {
  try {
    const packed = await Deno.readFile(path);
    return frameOf(readPickle(gunzipSync(packed, { maxOutputLength: MAX_BYTES })));
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new InputError(`Cannot read "${path}": there is no such file`, { cause });
    }
    const isOurs = cause instanceof RangeError || (cause as { code?: string }).code !== undefined;
    if (!isOurs) throw cause;
    throw new InputError(`Cannot read "${path}": ${(cause as Error).message}`, { cause });
  }
}

/** The layout that pandas calls "0.14.1": axes, and blocks of columns of one type. */
function frameOf(value: Value): DataFrame {
  const frame = called(value, "DataFrame");
  const manager = called(entry(frame.state, "_data", "_mgr"), "BlockManager");
  const layout = Array.isArray(manager.state) ? entry(manager.state[3], "0.14.1") : undefined;
  const axes = entry(layout, "axes");
  const blocks = entry(layout, "blocks");
  if (!Array.isArray(axes) || !Array.isArray(blocks)) {
    throw new RangeError("it is no pandas table in the layout 0.14.1");
  }
  const names = labelsOf(axes[0]);
  const columns = new Map<string, Column>();
  for (const block of blocks) {
    const places = placesOf(entry(block, "mgr_locs"));
    arrayRows(entry(block, "values")).forEach((column, i) => {
      const name = names[places[i] ?? -1];
      if (name === undefined) throw new RangeError("a block has more rows than columns are named");
      columns.set(name, column);
    });
  }
  const lengths = new Set([...columns.values()].map(({ length }) => length));
  if (columns.size !== names.length || lengths.size > 1) {
    throw new RangeError(
      `it names ${names.length} columns and has ${columns.size}, or of two lengths`,
    );
  }
  return columns;
}

function called(value: Value, ending: string): Call {
  if (isCall(value) && value.name.endsWith(ending)) return value;
  throw new RangeError(`it has no ${ending}, and a pickled pandas table is needed`);
}

function entry(value: Value, ...keys: readonly string[]): Value {
  if (!(value instanceof Map)) throw new RangeError(`it lacks "${keys[0]}" of a pandas table`);
  return value.get(keys.find((key) => value.has(key)) ?? "");
}

/** The texts of an `Index`. */
function labelsOf(index: Value): string[] {
  const rows = arrayRows(entry(called(index, "_new_Index").args[1], "data"));
  return rows.flatMap((row) => Array.from<Value>(row as Value[])).map(String);
}

/** The positions that a slice, or an array of them, stands for. */
function placesOf(value: Value): number[] {
  if (!isCall(value) || !value.name.endsWith("slice")) {
    return arrayRows(value).flatMap((row) => Array.from<Value>(row as Value[])).map(Number);
  }
  const [start, stop, step] = value.args.map(Number);
  if (!(start! >= 0 && stop! - start! < 1e4 && step! >= 1)) {
    throw new RangeError("a block has a place that is no slice of columns");
  }
  const places: number[] = [];
  for (let i = start!; i < stop!; i += step!) places.push(i);
  return places;
}

/** Bytes of a number and how to read one, by numpy's type. */
const NUMBERS: Readonly<Record<string, readonly [number, (v: DataView, at: number) => number]>> = {
  f8: [8, (v, at) => v.getFloat64(at, true)],
  f4: [4, (v, at) => v.getFloat32(at, true)],
  i8: [8, (v, at) => Number(v.getBigInt64(at, true))],
  i4: [4, (v, at) => v.getInt32(at, true)],
  u1: [1, (v, at) => v.getUint8(at)],
  b1: [1, (v, at) => v.getUint8(at)],
};

/** The rows of a numpy array of one or two dimensions. */
function arrayRows(value: Value): Column[] {
  const { state } = called(value, "_reconstruct");
  if (!Array.isArray(state) || state.length < 5) throw new RangeError("an array has no contents");
  const [, shape, dtype, isFortran, data] = state;
  const dims = Array.isArray(shape) ? shape.map(Number) : [];
  const [rows, columns] = dims.length === 1 ? [1, dims[0]!] : [dims[0] ?? -1, dims[1] ?? -1];
  const count = rows * columns;
  if (dims.length < 1 || dims.length > 2 || !Number.isInteger(count) || count < 0) {
    throw new RangeError(`an array has the shape (${dims.join(", ")})`);
  }
  const place = (row: number, column: number) =>
    isFortran === true ? column * rows + row : row * columns + column;
  if (Array.isArray(data)) {
    if (data.length !== count) {
      throw new RangeError(`an array has ${data.length} of ${count} values`);
    }
    return Array.from(
      { length: rows },
      (_, row) => Array.from({ length: columns }, (_, column) => data[place(row, column)]),
    );
  }
  const [bytes, get] = numberType(dtype);
  if (!(data instanceof Uint8Array) || data.length !== bytes * count) {
    throw new RangeError(`an array of ${count} numbers of ${bytes} bytes has other contents`);
  }
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  return Array.from(
    { length: rows },
    (_, row) =>
      Float64Array.from({ length: columns }, (_, column) => get(view, bytes * place(row, column))),
  );
}

function numberType(dtype: Value): readonly [number, (v: DataView, at: number) => number] {
  const { args, state } = called(dtype, "dtype");
  const order = Array.isArray(state) ? state[1] : undefined;
  const type = typeof args[0] === "string" ? args[0].replace(/^[<|=]/, "") : "";
  const found = Object.hasOwn(NUMBERS, type) ? NUMBERS[type] : undefined;
  if (found === undefined || order === ">") {
    throw new RangeError(`an array has the type "${String(order ?? "")}${type}"`);
  }
  return found;
}
