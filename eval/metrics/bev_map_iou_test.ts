import { assertEquals, assertStrictEquals } from "@std/assert";
import { bevMapIou } from "./bev_map_iou.ts";

const f = Math.fround;
const sample = (index: number, truth: readonly number[], predicted: readonly number[]) => ({
  index,
  classIndex: 0,
  truth: Float64Array.from(truth),
  predicted: Float64Array.from(predicted),
});
const FIRST = sample(0, [1, 1, 0, 0], [0.9, 0.42, 0.5, NaN]);
const SECOND = sample(1, [1, 0], [0.2, 0.36]);

Deno.test("bevMapIou counts scores from each threshold on, and no NaN", () => {
  const state = bevMapIou.create(1);
  bevMapIou.update(state, FIRST);
  const { iou, max, mean } = bevMapIou.compute(state);
  // Up to 0.4 both are hit and one is false; up to 0.5 one of each; then one hit, one missed.
  assertEquals([...iou[0]!], [2 / 3, 2 / 3, 1 / 3, 1 / 3, 0.5, 0.5, 0.5].map(f));
  assertStrictEquals(max[0], f(2 / 3));
  assertStrictEquals(mean, f(2 / 3));
});

Deno.test("bevMapIou gives 0 to a class that is on neither side", () => {
  const state = bevMapIou.create(2);
  bevMapIou.update(state, FIRST);
  const { max, mean } = bevMapIou.compute(state);
  assertStrictEquals(max[1], 0);
  assertStrictEquals(mean, f(f(2 / 3) / 2));
});

Deno.test("bevMapIou: merged shards are the whole, in either order", () => {
  const whole = bevMapIou.create(1);
  const parts = [FIRST, SECOND].map((one) => {
    bevMapIou.update(whole, one);
    const part = bevMapIou.create(1);
    bevMapIou.update(part, one);
    return part;
  });
  bevMapIou.merge(parts[1]!, parts[0]!);
  assertEquals(bevMapIou.compute(parts[1]!), bevMapIou.compute(whole));
});
