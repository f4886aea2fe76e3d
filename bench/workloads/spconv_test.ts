import { assertEquals } from "@std/assert";
import { copiesAlongY } from "./spconv.ts";

Deno.test("copiesAlongY() moves each copy a metre further and drops the intensity", () => {
  const points = Float32Array.of(1, 2, 3, 0.5, 4, 5, 6, 0.25);
  assertEquals([...copiesAlongY(points, 2)], [1, 2, 3, 4, 5, 6, 1, 3, 3, 4, 6, 6]);
});
