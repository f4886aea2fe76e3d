import { assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import {
  countedPoints,
  countLabels,
  createLabelCounts,
  LabelIdError,
  labelMap,
  mergeLabelCounts,
} from "./label_counts.ts";

/** Ids 10 and 252 are class 1, 40 is class 2, 0 is class 0; ids from 300 on are errors. */
const map = labelMap({ 0: 0, 10: 1, 252: 1, 40: 2 }, { classes: 3, limit: 300 });

function count(truth: readonly number[], predicted: readonly number[]) {
  const state = createLabelCounts(map);
  countLabels(state, {
    truth: Uint32Array.from(truth),
    predicted: Uint32Array.from(predicted),
    map,
  });
  return state;
}

/** Seeded ids of `map`, an unmapped one among them. */
function randomIds(n: number, seed: number): Uint32Array {
  let x = seed;
  return Uint32Array.from({ length: n }, () => {
    x = x * 16807 % 2147483647;
    return [0, 10, 252, 40, 7][x % 5]!;
  });
}

Deno.test("countLabels() counts pairs by predicted row and true column", () => {
  const { confusion } = count([10, 10, 252, 40, 0], [10, 40, 10, 40, 10]);
  // deno-fmt-ignore
  assertEquals(confusion, Float64Array.of(
    0, 0, 0,
    1, 2, 0,
    0, 1, 1,
  ));
});

Deno.test("countLabels() takes the low 16 bits of a label, also when the highest bit is set", () => {
  const { confusion } = count([0xffff000a, 10], [0x8000000a | 0, 0x00010028]);
  assertEquals([confusion[1 * 3 + 1], confusion[2 * 3 + 1]], [1, 1]);
});

Deno.test("countLabels() counts unmapped ids as class 0 and tallies them by id", () => {
  const state = count([7, 10, 299], [10, 7, 7]);
  assertEquals(state.confusion, Float64Array.of(1, 1, 0, 1, 0, 0, 0, 0, 0));
  assertEquals([state.unmappedTruth[7], state.unmappedTruth[299]], [1, 1]);
  assertEquals(state.unmappedPredicted[7], 2);
});

Deno.test("countLabels() names the first point whose id is out of range, and counts nothing", () => {
  for (const side of ["truth", "predicted"] as const) {
    const state = createLabelCounts(map);
    const good = new Uint32Array(9);
    const bad = Uint32Array.of(0, 0, 0, 0, 0, 300, 0, 65535, 0);
    const pair = side === "truth"
      ? { truth: bad, predicted: good, map }
      : { truth: good, predicted: bad, map };
    const error = assertThrows(() => countLabels(state, pair), LabelIdError);
    assertInstanceOf(error, LabelIdError);
    assertEquals([error.side, error.index, error.id], [side, 5, 300]);
    assertStrictEquals(countedPoints(state), 0);
  }
});

Deno.test("countLabels() refuses arrays of different lengths", () => {
  assertThrows(() => count([10], [10, 10]), RangeError, "1 are true and 2 predicted");
});

Deno.test("countLabels() does nothing when there are no points", () => {
  assertEquals(count([], []), createLabelCounts(map));
});

Deno.test("countLabels() equals a plain loop, for every remainder of the unrolled one", () => {
  const classOf = (id: number) => ({ 10: 1, 252: 1, 40: 2 })[id] ?? 0;
  for (const n of [1, 2, 3, 4, 5, 1001, 1002, 1003, 1004]) {
    const truth = randomIds(n, 1);
    const predicted = randomIds(n, 2);
    const expected = new Float64Array(9);
    truth.forEach((id, i) => expected[classOf(predicted[i]!) * 3 + classOf(id)]!++);
    assertEquals(count([...truth], [...predicted]).confusion, expected);
  }
});

Deno.test("mergeLabelCounts() of shards equals the whole, in either order", () => {
  const truth = [...randomIds(999, 3)];
  const predicted = [...randomIds(999, 4)];
  const whole = count(truth, predicted);
  const parts = () =>
    [
      count(truth.slice(0, 400), predicted.slice(0, 400)),
      count(truth.slice(400), predicted.slice(400)),
    ] as const;
  const [a, b] = parts();
  mergeLabelCounts(a, b);
  assertEquals(a, whole);
  const [c, d] = parts();
  mergeLabelCounts(d, c);
  assertEquals(d, whole);
});

Deno.test("mergeLabelCounts() is exact over 2^32 points", () => {
  const a = count([10], [10]);
  a.confusion[4] = 2 ** 40;
  mergeLabelCounts(a, count([10], [10]));
  assertStrictEquals(countedPoints(a), 2 ** 40 + 1);
});

Deno.test("labelMap() refuses classes and ids that are out of range", () => {
  assertThrows(() => labelMap({ 1: 3 }, { classes: 3, limit: 9 }), RangeError, "id 1 to class 3");
  assertThrows(() => labelMap({ 9: 1 }, { classes: 3, limit: 9 }), RangeError, "an id below 9");
  assertThrows(() => labelMap({}, { classes: 31, limit: 9 }), RangeError, "31 classes");
});
