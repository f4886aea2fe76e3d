/** Brute force over dense grids in double precision: the reference of the native references. */
import type { Geometry } from "./ops.ts";

const key = (b: number, x: number, y: number, z: number) => `${b},${x},${y},${z}`;

/** First offset of an axis of `size` cells. */
const low = (size: number) => -Math.floor((size - 1) / 2);

/** Offsets in index order: odd volumes x fastest, even volumes z fastest. */
export function offsetsOf({ kernel: [kx, ky, kz] }: Geometry): [number, number, number][] {
  const axis = (size: number) => Array.from({ length: size }, (_, i) => i + low(size));
  const [xs, ys, zs] = [axis(kx), axis(ky), axis(kz)];
  return kx * ky * kz % 2 === 1
    ? zs.flatMap((z) => ys.flatMap((y) => xs.map((x): [number, number, number] => [x, y, z])))
    : xs.flatMap((x) => ys.flatMap((y) => zs.map((z): [number, number, number] => [x, y, z])));
}

/** The kernel map [KV, M] by looking every cell up. */
export function denseKernelMap(inputs: Int32Array, outputs: Int32Array, layer: Geometry) {
  const rows = new Map<string, number>();
  for (let i = inputs.length / 4 - 1; i >= 0; i--) {
    rows.set(
      key(...(inputs.subarray(i * 4, i * 4 + 4) as unknown as [number, number, number, number])),
      i,
    );
  }
  const offsets = offsetsOf(layer);
  const m = outputs.length / 4;
  const map = new Int32Array(offsets.length * m);
  offsets.forEach((offset, k) => {
    for (let q = 0; q < m; q++) {
      const [b, ...at] = outputs.subarray(q * 4, q * 4 + 4);
      const p = at.map((v, i) => v * layer.stride[i]! + offset[i]! * layer.dilation[i]!);
      map[k * m + q] = rows.get(key(b!, p[0]!, p[1]!, p[2]!)) ?? -1;
    }
  });
  return map;
}

/** Every output of a strided layer whose receptive field holds an input, or floor(p / stride). */
export function denseDownsample(coords: Int32Array, layer: Geometry, mode: "reached" | "floor") {
  const rows: number[] = [];
  for (let i = 0; i < coords.length; i += 4) {
    const [b, ...p] = coords.subarray(i, i + 4);
    const floor = p.map((v, axis) => Math.floor(v / layer.stride[axis]!));
    if (mode === "floor") {
      rows.push(b!, ...floor);
      continue;
    }
    // q = (p - offset * dilation) / stride where that is whole: try every cell nearby.
    const reach = layer.kernel.map((k, axis) => k * layer.dilation[axis]! + 1);
    const candidates = floor.map((f, axis) =>
      Array.from({ length: 2 * reach[axis]! + 1 }, (_, j) => f - reach[axis]! + j).filter((q) => {
        const offset = (p[axis]! - q * layer.stride[axis]!) / layer.dilation[axis]!;
        const first = low(layer.kernel[axis]!);
        return Number.isInteger(offset) && offset >= first && offset < first + layer.kernel[axis]!;
      })
    );
    for (const x of candidates[0]!) {
      for (const y of candidates[1]!) {
        for (const z of candidates[2]!) rows.push(b!, x, y, z);
      }
    }
  }
  return Int32Array.from(rows);
}

/** The convolution that a kernel map describes, in double. */
export function denseConv(
  feats: Float32Array,
  weight: Float32Array,
  map: Int32Array,
  cin: number,
  cout: number,
): Float64Array {
  const kv = weight.length / (cin * cout);
  const m = map.length / kv;
  const out = new Float64Array(m * cout);
  for (let k = 0; k < kv; k++) {
    for (let q = 0; q < m; q++) {
      const row = map[k * m + q]!;
      if (row < 0) continue;
      for (let i = 0; i < cin; i++) {
        for (let o = 0; o < cout; o++) {
          out[q * cout + o]! += feats[row * cin + i]! * weight[(k * cin + i) * cout + o]!;
        }
      }
    }
  }
  return out;
}

/** The weight gradient by its definition, in double. */
export function denseWgrad(
  feats: Float32Array,
  gradOut: Float32Array,
  map: Int32Array,
  kv: number,
  cin: number,
  cout: number,
): Float64Array {
  const m = map.length / kv;
  const out = new Float64Array(kv * cin * cout);
  for (let k = 0; k < kv; k++) {
    for (let q = 0; q < m; q++) {
      const row = map[k * m + q]!;
      if (row < 0) continue;
      for (let i = 0; i < cin; i++) {
        for (let o = 0; o < cout; o++) {
          out[(k * cin + i) * cout + o]! += feats[row * cin + i]! * gradOut[q * cout + o]!;
        }
      }
    }
  }
  return out;
}
