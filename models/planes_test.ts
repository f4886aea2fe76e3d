import { assertEquals, assertLess } from "@std/assert";
import { NetworkBuilder } from "./network.ts";
import { bevSpace, Planes } from "./planes.ts";
import { randomFloats } from "./random.ts";
import { DenseReference, type Plane, plane } from "./reference_dense.ts";
import { run } from "./reference_rows.ts";
import { randomWeights } from "./weights.ts";

const [X, Y, CIN, COUT] = [9, 12, 3, 4];

/** A grid [X, Y, C] as an image, x along its height or its width. */
const imageOf = (values: Float32Array, axes: "xy" | "yx"): Plane =>
  axes === "xy"
    ? plane(CIN, X, Y, (c, x, y) => values[(x * Y + y) * CIN + c]!)
    : plane(CIN, Y, X, (c, y, x) => values[(x * Y + y) * CIN + c]!);

function assertSame(found: Float32Array, expected: Plane, axes: "xy" | "yx"): void {
  const { channels, height, width, values } = expected;
  assertEquals(found.length, values.length);
  const scale = Math.max(...values.map(Math.abs));
  values.forEach((value, i) => {
    const [c, v, u] = [Math.floor(i / (height * width)), Math.floor(i / width) % height, i % width];
    const cell = axes === "xy" ? v * width + u : u * height + v;
    assertLess(Math.abs(found[cell * channels + c]! - value) / scale, 1e-5);
  });
}

const LAYERS = [
  { kernel: 1 },
  { kernel: 1, stride: 2, padding: 0 },
  { kernel: 2, stride: 1, padding: 1 },
  { kernel: 3 },
  { kernel: 3, stride: 2 },
  { kernel: 4, stride: 4, padding: 0 },
  { kernel: 5, stride: 3, padding: 2 },
];

for (const axes of ["xy", "yx"] as const) {
  Deno.test(`Planes.conv() is nn.Conv2d with weights along ${axes}, at all kernels and strides`, () => {
    const values = randomFloats(X * Y * CIN, 1);
    for (const how of LAYERS) {
      const net = new NetworkBuilder();
      const from = net.input(bevSpace([X, Y, 1]), CIN);
      const to = new Planes(net, axes).conv("conv", from, COUT, {
        ...how,
        bias: true,
        relu: false,
      });
      const network = net.build("conv", [to]);
      const weights = randomWeights(network, 2);
      const [found] = run(network, weights, [values]);
      const reference = new DenseReference(weights, "spconv1");
      assertSame(
        found!,
        reference.conv2d(imageOf(values, axes), "conv", { ...how, bias: true }),
        axes,
      );
    }
  });

  Deno.test(`Planes.deconv() is nn.ConvTranspose2d with weights along ${axes}`, () => {
    const values = randomFloats(X * Y * CIN, 3);
    for (const stride of [1, 2, 4]) {
      const net = new NetworkBuilder();
      const from = net.input(bevSpace([X, Y, 1]), CIN);
      const norm = { name: "norm", epsilon: 1e-3 };
      const to = new Planes(net, axes).deconv("up", from, COUT, stride, norm);
      const network = net.build("deconv", [to]);
      const weights = randomWeights(network, 4);
      const [found] = run(network, weights, [values]);
      const reference = new DenseReference(weights, "spconv1");
      const sum = reference.norm(
        reference.deconv2d(imageOf(values, axes), "up", stride),
        "norm",
        1e-3,
      );
      assertSame(found!, { ...sum, values: sum.values.map((v) => Math.max(0, v)) }, axes);
    }
  });
}
