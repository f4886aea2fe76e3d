import { assertEquals, assertThrows } from "@std/assert";
import { type Backend, Context, KernelError, type Tensor, unavailable } from "../ffi/mod.ts";
import { groupsOf, mappedConvs } from "./dataflow.ts";
import { Model } from "./model.ts";
import { minkunet } from "./nets/minkunet.ts";
import { spvcnn } from "./nets/spvcnn.ts";
import { randomFloats } from "./random.ts";
import { Scene } from "./scene.ts";
import { smallScene } from "./testing.ts";
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

/** Registers a test for both libraries; where one is missing, it is ignored and says why. */
function testBoth(name: string, run: (backend: Backend) => void): void {
  for (const backend of ["cpu", "emulated"] as const) {
    const why = unavailable(backend);
    const fn = () => run(backend);
    Deno.test({ name: `${name} [${why ?? backend}]`, ignore: why !== undefined, fn });
  }
}

const features = (feats: Tensor<"f32">, seed: number) =>
  feats.upload(randomFloats(feats.length, seed));

testBoth("a planned pass gives forward()'s bits, with cached maps and with its own", (backend) => {
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
});

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
