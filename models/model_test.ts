import { assertEquals, assertLess, assertRejects, assertThrows } from "@std/assert";
import { type Backend, Context, type Feature } from "../ffi/mod.ts";
import { InputError } from "../std/errors.ts";
import { activationBytes, countLayers, countMacs, depthOf } from "./count.ts";
import { readCheckpoint } from "./checkpoint/checkpoint.ts";
import { Model } from "./model.ts";
import { minkunet } from "./nets/minkunet.ts";
import { spconvBenchmark } from "./nets/spconv_benchmark.ts";
import { pointPositions, spvcnn } from "./nets/spvcnn.ts";
import type { Network } from "./network.ts";
import { Pool } from "./pool.ts";
import { ZOO, zooModel } from "./registry.ts";
import { Scene } from "./scene.ts";
import { argmax, Segmenter } from "./segmenter.ts";
import { randomFloats } from "./random.ts";
import { featureTensor, floatsOf } from "./dtype.ts";
import { relativeError, smallScene, testOn } from "./testing.ts";
import { randomWeights } from "./weights.ts";

const size = { ratio: 0.25, classes: 19 };

/** A bumpy patch of ground of `side` x `side` points. */
function ground(side: number): Float32Array<ArrayBuffer> {
  const bumps = randomFloats(side * side, 1);
  return Float32Array.from({ length: 4 * side * side }, (_, i) => {
    const [x, y] = [(i >> 2) % side, Math.floor((i >> 2) / side)];
    return [x * 0.06, y * 0.06, bumps[i >> 2]! * 0.1, 0.5][i % 4]!;
  });
}

Deno.test("a model takes no more memory over scans, and gives it back", () => {
  using ctx = new Context("cpu", { threads: 1 });
  const network = spvcnn(size);
  {
    using model = new Model(ctx, network, randomWeights(network, 1));
    const segmenter = new Segmenter(model, zooModel("SemanticKITTI_SPVCNN_cr0.32"));
    const bytes = [40, 38, 36, 39, 37, 40, 36, 38, 40].map((side) => {
      segmenter.predict(ground(side), "a patch");
      return model.pool.bytes;
    });
    // Maps have the size of their scan, all else that of the largest so far.
    assertLess(Math.max(...bytes), 1.05 * bytes[0]!);
    const live = ctx.liveTensors;
    segmenter.predict(ground(40), "a patch");
    assertEquals(ctx.liveTensors, live);
  }
  assertEquals(ctx.liveTensors, 0);
});

Deno.test("Segmenter gives points of a voxel one class, and the same ones again", () => {
  using ctx = new Context("cpu", { threads: 2 });
  const network = minkunet(size);
  using model = new Model(ctx, network, randomWeights(network, 1));
  const segmenter = new Segmenter(model, { positions: null });
  const points = ground(30);
  const twice = Float32Array.of(...points, ...points);
  const labels = segmenter.predict(twice, "two patches");
  assertEquals(labels.subarray(0, 900), labels.subarray(900));
  assertEquals(segmenter.predict(points, "one patch"), labels.slice(0, 900));
});

Deno.test("Segmenter refuses scans that are empty, not finite or too far out", () => {
  using ctx = new Context("cpu", { threads: 1 });
  const network = minkunet(size);
  using model = new Model(ctx, network, randomWeights(network, 1));
  const segmenter = new Segmenter(model, { positions: null });
  const refused = (points: number[], why: string) =>
    assertThrows(() => segmenter.predict(Float32Array.from(points), "scan 7"), InputError, why);
  refused([], "scan 7: it has no points");
  refused([1, NaN, 0, 0], "scan 7");
  refused([1, 0, 0, NaN], "point 0 has the feature NaN behind its coordinates");
  refused([1e9, 0, 0, 0], "scan 7");
  assertEquals(segmenter.predict(Float32Array.of(1, 2, 3, 0.5), "one point").length, 1);
});

Deno.test("forward() refuses an input of another shape or type", () => {
  using ctx = new Context("cpu", { threads: 1 });
  using coords = ctx.tensorFrom("i32", [1, 4], Int32Array.of(0, 1, 2, 3));
  using feats = ctx.tensor("f32", [1, 3]);
  const network = minkunet(size);
  using model = new Model(ctx, network, randomWeights(network, 1));
  using scene = new Scene(ctx, { coords }, model.pool);
  assertThrows(() => model.forward(scene, [feats]), RangeError, "f32 [1,4] is needed");
  assertThrows(() => model.forward(scene, []), RangeError, "input 0 is missing");
});

Deno.test("an unknown engine, and a type without kernels, are errors of the user", () => {
  using ctx = new Context("cpu", { threads: 1 });
  const make = (build: typeof minkunet, options: ConstructorParameters<typeof Model>[3]) => () => {
    const network = build(size);
    using _ = new Model(ctx, network, randomWeights(network, 1), options);
  };
  assertThrows(make(minkunet, { engine: "gathr" }), InputError, 'did you mean "gather"');
  assertEquals(ctx.liveTensors, 0);
});

Deno.test("a network with max pooling gives about the same in 16 bits", () => {
  using ctx = new Context("cpu", { threads: 2 });
  const network = spconvBenchmark([9, 9, 40], [4, 6]);
  const weights = randomWeights(network, 1);
  const { at, feats } = smallScene(9, 3);
  const rows = Int32Array.from(at.flatMap((cell) => [0, ...cell]));
  using coords = ctx.tensorFrom("i32", [at.length, 4], rows);
  const values = Float32Array.from(feats.flatMap((row) => [...row]));
  const [exact, bf16, f16] = (["f32", "bf16", "f16"] as const).map((dtype) => {
    using model = new Model(ctx, network, weights, { dtype });
    using scene = new Scene(ctx, { coords }, model.pool);
    using input = featureTensor(ctx, dtype, [at.length, 3], values);
    return floatsOf(model.forward(scene, [input])[0]!);
  });
  assertLess(difference(bf16!, exact!), halfBound(network, "bf16"));
  assertLess(difference(f16!, exact!), halfBound(network, "f16"));
});

/** What a network gives for the small scene on a backend, in a type. */
function smallPass(backend: Backend, network: Network, dtype: Feature): Float32Array {
  const { at, feats } = smallScene(9);
  using ctx = new Context(backend);
  const voxels = Int32Array.from(at.flatMap((cell) => [0, ...cell]));
  using coords = ctx.tensorFrom("i32", [at.length, 4], voxels);
  using positions = ctx.tensorFrom("f32", [at.length, 4], pointPositions(voxels));
  const values = Float32Array.from(feats.flatMap((row) => [...row]));
  using input = featureTensor(ctx, dtype, [at.length, 4], values);
  using model = new Model(ctx, network, randomWeights(network, 1), { dtype });
  using scene = new Scene(ctx, { coords, positions }, model.pool);
  return floatsOf(model.forward(scene, [input])[0]!);
}

/** Largest difference, as a share of the largest value. */
const difference = (found: Float32Array, expected: Float32Array) =>
  relativeError(found, { feats: Array.from(expected, (value) => Float64Array.of(value)) });

/**
 * What rounding each layer's result to a type makes of the output: the errors are independent of one
 * another and add up like the root of their number. Twice that, of the largest value.
 */
const halfBound = (network: Network, dtype: "bf16" | "f16") =>
  2 * Math.sqrt(depthOf(network)) * (dtype === "bf16" ? 2 ** -8 : 2 ** -11);

for (const build of [minkunet, spvcnn]) {
  Deno.test(`${build.name}() in 16 bits gives about what it gives in f32`, () => {
    const network = build(size);
    const expected = smallPass("cpu", network, "f32");
    for (const dtype of ["bf16", "f16"] as const) {
      assertLess(difference(smallPass("cpu", network, dtype), expected), halfBound(network, dtype));
    }
  });
}

testOn(["emulated", "cuda"], "a model gives what it gives on the CPU, in all types", (backend) => {
  const network = minkunet(size);
  const expected = smallPass("cpu", network, "f32");
  assertLess(difference(smallPass(backend, network, "f32"), expected), 1e-5);
  const points = spvcnn(size);
  const found = smallPass(backend, points, "bf16");
  assertLess(difference(found, smallPass("cpu", points, "f32")), halfBound(points, "bf16"));
});

Deno.test("counts of layers add up to those of the network", () => {
  using ctx = new Context("cpu", { threads: 1 });
  using coords = ctx.tensorFrom("i32", [2, 4], Int32Array.of(0, 1, 2, 3, 0, 1, 2, 4));
  using scene = new Scene(ctx, { coords });
  const network = minkunet(size);
  const layers = countLayers(network, scene);
  const total = layers.reduce((sum, { macs }) => sum + macs, 0);
  assertEquals(countMacs(network, scene), total);
  // Two voxels, each its own neighbour and the other's: 4 pairs of 4 to 8 channels.
  assertEquals(layers[0], {
    name: "stem.0",
    op: "conv",
    params: 27 * 4 * 8 + 16,
    macs: 4 * 4 * 8,
    rows: 2,
    channels: 8,
    activationBytes: 2 * 8 * 4,
  });
  assertEquals(activationBytes(network, scene, "bf16") * 2, activationBytes(network, scene));
});

Deno.test("Pool lends a tensor once, uses it again and drops what has become too small", () => {
  using ctx = new Context("cpu", { threads: 1 });
  using pool = new Pool(ctx);
  const first = pool.take("f32", [8, 4]);
  assertEquals(pool.take("f32", [8, 4]) === first, false);
  pool.give(first);
  assertThrows(() => pool.give(first), TypeError, "did not lend");
  assertEquals(pool.take("f32", [7, 4]) === first, true);
  pool.give(first);
  pool.sweep();
  const live = ctx.liveTensors;
  pool.sweep();
  assertEquals(ctx.liveTensors, live - 1);
});

Deno.test("every network of the zoo can be built, or says what it needs", async () => {
  for (const [name, { configured, build, classes }] of Object.entries(ZOO)) {
    if (configured) assertThrows(() => build(), InputError, "net.config");
    else assertEquals([name, build().outputs[0]!.channels], [name, classes]);
  }
  await assertRejects(() => readCheckpoint("/nowhere.pt"), InputError, "there is no such file");
});

Deno.test("argmax() takes the first of equal values", () => {
  assertEquals(argmax(Float32Array.of(1, 3, 3, -1, -2, -1), 3), Uint8Array.of(1, 0));
});
