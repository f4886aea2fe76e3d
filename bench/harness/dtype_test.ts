import { assertEquals } from "@std/assert";
import { Context } from "../../ffi/mod.ts";
import { FEATURE_TYPES, featureTensor, floatsOf, rounded, sumTolerance, UNIT } from "./dtype.ts";
import { randomFloats } from "./random.ts";

Deno.test("rounded() gives what a tensor of the type holds, no further away than UNIT says", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const values = randomFloats(1000, 1);
  for (const dtype of FEATURE_TYPES) {
    using tensor = featureTensor(cpu, dtype, [10, 100], values);
    const held = floatsOf(tensor);
    assertEquals([dtype, held], [dtype, rounded(values, dtype)]);
    const far = values.filter((value, i) =>
      Math.abs(held[i]! - value) > UNIT[dtype] * Math.abs(value)
    );
    assertEquals([dtype, far.length], [dtype, 0]);
  }
});

Deno.test("UNIT is no larger than it must be: some value is rounded by almost as much", () => {
  for (const dtype of ["bf16", "f16"] as const) {
    const value = 1 + UNIT[dtype] * 0.999;
    const [found] = rounded(Float32Array.of(value), dtype);
    assertEquals([dtype, found], [dtype, 1]);
  }
});

Deno.test("sumTolerance() allows for the stored rounding in 16 bits only", () => {
  assertEquals(sumTolerance("f32").rel, 1e-5);
  assertEquals(sumTolerance("bf16").rel, 1e-5 + 2 ** -8);
  assertEquals(sumTolerance("f16").rel, 1e-5 + 2 ** -11);
});
