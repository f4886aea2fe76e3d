import { assertAlmostEquals, assertEquals, assertNotEquals, assertStrictEquals } from "@std/assert";
import { mean } from "./numpy.ts";
import { partnetIou } from "./partnet_iou.ts";

const shape = (index: number, truth: readonly number[], predicted: readonly number[]) => ({
  index,
  truth: Int32Array.from(truth),
  predicted: Int32Array.from(predicted),
});
const FIRST = shape(0, [0, 1, 1, 2], [3, 1, 2, 2]);
const SECOND = shape(1, [1], [3]);

function stateOf(...shapes: readonly typeof FIRST[]) {
  const state = partnetIou.create(undefined);
  for (const one of shapes) partnetIou.update(state, one);
  return state;
}

Deno.test("partnetIou counts unlabelled points as right, and in no IoU", () => {
  const { accuracy, shapeIou, partIou } = partnetIou.compute(stateOf(FIRST));
  assertStrictEquals(accuracy, 0.75);
  assertStrictEquals(shapeIou, 0.5);
  assertEquals([...partIou], [0.5, 0.5]);
});

Deno.test("partnetIou adds up the points of a part over shapes", () => {
  const { accuracy, shapeIou, partIou, partMiou } = partnetIou.compute(stateOf(FIRST, SECOND));
  assertStrictEquals(accuracy, 0.375);
  assertStrictEquals(shapeIou, 0.25);
  assertEquals([...partIou], [Math.fround(1 / 3), 0.5, 0]);
  assertAlmostEquals(partMiou, 5 / 18, 1e-7);
});

Deno.test("partnetIou: merged shards are the whole, in either order", () => {
  const merged = stateOf(SECOND);
  partnetIou.merge(merged, stateOf(FIRST));
  assertEquals(partnetIou.compute(merged), partnetIou.compute(stateOf(FIRST, SECOND)));
});

Deno.test("partnetIou adds the IoUs of shapes one after the other, as the script does", () => {
  const shapes = Array.from({ length: 20 }, (_, i) => {
    const truth = Array.from({ length: i + 3 }, () => 1);
    return shape(i, truth, truth.map((_, point) => point < 2 ? 1 : 0));
  });
  let sum = 0;
  for (let i = 0; i < shapes.length; i++) sum += 2 / (i + 3);
  const ious = Float64Array.from(shapes, (_, i) => 2 / (i + 3));
  assertNotEquals(mean(ious), sum / shapes.length, "the order does not show");
  assertStrictEquals(partnetIou.compute(stateOf(...shapes)).shapeIou, sum / shapes.length);
});
