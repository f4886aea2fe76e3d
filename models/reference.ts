/**
 * Networks once more, in double precision and with nothing but loops: what tests compare with where
 * no forward of the authors' code is at hand. Weights are read in the authors' layouts.
 */
import type { Weights } from "./weights.ts";

type Cell = readonly [number, number, number];

/** Features of voxels, coordinates in units of their own stride. */
export interface Cells {
  readonly at: readonly Cell[];
  readonly feats: readonly Float64Array[];
}

const key = (cell: readonly number[]) => cell.join();

/** The offsets of a kernel in the order of its weights. */
export type Offsets = readonly Cell[];

function axis(size: number, first = -Math.floor((size - 1) / 2)): number[] {
  return Array.from({ length: size }, (_, i) => first + i);
}

/** x fastest: TorchSparse's odd kernels, and all of MinkowskiEngine's. */
export function xFastest(size: number): Offsets {
  const range = axis(size);
  return range.flatMap((z) => range.flatMap((y) => range.map((x): Cell => [x, y, z])));
}

/** z fastest: TorchSparse's even kernels. */
export function zFastest(size: number): Offsets {
  const range = axis(size);
  return range.flatMap((x) => range.flatMap((y) => range.map((z): Cell => [x, y, z])));
}

/** TorchSparse's order. */
export function torchSparse(size: number): Offsets {
  return size % 2 === 1 ? xFastest(size) : zFastest(size);
}

/** Applies modules by their names in a checkpoint. */
export class Reference {
  constructor(private readonly weights: Weights) {}

  /** Each output reads `stride * q + offset` through the weight [KV, Cin, Cout] of `name`. */
  conv(x: Cells, name: string, offsets: Offsets, outputs = x.at, stride = 1): Cells {
    const weight = this.weights.get(name);
    const rows = new Map(x.at.map((cell, i) => [key(cell), i]));
    const cin = x.feats[0]!.length;
    const cout = weight.length / offsets.length / cin;
    const feats = outputs.map((q) => {
      const out = new Float64Array(cout);
      offsets.forEach((offset, k) => {
        const row = rows.get(key(q.map((v, i) => v * stride + offset[i]!)));
        if (row === undefined) return;
        multiply(x.feats[row]!, weight.subarray(k * cin * cout, (k + 1) * cin * cout), out);
      });
      return out;
    });
    return { at: outputs, feats };
  }

  /** The transposed layer of a stride: fine[q * stride + offset] += coarse[q] * weight[offset]. */
  transposed(x: Cells, name: string, offsets: Offsets, outputs: readonly Cell[], stride: number) {
    const weight = this.weights.get(name);
    const rows = new Map(outputs.map((cell, i) => [key(cell), i]));
    const cin = x.feats[0]!.length;
    const cout = weight.length / offsets.length / cin;
    const feats = outputs.map(() => new Float64Array(cout));
    x.at.forEach((q, i) =>
      offsets.forEach((offset, k) => {
        const row = rows.get(key(q.map((v, d) => v * stride + offset[d]!)));
        if (row === undefined) return;
        const part = weight.subarray(k * cin * cout, (k + 1) * cin * cout);
        multiply(x.feats[i]!, part, feats[row]!);
      })
    );
    return { at: outputs, feats };
  }

  /** Every row times PyTorch's [Cout, Cin], plus the bias. */
  linear<X extends { readonly feats: readonly Float64Array[] }>(x: X, name: string): X {
    const [weight, bias] = [this.weights.get(`${name}.weight`), this.weights.get(`${name}.bias`)];
    const feats = x.feats.map((row) =>
      Float64Array.from(
        bias,
        (b, o) => row.reduce((sum, value, i) => sum + value * weight[o * row.length + i]!, b),
      )
    );
    return { ...x, feats };
  }

  norm<X extends { readonly feats: readonly Float64Array[] }>(x: X, name: string, epsilon = 1e-5) {
    const [gamma, beta, mean, variance] = ["weight", "bias", "running_mean", "running_var"]
      .map((part) => this.weights.get(`${name}.${part}`));
    return map(
      x,
      (value, c) =>
        (value - mean![c]!) / Math.sqrt(variance![c]! + epsilon) * gamma![c]! + beta![c]!,
    );
  }

  /** Adds a bias a channel. */
  bias<X extends { readonly feats: readonly Float64Array[] }>(x: X, name: string): X {
    const bias = this.weights.get(name);
    return map(x, (value, c) => value + bias[c]!);
  }
}

function multiply(row: Float64Array, weight: Float32Array, out: Float64Array): void {
  const cout = out.length;
  for (let i = 0; i < row.length; i++) {
    for (let o = 0; o < cout; o++) out[o]! += row[i]! * weight[i * cout + o]!;
  }
}

function map<X extends { readonly feats: readonly Float64Array[] }>(
  x: X,
  of: (value: number, channel: number) => number,
): X {
  return { ...x, feats: x.feats.map((row) => row.map(of)) };
}

export function relu<X extends { readonly feats: readonly Float64Array[] }>(x: X): X {
  return map(x, (value) => Math.max(0, value));
}

export function add<X extends { readonly feats: readonly Float64Array[] }>(x: X, y: X): X {
  return { ...x, feats: x.feats.map((row, i) => row.map((value, c) => value + y.feats[i]![c]!)) };
}

export function cat(x: Cells, y: Cells): Cells {
  return { ...x, feats: x.feats.map((row, i) => Float64Array.of(...row, ...y.feats[i]!)) };
}

/** floor(p / 2) of all cells, each once, sorted. */
export function halved(cells: readonly Cell[]): Cell[] {
  const coarse = cells.map((cell) => cell.map((v) => Math.floor(v / 2)) as unknown as Cell);
  const distinct = [...new Map(coarse.map((cell) => [key(cell), cell])).values()];
  return distinct.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
}

/** The mean of the points in each cell of `at`, whose cells are 2^level voxels wide. */
export function pointsToVoxels(points: Cells, at: readonly Cell[], level: number): Cells {
  const rows = new Map(at.map((cell, i) => [key(cell), i]));
  const sums = at.map(() => new Float64Array(points.feats[0]!.length));
  const counts = at.map(() => 0);
  points.at.forEach((p, i) => {
    const row = rows.get(key(p.map((v) => Math.floor(v / 2 ** level))))!;
    counts[row]!++;
    points.feats[i]!.forEach((value, c) => sums[row]![c]! += value);
  });
  return { at, feats: sums.map((sum, row) => sum.map((value) => value / counts[row]!)) };
}

/** Trilinear interpolation of voxels 2^level wide; missing corners are left out of the weights. */
export function voxelsToPoints(voxels: Cells, at: readonly Cell[], level: number): Cells {
  const rows = new Map(voxels.at.map((cell, i) => [key(cell), i]));
  const feats = at.map((point) => {
    const p = point.map((v) => v / 2 ** level);
    const low = p.map(Math.floor);
    const out = new Float64Array(voxels.feats[0]!.length);
    let total = 0;
    for (const corner of zFastest(2)) {
      const row = rows.get(key(low.map((v, d) => v + corner[d]!)));
      if (row === undefined) continue;
      const weight = corner.reduce(
        (all, step, d) => all * (step === 1 ? p[d]! - low[d]! : 1 - (p[d]! - low[d]!)),
        1,
      );
      total += weight;
      voxels.feats[row]!.forEach((value, c) => out[c]! += weight * value);
    }
    return out.map((value) => value / (total + 1e-8));
  });
  return { at, feats };
}
