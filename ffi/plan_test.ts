import { assertEquals, assertThrows } from "@std/assert";
import {
  Context,
  geometry,
  KernelError,
  kernelMap,
  linear,
  Plan,
  sparseConv,
  stridedMap,
} from "./mod.ts";
import { coordsTensor, randomCoords, randomFloats, sortedUnique, testEach } from "./testing.ts";

const [SUBM, DOWN] = [geometry(3), geometry(2, 2)];

/** What is to be seen of a plan that was run. */
const replayOf = (setting: string) => setting.startsWith("cpu") ? "plain" : "graph";

/** x [n, 3] times a seeded weight, and a plan of it. */
function product(ctx: Context, stack: DisposableStack, n: number) {
  const x = stack.use(ctx.tensorFrom("f32", [n, 3], randomFloats(3 * n, 1)));
  const weight = stack.use(ctx.tensorFrom("f32", [3, 5], randomFloats(15, 2)));
  const out = stack.use(ctx.tensor("f32", [n, 5]));
  const plan = stack.use(Plan.record(ctx, () => linear(x, weight, out)));
  return { x, weight, out, plan };
}

testEach("a plan computes again from what its inputs hold then", (ctx, setting) => {
  using stack = new DisposableStack();
  const { x, weight, out, plan } = product(ctx, stack, 40);
  assertEquals(plan.info, { steps: 1, replay: "plain", why: "it was not run yet" });
  for (const seed of [1, 3, 4]) {
    x.upload(randomFloats(120, seed));
    linear(x, weight, out);
    const expected = out.download();
    out.upload(new Float32Array(out.length));
    plan.run();
    assertEquals(out.download(), expected);
  }
  assertEquals(plan.info.replay, replayOf(setting));
});

testEach("a plan makes maps on several queues and convolves, as its calls do", (ctx, setting) => {
  using stack = new DisposableStack();
  const xyz = sortedUnique(randomCoords(120, 8, 1));
  const fine = stack.use(coordsTensor(ctx, xyz));
  const n = fine.rows;
  const coarse = stack.use(ctx.tensor("i32", [n, 4]));
  const down = stack.use(ctx.tensor("i32", [8, n]));
  const subm = stack.use(ctx.tensor("i32", [27, n]));
  const count = stack.use(ctx.tensor("i64", [1]));
  const feats = stack.use(ctx.tensorFrom("f32", [n, 4], randomFloats(4 * n, 3)));
  const weight = stack.use(ctx.tensorFrom("f32", [27, 4, 8], randomFloats(27 * 32, 4)));
  const out = stack.use(ctx.tensor("f32", [n, 8]));
  const plan = stack.use(Plan.record(ctx, () => {
    ctx.onQueue(1, () => kernelMap(fine, fine, subm, SUBM));
    stridedMap(fine, coarse, down, count, DOWN);
    coarse.setRows(Number(count.download()[0]));
    sparseConv(feats, weight, subm, null, out);
  }));
  const read = () => [coarse, subm, out].map((tensor) => tensor.download());
  const expected = read();
  for (let time = 0; time < 2; time++) {
    for (const tensor of [coarse, subm]) tensor.upload(new Int32Array(tensor.length));
    out.upload(new Float32Array(out.length));
    plan.run();
    assertEquals(read(), expected);
  }
  assertEquals(plan.info.replay, replayOf(setting));
  // Scratch memory that moves between runs is no harm: the graph is captured again.
  ctx.check(ctx.lib.vmk_reserve(ctx.ptr, BigInt(2 * ctx.scratchBytes)), "vmk_reserve");
  plan.run();
  assertEquals(read(), expected);
  // Another number of outputs: what follows would have the wrong size.
  fine.upload(new Int32Array(fine.length));
  assertThrows(
    () => {
      plan.run();
      count.download();
    },
    KernelError,
    "reads other values than when it was recorded",
  );
});

testEach("what was uploaded while recording is written again", (ctx) => {
  using stack = new DisposableStack();
  const x = stack.use(ctx.tensorFrom("f32", [2, 1], Float32Array.of(1, 2)));
  const weight = stack.use(ctx.tensor("f32", [1, 1]));
  const out = stack.use(ctx.tensor("f32", [2, 1]));
  const plan = stack.use(Plan.record(ctx, () => {
    weight.upload(Float32Array.of(3));
    linear(x, weight, out);
  }));
  weight.upload(Float32Array.of(7));
  plan.run();
  assertEquals([...out.download(), ...weight.download()], [3, 6, 3]);
});

testEach("a plan refuses tensors that were disposed or have another shape", (ctx) => {
  using stack = new DisposableStack();
  const { x, plan } = product(ctx, stack, 6);
  plan.run();
  x.setRows(5);
  assertThrows(
    () => plan.run(),
    KernelError,
    "Cannot run a plan: dimension 0 of a tensor of step 0, linear, is 5, it was 6 when",
  );
  x.setRows(6);
  plan.run();
  x[Symbol.dispose]();
  assertThrows(() => plan.run(), KernelError, "a tensor of step 0, linear, was freed");
});

testEach("plans do not nest, and a recording that fails is given up", (ctx) => {
  using stack = new DisposableStack();
  const { x, weight, plan } = product(ctx, stack, 2);
  using none = Plan.record(ctx, () => {
    assertThrows(() => Plan.record(ctx, () => {}), KernelError, "another one is being recorded");
    assertThrows(() => plan.run(), KernelError, "Cannot run a plan: one is being recorded");
    // A call that fails is no step.
    assertThrows(() => linear(x, weight, x), KernelError, "Cannot read out: dimension 1 is 3");
  });
  none.run();
  assertEquals(none.info.steps, 0);
  assertThrows(() => Plan.record(ctx, () => linear(x, weight, x)), KernelError, "Cannot read out");
  assertThrows(
    () => ctx.check(ctx.lib.vmk_plan_end(ctx.ptr, plan.ptr), "vmk_plan_end"),
    KernelError,
    "Cannot end a plan: it is not being recorded",
  );
  plan.run();
  plan[Symbol.dispose]();
  assertThrows(() => plan.run(), TypeError, "Cannot use a disposed Plan");
});

testEach("a plan belongs to its context, and may outlive it", (ctx) => {
  using stack = new DisposableStack();
  const { plan } = product(ctx, stack, 2);
  const other = new Context(ctx.backend);
  assertThrows(
    () => other.check(other.lib.vmk_plan_run(other.ptr, plan.ptr), "vmk_plan_run"),
    KernelError,
    "Cannot run a plan: it belongs to another context",
  );
  using orphan = Plan.record(other, () => {});
  other[Symbol.dispose]();
  assertThrows(() => orphan.run(), TypeError, "Cannot use a disposed Context");
});
