import { assertEquals } from "@std/assert";
import { geometry } from "../../ffi/mod.ts";
import type { LayerMap } from "../harness/scene.ts";
import { mapOfRows, pairsByOffset } from "./layer_map.ts";

/** Eight offsets of three outputs; only the first and the last two have pairs. */
const MAP: LayerMap = {
  layer: geometry(2, 2),
  inputs: 4,
  outputs: 3,
  pairs: 6,
  // deno-fmt-ignore
  map: Int32Array.of(
    0, -1, 2,
    ...new Array<number>(15).fill(-1),
    1, 3, 0,
    -1, 2, -1,
  ),
};

Deno.test("pairsByOffset() counts what is not -1", () => {
  assertEquals(pairsByOffset(MAP), [2, 0, 0, 0, 0, 0, 3, 1]);
});

Deno.test("mapOfRows() keeps the columns of some outputs", () => {
  const columns = mapOfRows(MAP, Int32Array.of(0, 2));
  assertEquals(columns.length, 16);
  assertEquals([...columns.subarray(0, 2), ...columns.subarray(12)], [0, 2, 1, 0, -1, -1]);
});
