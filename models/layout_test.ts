import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { geometry } from "../ffi/mod.ts";
import type { Layout } from "./layer.ts";
import { INPUT_VOXELS, type Network, NetworkBuilder } from "./network.ts";
import { halved, type Offsets, Reference, xFastest, zFastest } from "./reference.ts";
import { randomFloats } from "./random.ts";
import { forward, relativeError, smallScene } from "./testing.ts";
import type { Weights } from "./weights.ts";

const [CIN, COUT] = [3, 5];

/** One layer with the weights of an engine. */
function layer(layout: Layout, size: number): Network {
  const net = new NetworkBuilder();
  const kernel = size === 2 ? geometry(2, 2) : geometry(size);
  const out = net.conv("conv", net.input(INPUT_VOXELS, CIN), COUT, {
    kernel,
    layout,
    weight: "w",
    relu: false,
  });
  return net.build("one layer", [out]);
}

/** Which way the offsets of an engine's weights run, and where Cout stands. */
const ENGINES: Readonly<Record<string, (size: number) => Offsets>> = {
  torchsparse: (size) => size % 2 === 1 ? xFastest(size) : zFastest(size),
  minkowski: xFastest,
  // [z, y, x, ...] row-major: x fastest.
  spconv1: xFastest,
  spconv2: xFastest,
};

/** The same numbers as [KV, Cin, Cout], which the reference takes. */
function stacked(layout: string, values: Float32Array, volume: number): Float32Array {
  if (layout !== "spconv2") return values;
  return values.map((_, at) => {
    const [k, i, o] = [Math.floor(at / (CIN * COUT)), Math.floor(at / COUT) % CIN, at % COUT];
    return values[(o * volume + k) * CIN + i]!;
  });
}

for (const [layout, offsets] of Object.entries(ENGINES)) {
  Deno.test(`weights of ${layout} give what its own offsets give, and in another order do not`, () => {
    const x = smallScene(8, CIN);
    for (const size of [2, 3, 5]) {
      const values = randomFloats(size ** 3 * CIN * COUT, size);
      const weights: Weights = { get: () => values };
      const found = forward(layer(layout as Layout, size), weights, x);
      const reference = new Reference({ get: () => stacked(layout, values, size ** 3) });
      const [outputs, stride] = size === 2 ? [halved(x.at), 2] : [x.at, 1];
      const error = (order: Offsets) =>
        relativeError(found, reference.conv(x, "w", order, outputs, stride));
      assertLess(error(offsets(size)), 1e-5);
      const other = offsets(size)[1]![0] === offsets(size)[0]![0] ? xFastest : zFastest;
      assertGreater(error(other(size)), 0.1);
    }
  });
}

Deno.test("a layer knows the shape that each engine stores its weight in", () => {
  const shape = (layout: Layout, size: number) =>
    layer(layout, size).layers[0]!.parameters[0]!.shape;
  assertEquals(shape("torchsparse", 3), [27, CIN, COUT]);
  assertEquals(shape("minkowski", 2), [8, CIN, COUT]);
  assertEquals(shape("spconv1", 3), [3, 3, 3, CIN, COUT]);
  assertEquals(shape("spconv2", 3), [COUT, 3, 3, 3, CIN]);
  assertEquals(shape("torchsparse", 1), [CIN, COUT]);
});
