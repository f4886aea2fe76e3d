import { assertEquals, assertThrows } from "@std/assert";
import { simulateScan } from "./mod.ts";

Deno.test("simulateScan() gives the same bytes for the same seed and index", () => {
  assertEquals(simulateScan(1, 0), simulateScan(1, 0));
});

Deno.test("simulateScan() refuses seeds that are no integers", () => {
  assertThrows(() => simulateScan(0.5, 0), RangeError, "Cannot simulate a scan: seed is 0.5");
});
