import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { type Backend, Context, KernelError, type Tensor } from "../ffi/mod.ts";
import { groupsOf, mappedConvs } from "./dataflow.ts";
import { floatsOf } from "./dtype.ts";
import { Model } from "./model.ts";
import { minkunet } from "./nets/minkunet.ts";
import { spvcnn } from "./nets/spvcnn.ts";
import { randomFloats } from "./random.ts";
import { ScanSlot } from "./scan_slot.ts";
import { Scene } from "./scene.ts";
import { relativeError, smallScene, testOn } from "./testing.ts";
import { randomWeights } from "./weights.ts";

const SIZE = { ratio: 0.25, classes: 19 };

/** A model and the voxels of a small scan. */
function setting(backend: Backend, build: typeof minkunet, side: number, stack: DisposableStack) {
  const ctx = stack.use(new Context(backend, { threads: 2 }));
  const network = build(SIZE);
  const { at } = smallScene(side);
  const xyz = Int32Array.from(at.flatMap((cell) => [0, ...cell]));
  const coords = stack.use(ctx.tensorFrom("i32", [at.length, 4], xyz));
  const feats = stack.use(ctx.tensor("f32", [at.length, 4]));
  const model = stack.use(new Model(ctx, network, randomWeights(network, 1)));
  return { ctx, coords, feats, model };
}

const LIBRARIES = ["cpu", "emulated", "cuda"] as const;

const features = (feats: Tensor<"f32">, seed: number) =>
  feats.upload(randomFloats(feats.length, seed));

testOn(
  LIBRARIES,
  "a planned pass gives forward()'s bits, with cached maps and with its own",
  (backend) => {
    using stack = new DisposableStack();
    const { ctx, coords, feats, model } = setting(backend, minkunet, 5, stack);
    const cached = stack.use(new Scene(ctx, { coords }));
    features(feats, 1);
    model.forward(cached, [feats]);
    const fresh = stack.use(new Scene(ctx, { coords }));
    const passes = [cached, fresh].map((scene) => stack.use(model.plan(scene, [feats])));
    for (const seed of [2, 3]) {
      features(feats, seed);
      const expected = model.forward(cached, [feats])[0]!.download();
      for (const pass of passes) assertEquals(pass.run()[0]!.download(), expected);
    }
    const [convolves, maps] = passes.map(({ info }) => info);
    assertEquals(convolves!.replay, backend === "cpu" ? "plain" : "graph");
    assertEquals(maps!.steps > convolves!.steps, true);
  },
);

Deno.test("layers that share a map share its sorted rows: one step more a map", () => {
  using stack = new DisposableStack();
  const { ctx, coords, feats, model } = setting("cpu", minkunet, 7, stack);
  features(feats, 1);
  const { network } = model;
  const masked = stack.use(
    new Model(ctx, network, randomWeights(network, 1), { engine: "masked" }),
  );
  const steps = [model, masked].map((each) => {
    const scene = stack.use(new Scene(ctx, { coords }));
    for (const { map } of mappedConvs(network)) scene.map(map!);
    return stack.use(each.plan(scene, [feats])).info.steps;
  });
  assertEquals(steps[1]! - steps[0]!, groupsOf(mappedConvs(network)).length);
});

Deno.test("a planned pass of points and voxels gives forward()'s bits", () => {
  using stack = new DisposableStack();
  const { ctx, coords, feats, model } = setting("cpu", spvcnn, 12, stack);
  features(feats, 1);
  const pass = stack.use(model.plan(stack.use(new Scene(ctx, { coords })), [feats]));
  features(feats, 2);
  const expected = model.forward(stack.use(new Scene(ctx, { coords })), [feats])[0]!.download();
  assertEquals(pass.run()[0]!.download(), expected);
});

testOn(LIBRARIES, "a pass over a slot takes scans of any size that fits", (backend) => {
  using stack = new DisposableStack();
  const ctx = stack.use(new Context(backend, { threads: 2 }));
  const network = minkunet(SIZE);
  const scans = [5, 4, 7, 6].map((side, seed) => {
    const xyz = Int32Array.from(smallScene(side).at.flatMap((cell) => [0, ...cell]));
    return { xyz, feats: randomFloats(xyz.length, seed) };
  });
  const rooms = [scans[2]!.xyz.length / 4 + 5, 90, 40, 20, 20];
  // The emulator takes seconds a pass.
  const slow = backend === "emulated";
  for (const engine of slow ? ["masked"] : ["implicit", "masked"]) {
    const model = stack.use(new Model(ctx, network, randomWeights(network, 1), { engine }));
    const slot = stack.use(new ScanSlot(ctx, { room: rooms, channels: 4, dtype: "f32" }));
    slot.load(scans[0]!.xyz, scans[0]!.feats);
    const pass = stack.use(
      model.plan(stack.use(new Scene(ctx, slot.input)), [slot.features as Tensor<"f32">]),
    );
    for (const { xyz, feats } of slow ? scans.slice(1, 3) : scans) {
      slot.load(xyz, feats);
      using coords = ctx.tensorFrom("i32", [slot.rows, 4], xyz);
      using values = ctx.tensorFrom("f32", [slot.rows, 4], feats);
      using scene = new Scene(ctx, { coords });
      const expected = floatsOf(model.forward(scene, [values])[0]!);
      const found = floatsOf(pass.run()[0]!).subarray(0, expected.length);
      if (backend === "cpu") assertEquals(found, expected);
      // A GPU may cut sums into other pieces where there is room for more rows.
      assertLess(relativeError(found, { feats: [Float64Array.from(expected)] }), 1e-5);
    }
  }
});

Deno.test("a slot refuses scans that do not fit, and networks that need more than maps", () => {
  using stack = new DisposableStack();
  const ctx = stack.use(new Context("cpu", { threads: 1 }));
  const slot = stack.use(
    new ScanSlot(ctx, { room: [2, 2, 2, 2, 2], channels: 4, dtype: "f32" }),
  );
  const load = (rows: number) => slot.load(new Int32Array(4 * rows), new Float32Array(4 * rows));
  assertThrows(() => load(3), RangeError, "Cannot load 3 voxels: there is room for 2");
  load(1);
  const planned = (build: typeof minkunet, engine?: string) => () => {
    const network = build(SIZE);
    const options = engine === undefined ? {} : { engine };
    const model = stack.use(new Model(ctx, network, randomWeights(network, 1), options));
    const scene = stack.use(new Scene(ctx, slot.input));
    stack.use(model.plan(scene, [slot.features]));
  };
  assertThrows(planned(spvcnn), RangeError, "Cannot place points where only the device knows");
  assertThrows(planned(minkunet, "gather"), RangeError, "Cannot list the pairs of a map where");
  planned(minkunet)();
});

Deno.test("a planned pass refuses other voxels, and an input that is gone", () => {
  using stack = new DisposableStack();
  const { ctx, coords, feats, model } = setting("cpu", minkunet, 7, stack);
  features(feats, 1);
  const pass = stack.use(model.plan(stack.use(new Scene(ctx, { coords })), [feats]));
  const xyz = coords.download();
  coords.upload(xyz.map((value, i) => i % 4 === 1 ? 3 * value : value));
  assertThrows(() => pass.run(), KernelError, "reads other values than when it was recorded");
  coords.upload(xyz);
  pass.run();
  feats[Symbol.dispose]();
  assertThrows(() => pass.run(), KernelError, "was freed");
});
