/** Point clouds as NumPy arrays: a matrix (.npy), or an archive of matrices and vectors (.npz). */
import { InputError } from "../../std/errors.ts";
import { type NpyArray, parseNpy, parseNpz } from "../../std/npz.ts";
import { type Cloud, type CloudColumn, cloudOfRows, columnNames } from "./cloud.ts";

/** Reads a matrix [points, columns] of numbers. @throws {InputError} when it is none. */
export function readNpy(bytes: Uint8Array, place: string): Cloud {
  return cloudOfArray(parseNpy(bytes, place), place);
}

/** Names that archives give to their matrix of coordinates. */
const POINTS = ["points", "xyz", "data", "pos", "coord", "coords"];
const COLOURS = ["rgb", "colors", "colours", "color"];

/**
 * Reads an archive that has coordinates [points, 3 or more], and vectors [points] of further values.
 *
 * @throws {InputError} when it has no coordinates, or an array of them is of another length.
 */
export function readNpz(bytes: Uint8Array, place: string): Cloud {
  return cloudOfArrays(parseNpz(bytes, place), place);
}

/** The cloud of arrays by name, as .npz and .h5 files hold them. */
export function cloudOfArrays(arrays: ReadonlyMap<string, NpyArray>, place: string): Cloud {
  const name = POINTS.find((name) => arrays.has(name));
  if (name === undefined) {
    throw new InputError(
      `Cannot read ${place}: it has the arrays ${[...arrays.keys()].join(", ") || "(none)"}, and ` +
        `one of ${POINTS.join(", ")} is needed`,
    );
  }
  const cloud = cloudOfArray(arrays.get(name)!, `${place}, "${name}"`);
  const columns = new Map(cloud.columns);
  for (const [key, array] of arrays) {
    if (key === name) continue;
    const length = array.shape[0];
    const isColour = COLOURS.includes(key) && array.shape.length === 2 && array.shape[1] === 3;
    const values = array.data.length / (isColour ? 3 : 1);
    if (values !== cloud.points || length !== cloud.points) continue;
    if (isColour) {
      const rows = cloudOfRows(toFloats(array), 3, ["red", "green", "blue"]);
      rows.columns.forEach((column, colour) => columns.set(colour, column));
    } else columns.set(key.toLowerCase(), toColumn(array));
  }
  return { points: cloud.points, columns };
}

function cloudOfArray(array: NpyArray, place: string): Cloud {
  const [rows, width] = array.shape;
  if (array.shape.length !== 2 || width! < 3 || rows === undefined) {
    throw new InputError(
      `Cannot read ${place}: its shape is (${array.shape.join(", ")}), and (points, 3 or more) ` +
        `is needed`,
    );
  }
  return cloudOfRows(toFloats(array), width!, columnNames(width!));
}

function toFloats({ data }: NpyArray): Float32Array | Float64Array {
  if (data instanceof Float32Array || data instanceof Float64Array) return data;
  return Float64Array.from(data as ArrayLike<number | bigint>, Number);
}

function toColumn({ data }: NpyArray): CloudColumn {
  return data instanceof BigInt64Array ? Float64Array.from(data, Number) : data;
}
