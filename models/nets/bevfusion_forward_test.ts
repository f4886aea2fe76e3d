import { assertEquals, assertLess } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { frustumPoints } from "../detection/camera.ts";
import { Model } from "../model.ts";
import { type Network, NetworkBuilder } from "../network.ts";
import { Planes } from "../planes.ts";
import { randomFloats } from "../random.ts";
import {
  catPlanes,
  DenseReference,
  heightCompressed,
  plane,
  type Volume,
} from "../reference_dense.ts";
import { Scene } from "../scene.ts";
import { randomWeights } from "../weights.ts";
import { bevFusion, FUSION_BOXES, FUSION_MAP, type FusionTask, lidarFusion } from "./bevfusion.ts";

/** Runs a network on 3 voxels and each of the given sets of inputs behind theirs. */
function forward(
  network: Network,
  seed: number,
  ...sets: readonly (readonly Float32Array[])[]
): Float32Array[][] {
  using ctx = new Context("cpu", { threads: 2 });
  using stack = new DisposableStack();
  const coords = stack.use(
    ctx.tensorFrom("i32", [3, 4], Int32Array.of(0, 1, 2, 3, 0, 20, 9, 17, 0, 21, 9, 17)),
  );
  using model = new Model(ctx, network, randomWeights(network, seed));
  using scene = new Scene(ctx, { coords }, model.pool);
  return sets.map((others) => {
    const inputs = network.inputs.map(({ channels }, i) => {
      const values = i === 0 ? randomFloats(3 * channels, 5) : others[i - 1]!;
      return stack.use(ctx.tensorFrom("f32", [values.length / channels, channels], values));
    });
    return model.forward(scene, inputs).map((tensor) => tensor.download() as Float32Array);
  });
}

const RANGE = {
  low: [0, 0, 0],
  high: [48, 64, 40],
  voxel: [1, 1, 1],
  maxPoints: 5,
  maxVoxels: 100,
} as const;
const FRUSTUM = { image: [64, 96], features: [8, 12], depth: [1, 20, 4] } as const;
const TINY: FusionTask = {
  ...FUSION_BOXES,
  range: RANGE,
  cell: 4,
  frustum: FRUSTUM,
  cameras: 2,
};
const CAMERA = {
  intrinsics: [50, 0, 48, 0, 50, 32, 0, 0, 1],
  rotation: [0, 0, 1, -1, 0, 0, 0, -1, 0],
  translation: [10, 20, 5],
  scale: 1,
  crop: [0, 0],
} as const;

/** Images, points and depth maps of two cameras. */
function cameraInputs(): Float32Array[] {
  const points = frustumPoints([CAMERA, { ...CAMERA, translation: [20, 10, 5] }], FRUSTUM);
  return [randomFloats(2 * 64 * 96 * 3, 6), points, randomFloats(2 * 64 * 96, 7)];
}

Deno.test("bevFusion() runs whole, and every input moves its boxes", () => {
  const network = bevFusion(TINY);
  const inputs = cameraInputs();
  const changed = inputs.map((_, i) =>
    inputs.map((values, j) => j === i ? values.map((v) => v * 0.5 + 0.1) : values)
  );
  const [boxes, ...others] = forward(network, 3, inputs, ...changed);
  assertEquals(boxes!.map(({ length }) => length), [800, 400, 200, 600, 400, 400, 2000]);
  assertEquals(boxes!.flatMap((values) => [...values]).filter((v) => !Number.isFinite(v)), []);
  for (const [i, outputs] of others.entries()) {
    assertEquals(outputs.some((values, k) => `${values}` !== `${boxes![k]}`), true, `input ${i}`);
  }
});

Deno.test("bevFusion() and lidarFusion() run for maps of the road and without cameras", () => {
  const [map] = forward(
    bevFusion({ ...TINY, depthMap: false, head: FUSION_MAP.head }),
    4,
    cameraInputs(),
  );
  assertEquals(map!.map(({ length }) => length), [200 * 200 * 6]);
  const [boxes] = forward(lidarFusion(TINY), 5, []);
  assertEquals(boxes!.length, 7);
});

Deno.test("Planes.fuse() is a convolution of the map beside the compressed voxels", () => {
  const net = new NetworkBuilder();
  const voxels = net.input({
    kind: "voxels",
    name: "voxels",
    stride: [1, 1, 1],
    made: null,
    shape: [22, 10, 18],
  }, 4);
  const planes = new Planes(net, "xy");
  const map = net.input({ kind: "grid", name: "map", size: [22, 10, 1] }, 3);
  const norm = { name: "norm", epsilon: 1e-5 };
  const fused = planes.fuse("conv", map, voxels, 6, { norm, relu: false });
  const network = net.build("fuse", [fused]);
  const values = randomFloats(22 * 10 * 3, 8);
  const [[found]] = forward(network, 2, [values]) as [[Float32Array]];
  const feats = randomFloats(12, 5);
  // Over [C, X, Y]: the reference's height is x, its width y.
  const cells = new Map([[1, 2, 3], [20, 9, 17], [21, 9, 17]].map(([x, y, z], i) => [
    `${z},${x},${y}`,
    Float64Array.from(feats.subarray(4 * i, 4 * i + 4)),
  ]));
  const volume: Volume = { size: [18, 22, 10], cells };
  const both = catPlanes(
    plane(3, 22, 10, (c, x, y) => values[(x * 10 + y) * 3 + c]!),
    heightCompressed(volume),
  );
  const of = new DenseReference(randomWeights(network, 2), "spconv1");
  const expected = of.norm(of.conv2d(both, "conv"), "norm", 1e-5);
  const scale = Math.max(...expected.values.map(Math.abs));
  expected.values.forEach((value, i) => {
    const [c, cell] = [Math.floor(i / 220), i % 220];
    assertLess(Math.abs(found[cell * 6 + c]! - value) / scale, 1e-4);
  });
});
