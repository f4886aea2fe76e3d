/** Files of ../shared/data/golden, and the layers of the recorded nets that are not ours. */
import { type NpyArray, parseNpz } from "../std/npz.ts";
import { sharedPath } from "../std/testing.ts";

export type Arrays = ReadonlyMap<string, NpyArray>;

/** The arrays of a golden file, or undefined with the reason printed. */
export function golden(name: string): Arrays | undefined {
  const path = sharedPath(`data/golden/${name}`);
  return path === undefined ? undefined : parseNpz(Deno.readFileSync(path), name);
}

export const floats = (arrays: Arrays, name: string) =>
  arrays.get(name)!.data as Float32Array<ArrayBuffer>;
export const ints = (arrays: Arrays, name: string) =>
  arrays.get(name)!.data as Int32Array<ArrayBuffer>;

/** Training-mode batch norm over the rows (biased variance, eps 1e-5), then ReLU. */
export function batchNormRelu(
  x: Float32Array,
  gamma: Float32Array,
  beta: Float32Array,
): Float32Array {
  const c = gamma.length;
  const n = x.length / c;
  const out = new Float32Array(x.length);
  for (let k = 0; k < c; k++) {
    let mean = 0;
    let variance = 0;
    for (let i = 0; i < n; i++) mean += x[i * c + k]! / n;
    for (let i = 0; i < n; i++) variance += (x[i * c + k]! - mean) ** 2 / n;
    const scale = gamma[k]! / Math.sqrt(variance + 1e-5);
    for (let i = 0; i < n; i++) {
      out[i * c + k] = Math.max(0, (x[i * c + k]! - mean) * scale + beta[k]!);
    }
  }
  return out;
}

/** spconv's columns are batch, z, y, x. */
export function toXyz(indices: Int32Array): Int32Array {
  return indices.map((_, at) => {
    const column = at % 4;
    return indices[at - column + (column === 0 ? 0 : 4 - column)]!;
  });
}

/** The 1x1x1 head over [d, a]: spconv reads its (8, 1, 1, 1, 32) memory as 32 x 8, in x out. */
export function head(
  d: Float32Array,
  a: Float32Array,
  w: Float32Array,
  bias: Float32Array,
): Float32Array {
  const n = d.length / 16;
  const out = new Float32Array(n * 8);
  for (let i = 0; i < n; i++) {
    for (let o = 0; o < 8; o++) {
      let sum = bias[o]!;
      for (let k = 0; k < 32; k++) {
        const x = k < 16 ? d[i * 16 + k]! : a[i * 16 + k - 16]!;
        sum += x * w[k * 8 + o]!;
      }
      out[i * 8 + o] = sum;
    }
  }
  return out;
}
