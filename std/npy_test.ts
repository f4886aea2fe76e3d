import { assertEquals } from "@std/assert";
import { npyFile, parseNpyHeader } from "./npy.ts";

Deno.test("npyFile() writes what parseNpyHeader() reads, the values at a multiple of 64", () => {
  const values = Float32Array.of(1.5, -2, 3, 4, 5, 6);
  for (const shape of [[6], [2, 3], [1, 2, 3], [6, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]]) {
    const file = npyFile(values, shape);
    const { start, ...header } = parseNpyHeader(file, "it");
    assertEquals(header, { descr: "<f4", fortran: false, shape, count: 6 });
    assertEquals([start % 64, file.length], [0, start + 24]);
    assertEquals(new Float32Array(file.slice(start).buffer), values);
  }
  assertEquals(parseNpyHeader(npyFile(new Int32Array(0), [0, 4]), "it").descr, "<i4");
});
