import { assertEquals, assertStrictEquals } from "@std/assert";
import { AREA_RANGES, type CocoGroup, isFalse, isHit, matchGroup } from "./coco_match.ts";

/** A group of one row of IoUs a detection; true objects count and have 500 pixels. */
function group(ious: readonly number[][], truth: Partial<CocoGroup["truth"]> = {}): CocoGroup {
  const n = ious[0]!.length;
  return {
    scores: ious.map((_, d) => 1 - d / 10),
    areas: ious.map(() => 500),
    ious: Float64Array.from(ious.flat()),
    truth: {
      areas: Array(n).fill(500),
      crowd: Array(n).fill(false),
      idIsZero: Array(n).fill(false),
      ...truth,
    },
  };
}

/** For each detection at threshold 0.5: hit, false or left out. */
function outcomes(of: CocoGroup, range: readonly [number, number] = AREA_RANGES[0]): string[] {
  const flags = new Uint32Array(of.scores.length);
  matchGroup(of, range, flags);
  return [...flags].map((flag) => isHit(flag, 0) ? "hit" : isFalse(flag, 0) ? "false" : "out");
}

Deno.test("matchGroup() gives an object to the first detection that reaches the threshold", () => {
  assertEquals(outcomes(group([[0.5], [0.9], [0.49]])), ["hit", "false", "false"]);
});

Deno.test("matchGroup() takes the last of equal IoUs, so the first object stays free", () => {
  assertEquals(outcomes(group([[0.6, 0.6], [0.7, 0], [0, 0.7]])), ["hit", "hit", "false"]);
});

Deno.test("matchGroup() prefers an object that counts to a crowd that fits better", () => {
  const crowd = { crowd: [true, false] };
  assertEquals(outcomes(group([[0.9, 0.6], [0.9, 0.6]], crowd)), ["hit", "out"]);
});

Deno.test("matchGroup() lets a crowd take any number of detections", () => {
  assertEquals(outcomes(group([[0.9], [0.8], [0.7]], { crowd: [true] })), ["out", "out", "out"]);
});

Deno.test("matchGroup() leaves out what is outside the area range, unless it matches", () => {
  const detections = { ...group([[0.9], [0]]), areas: [2000, 2000] };
  assertEquals(outcomes(detections, AREA_RANGES[1]), ["hit", "out"]);
  assertEquals(outcomes(group([[0.9], [0]]), AREA_RANGES[2]), ["out", "out"]);
});

Deno.test("matchGroup() counts an area on the border in both ranges", () => {
  const border = group([[0]], { areas: [1024] });
  const counted = AREA_RANGES.map((range) => matchGroup(border, range, new Uint32Array(1)));
  assertEquals(counted, [1, 1, 1, 0]);
});

Deno.test("matchGroup() counts thresholds apart", () => {
  const flags = new Uint32Array(2);
  assertStrictEquals(matchGroup(group([[0.6], [0.8]]), AREA_RANGES[0], flags), 1);
  // At 0.5 to 0.6 the first detection takes the object, from 0.65 to 0.8 the second.
  const hits = [...flags].map((flag) => [...Array(10).keys()].filter((t) => isHit(flag, t)));
  assertEquals(hits, [[0, 1, 2], [3, 4, 5, 6]]);
});
