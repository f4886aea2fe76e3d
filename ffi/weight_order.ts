/**
 * Weights of other engines in the order of voxmark.h: [KV, Cin, Cout], odd kernel volumes with x
 * fastest and even ones with z fastest. Every other order gives silently wrong features.
 */
import type { Geometry } from "./ops.ts";

/**
 * - `torchsparse` [KV, Cin, Cout] in the order of voxmark.h (TorchSparse 1.4 and 2.x).
 * - `minkowski` [KV, Cin, Cout], x fastest for odd and even volumes (MinkowskiEngine 0.5).
 * - `spconv1` [k0, k1, k2, Cin, Cout], k0 k1 k2 along the coordinate columns after the batch.
 * - `spconv2` [Cout, k0, k1, k2, Cin] (spconv 2.x, KRSC).
 */
export type WeightLayout = "torchsparse" | "minkowski" | "spconv1" | "spconv2";

/** Which axis each spatial coordinate column of the other engine holds: spconv's usual is "zyx". */
export type ColumnOrder = "xyz" | "zyx";

/** How the other engine stores them; its coordinate columns are "zyx" when not given. */
type Order = readonly [
  layout: WeightLayout,
  kernel: Geometry["kernel"],
  cin: number,
  cout: number,
  columns?: ColumnOrder,
];

/** The converted copy of `data`, which holds KV * cin * cout weights in `layout`. */
export function toVoxmarkWeights(data: Float32Array, ...order: Order): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length);
  forEachWeight(data.length, order, (ours, theirs) => out[ours] = data[theirs]!);
  return out;
}

/** The inverse of {@linkcode toVoxmarkWeights}: our weights as another engine stores them. */
export function fromVoxmarkWeights(data: Float32Array, ...order: Order): Float32Array<ArrayBuffer> {
  const out = new Float32Array(data.length);
  forEachWeight(data.length, order, (ours, theirs) => out[theirs] = data[ours]!);
  return out;
}

/** Calls `visit` with the place of each weight in our order and in the other engine's. */
function forEachWeight(
  count: number,
  [layout, kernel, cin, cout, columns = "zyx"]: Order,
  visit: (ours: number, theirs: number) => void,
): void {
  const [kx, ky, kz] = kernel;
  const volume = kx * ky * kz;
  if (count !== volume * cin * cout) {
    throw new RangeError(
      `Cannot convert weights: ${count} values, ` +
        `${kernel.join(" x ")} kernels of ${cin} to ${cout} channels need ${volume * cin * cout}`,
    );
  }
  for (let x = 0; x < kx; x++) {
    for (let y = 0; y < ky; y++) {
      for (let z = 0; z < kz; z++) {
        const to = voxmarkIndex(kernel, x, y, z);
        const from = theirIndex(layout, kernel, x, y, z, columns);
        for (let i = 0; i < cin; i++) {
          for (let o = 0; o < cout; o++) {
            const at = layout === "spconv2"
              ? (o * volume + from) * cin + i
              : (from * cin + i) * cout + o;
            visit((to * cin + i) * cout + o, at);
          }
        }
      }
    }
  }
}

/** Offset index of voxmark.h of the step (x, y, z), each from 0. */
function voxmarkIndex([kx, ky, kz]: Geometry["kernel"], x: number, y: number, z: number): number {
  return kx * ky * kz % 2 === 1 ? (z * ky + y) * kx + x : (x * ky + y) * kz + z;
}

function theirIndex(
  layout: WeightLayout,
  kernel: Geometry["kernel"],
  x: number,
  y: number,
  z: number,
  columns: ColumnOrder,
): number {
  const [kx, ky, kz] = kernel;
  if (layout === "torchsparse") return voxmarkIndex(kernel, x, y, z);
  const zFastest = (x * ky + y) * kz + z;
  const xFastest = (z * ky + y) * kx + x;
  if (layout === "minkowski") return xFastest;
  return columns === "xyz" ? zFastest : xFastest;
}
