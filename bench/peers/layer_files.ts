/** A layer as the .npy files that workers read, and their output read back in our order of rows. */
import { type Geometry, kernelVolume } from "../../ffi/mod.ts";
import { fromVoxmarkWeights, type WeightLayout } from "../../ffi/weight_order.ts";
import { InputError } from "../../std/errors.ts";
import { MAX_HEADER, npyFile, parseNpyHeader } from "../../std/npy.ts";
import { PeerError } from "./process.ts";

export type PeerLayout = Exclude<WeightLayout, "spconv1">;

/** A sparse convolution with all that another engine needs to do it. */
export interface PeerLayer {
  /** Kernel 3; kernel 2 and stride 2; and the way back from that. */
  readonly kind: "subm3" | "down2" | "up2";
  readonly shape: Geometry;
  readonly cin: number;
  readonly cout: number;
  /** [N, 4] and [M, 4]: batch, x, y, z, each in units of its own level. */
  readonly coords: Int32Array;
  readonly outCoords: Int32Array;
  /** [N, cin]. */
  readonly feats: Float32Array;
  /** [KV, cin, cout], ours. */
  readonly weight: Float32Array;
  /** [KV, M]: the input row of each offset and output, -1 = none. */
  readonly map: Int32Array;
}

/** Writes the files of a layer into a folder; the weights in the layout of the engine. */
export async function writeLayer(
  folder: string,
  { shape, cin, cout, coords, outCoords, feats, weight, map }: PeerLayer,
  layout: PeerLayout,
): Promise<void> {
  const { kernel } = shape;
  const volume = kernelVolume(shape);
  // Our coordinates are x, y, z, and stay so.
  const theirs = fromVoxmarkWeights(weight, layout, kernel, cin, cout, "xyz");
  const weightShape = layout === "spconv2" ? [cout, ...kernel, cin] : [volume, cin, cout];
  const files = {
    coords: npyFile(coords, [coords.length / 4, 4]),
    "out_coords": npyFile(outCoords, [outCoords.length / 4, 4]),
    feats: npyFile(feats, [coords.length / 4, cin]),
    weight: npyFile(theirs, weightShape),
    map: npyFile(map, [volume, outCoords.length / 4]),
  };
  for (const [name, bytes] of Object.entries(files)) {
    await Deno.writeFile(`${folder}/${name}.npy`, bytes);
  }
}

/**
 * The output [M, cout] that a worker wrote as out.npy, in our order of rows: the order of `map`, or
 * where there is a rows.npy [M, 4] the voxels that it names.
 *
 * @throws {PeerError} The files are missing or of another shape, or hold other voxels.
 */
export async function readOutput(
  folder: string,
  { cout, outCoords }: Pick<PeerLayer, "cout" | "outCoords">,
): Promise<Float32Array> {
  const rows = outCoords.length / 4;
  const out = new Float32Array((await readNpy(folder, "out", "<f4", [rows, cout]))!);
  const names = await readNpy(folder, "rows", "<i4", [rows, 4], true);
  return names === undefined ? out : reordered(out, new Int32Array(names), outCoords, cout);
}

async function readNpy(
  folder: string,
  name: string,
  descr: string,
  shape: readonly number[],
  optional = false,
): Promise<ArrayBuffer | undefined> {
  const file = `${folder}/${name}.npy`;
  const bytes = 4 * shape.reduce((a, b) => a * b, 1);
  try {
    const { size } = await Deno.stat(file);
    // Before it is read: a worker may write anything.
    if (size > bytes + MAX_HEADER) throw new PeerError(`${name}.npy is ${size} bytes`, false);
    const all = await Deno.readFile(file);
    const header = parseNpyHeader(all, `${name}.npy`);
    const { descr: type, fortran, start } = header;
    const found = `${type}${fortran ? " in Fortran order" : ""} [${header.shape}]`;
    if (found !== `${descr} [${shape}]` || all.length !== start + bytes) {
      throw new PeerError(`${name}.npy is ${found}, and ${descr} [${shape}] is needed`, false);
    }
    return all.slice(start).buffer;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      if (optional) return undefined;
      throw new PeerError(`it wrote no ${name}.npy`, false);
    }
    throw error instanceof InputError ? new PeerError(error.message, false) : error;
  }
}

/** Rows of `out` brought from the order of `named` voxels into that of `wanted`. */
function reordered(
  out: Float32Array,
  named: Int32Array,
  wanted: Int32Array,
  cout: number,
): Float32Array {
  const key = (coords: Int32Array, row: number) => coords.subarray(4 * row, 4 * row + 4).join();
  const rowOf = new Map<string, number>();
  for (let row = 0; row < named.length / 4; row++) rowOf.set(key(named, row), row);
  const sorted = new Float32Array(out.length);
  for (let row = 0; row < wanted.length / 4; row++) {
    const from = rowOf.get(key(wanted, row));
    if (from === undefined) {
      throw new PeerError(`its output has no row for voxel (${key(wanted, row)})`, false);
    }
    sorted.set(out.subarray(from * cout, (from + 1) * cout), row * cout);
  }
  return sorted;
}
