import { assertEquals, assertStrictEquals } from "@std/assert";
import { partnetInstanceAp, type PartnetShape } from "./partnet_instance_ap.ts";

/** Points of a mask as text: "#" is in. */
const masks = (...rows: readonly string[]) =>
  Uint8Array.from(rows.join(""), (letter) => letter === "#" ? 1 : 0);

const shape = (row: number, more: Partial<PartnetShape> = {}): PartnetShape => ({
  file: 0,
  row,
  truth: { masks: masks("####....", "....##.."), labels: [0, 1], valid: [1, 1] },
  predicted: {
    masks: masks("###.....", "....###."),
    labels: [0, 1],
    valid: [1, 1],
    confidences: Float32Array.of(0.9, 0.8),
  },
  other: masks(".......#"),
  ...more,
});

function stateOf(overlap: number, ...shapes: readonly PartnetShape[]) {
  const state = partnetInstanceAp.create({ parts: 3, overlap });
  for (const one of shapes) partnetInstanceAp.update(state, one);
  return state;
}

Deno.test("partnetInstanceAp hits above the overlap, not at it", () => {
  // IoUs of 3/4 and 2/3.
  assertEquals([...partnetInstanceAp.compute(stateOf(0.6, shape(0))).ap], [1, 1, 0]);
  const { ap, map } = partnetInstanceAp.compute(stateOf(0.75, shape(0)));
  // The artificial first point counts at recall 0.
  assertEquals([...ap], [Math.fround(1 / 101), Math.fround(1 / 101), 0]);
  assertStrictEquals(map, Math.fround(2 * Math.fround(1 / 101)) / 2);
});

Deno.test("partnetInstanceAp leaves points of other parts out of predictions", () => {
  const predicted = {
    masks: masks("####...#"),
    labels: [0],
    valid: [1],
    confidences: Float32Array.of(0.5),
  };
  assertStrictEquals(partnetInstanceAp.compute(stateOf(0.99, shape(0, { predicted }))).ap[0], 1);
});

Deno.test("partnetInstanceAp matches by confidence, each mask once, NaN last", () => {
  const predicted = {
    masks: masks("####....", "###.....", "####...."),
    labels: [0, 0, 0],
    valid: [1, 1, 0],
    confidences: Float32Array.of(NaN, 0.1, 0.9),
  };
  const { ap, predictions } = partnetInstanceAp.compute(stateOf(0.5, shape(0, { predicted })));
  assertEquals([...predictions], [2, 0, 0]);
  // The better mask comes second and finds none free; that is at full recall.
  assertStrictEquals(ap[0], 1);
  assertStrictEquals(ap[1], 0);
});

Deno.test("partnetInstanceAp counts parts that only predictions have in shapes, not in mAP", () => {
  const predicted = { ...shape(0).predicted, labels: [0, 2] };
  const { map, shapeMap } = partnetInstanceAp.compute(stateOf(0.5, shape(0, { predicted })));
  assertStrictEquals(map, 0.5);
  assertStrictEquals(shapeMap, Math.fround(1 / 3));
});

Deno.test("partnetInstanceAp: merged shards are the whole, in either order", () => {
  const predicted = {
    ...shape(1).predicted,
    labels: [1, 1],
    confidences: Float32Array.of(0.9, 0.8),
  };
  const [one, two] = [shape(0), shape(1, { predicted })];
  const merged = stateOf(0.5, two);
  partnetInstanceAp.merge(merged, stateOf(0.5, one));
  assertEquals(
    partnetInstanceAp.compute(merged),
    partnetInstanceAp.compute(stateOf(0.5, one, two)),
  );
});
