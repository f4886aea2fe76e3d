/** Where the numbers of a weight lie in a checkpoint, and on the device. */
import { toVoxmarkWeights } from "../ffi/weight_order.ts";
import type { Layout } from "./layer.ts";
import type { Three } from "./value.ts";

/** The shape of a weight as its authors store it. */
export function weightShape(layout: Layout, kernel: Three, cin: number, cout: number): number[] {
  const volume = kernel[0] * kernel[1] * kernel[2];
  switch (layout) {
    case "linear":
      return [cout, cin];
    case "conv1d":
      return [cout, cin, 1];
    case "torchsparse":
    case "minkowski":
      return volume === 1 ? [cin, cout] : [volume, cin, cout];
    // Coordinates are (z, y, x) there.
    case "spconv1":
      return [kernel[2], kernel[1], kernel[0], cin, cout];
    case "spconv1-xyz":
      return [...kernel, cin, cout];
    case "spconv2":
      return [cout, kernel[2], kernel[1], kernel[0], cin];
  }
}

/** A weight on its way to the device. */
export interface Stored {
  readonly layout: Layout;
  readonly kernel: Three;
  readonly cin: number;
  readonly cout: number;
}

/** The weights [KV, Cin, Cout] of voxmark.h; `data` itself where it is that already. */
export function voxmarkWeights(data: Float32Array, stored: Stored): Float32Array {
  const { layout, kernel, cin, cout } = stored;
  if (layout === "torchsparse") return data;
  if (layout === "spconv1-xyz") {
    return toVoxmarkWeights(data, "spconv1", kernel, cin, cout, "xyz");
  }
  if (layout !== "linear" && layout !== "conv1d") {
    return toVoxmarkWeights(data, layout, kernel, cin, cout);
  }
  const turned = new Float32Array(data.length);
  for (let o = 0; o < cout; o++) {
    for (let i = 0; i < cin; i++) turned[i * cout + o] = data[o * cin + i]!;
  }
  return turned;
}

/** The input channels [first, first + count) of weights [KV, Cin, Cout]. */
export function inputPart(data: Float32Array, stored: Stored, first: number, count: number) {
  const { cin, cout } = stored;
  if (first === 0 && count === cin) return data;
  const kv = data.length / (cin * cout);
  const part = new Float32Array(kv * count * cout);
  for (let k = 0; k < kv; k++) {
    const from = (k * cin + first) * cout;
    part.set(data.subarray(from, from + count * cout), k * count * cout);
  }
  return part;
}
