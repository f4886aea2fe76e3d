/** Point clouds by the ending of their file. */
import { InputError } from "../../std/errors.ts";
import type { NpyArray } from "../../std/npz.ts";
import { H5File } from "../h5_file.ts";
import { type Cloud, cloudOfRows } from "./cloud.ts";
import { readLas } from "./las.ts";
import { cloudOfArrays, readNpy, readNpz } from "./numpy.ts";
import { readPcd } from "./pcd.ts";
import { readPly } from "./ply.ts";

type Reader = (bytes: Uint8Array, place: string) => Cloud;

/** One cloud a file. The longest ending that fits counts. */
const READERS: Readonly<Record<string, Reader>> = {
  ".pcd.bin": (bytes, place) => readBin(bytes, place, 5),
  ".bin": (bytes, place) => readBin(bytes, place, 4),
  ".npy": readNpy,
  ".npz": readNpz,
  ".ply": readPly,
  ".pcd": readPcd,
  ".las": readLas,
  ".laz": readLas,
};
const H5 = [".h5", ".hdf5"];

/** What the names of point clouds end with. */
export const CLOUD_ENDINGS: readonly string[] = [...Object.keys(READERS), ...H5];

/** The ending of a file that can be read; undefined for others. */
export const cloudEnding = (name: string): string | undefined =>
  CLOUD_ENDINGS.find((ending) => name.toLowerCase().endsWith(ending));

const MAX_BYTES = 2 ** 31 - 1;

/** An open file of one or more clouds. */
export interface CloudFile extends Disposable {
  readonly clouds: number;
  /** @throws {InputError} when the cloud is malformed. */
  read(index: number): Promise<Cloud>;
}

/**
 * Opens a point cloud; of HDF5, which may hold many, only the shape is looked at.
 *
 * @throws {InputError} for an unknown ending, or a file that is malformed.
 */
export async function openClouds(path: string): Promise<CloudFile> {
  const ending = cloudEnding(path);
  if (ending === undefined) {
    throw new InputError(
      `Cannot read "${path}": its name must end with ${CLOUD_ENDINGS.join(", ")}`,
    );
  }
  if (H5.includes(ending)) return openH5(await H5File.open(path), `"${path}"`);
  const { size } = await Deno.stat(path);
  if (size > MAX_BYTES) {
    throw new InputError(
      `Cannot read "${path}": it is ${size} bytes, and at most ${MAX_BYTES} are read`,
    );
  }
  const bytes = await Deno.readFile(path);
  return {
    clouds: 1,
    read: () => Promise.try(() => READERS[ending]!(bytes, `"${path}"`)),
    [Symbol.dispose]() {},
  };
}

/** Number of clouds in a file. @throws {InputError} as {@linkcode openClouds}. */
export async function countClouds(path: string): Promise<number> {
  if (!H5.includes(cloudEnding(path) ?? "")) return 1;
  using file = await openClouds(path);
  return file.clouds;
}

/** Little-endian float32 values, `width` a point. */
function readBin(bytes: Uint8Array, place: string, width: number): Cloud {
  if (bytes.length % (4 * width) !== 0) {
    throw new InputError(
      `Cannot read ${place}: it is ${bytes.length} bytes, and a multiple of ${4 * width} ` +
        `(${width} float32 values a point) is needed`,
    );
  }
  const aligned = bytes.slice();
  return cloudOfRows(new Float32Array(aligned.buffer), width);
}

const COORDINATES = ["data", "points", "pts", "xyz"];

/** Coordinates [points, columns] are one cloud; [clouds, points, columns] are many. */
function openH5(file: H5File, place: string): CloudFile {
  try {
    const name = COORDINATES.find((name) => file.has(name));
    const shape = name === undefined ? [] : file.shape(name) ?? [];
    if (name === undefined || shape.length < 2 || shape.length > 3) {
      throw new InputError(
        `Cannot read ${place}: it has the arrays ${
          file.names.join(", ") || "(none)"
        }, and one of ` +
          `${
            COORDINATES.join(", ")
          } of shape (points, columns) or (clouds, points, columns) is needed`,
      );
    }
    return {
      clouds: shape.length === 2 ? 1 : file.samples(name),
      read: async (index) => cloudOfArrays(await arraysOf(file, name, shape, index), place),
      [Symbol.dispose]: () => file[Symbol.dispose](),
    };
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

/** The arrays that have a value for each point of cloud `index`. */
async function arraysOf(
  file: H5File,
  name: string,
  shape: readonly number[],
  index: number,
): Promise<Map<string, NpyArray>> {
  const isMany = shape.length === 3;
  const arrays = new Map<string, NpyArray>();
  for (const key of file.names) {
    const found = file.shape(key) ?? [];
    const fits = found.every((length, d) => d > (isMany ? 1 : 0) || length === shape[d]);
    if (!fits || found.length < (isMany ? 2 : 1) || found.length > shape.length) continue;
    const array = await (isMany ? file.read(key, index, index + 1) : file.read(key));
    const inner = isMany ? array.shape.slice(1) : array.shape;
    arrays.set(key === name ? "points" : key, { ...array, shape: inner });
  }
  return arrays;
}
