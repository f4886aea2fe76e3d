import { assertEquals, assertThrows } from "@std/assert";
import { offsetsOf } from "./dense.ts";
import { geometry } from "./mod.ts";
import { fromVoxmarkWeights, toVoxmarkWeights, type WeightLayout } from "./weight_order.ts";

/** A number that says which offset, input and output channel a weight belongs to. */
const tag = ([x, y, z]: readonly number[], i: number, o: number) =>
  1e4 * (9 * (x! + 1) + 3 * (y! + 1) + (z! + 1)) + 100 * i + o;

const axis = (k: number) => Array.from({ length: k }, (_, i) => i - Math.floor((k - 1) / 2));

/** Tagged weights as another engine stores them, each written down from its own loop order. */
function theirs(layout: WeightLayout, k: number, cin: number, cout: number): Float32Array {
  const values: number[] = [];
  const channels = (offset: number[]) => {
    for (let i = 0; i < cin; i++) for (let o = 0; o < cout; o++) values.push(tag(offset, i, o));
  };
  if (layout === "spconv2") {
    for (let o = 0; o < cout; o++) {
      for (const z of axis(k)) {
        for (const y of axis(k)) {
          for (const x of axis(k)) for (let i = 0; i < cin; i++) values.push(tag([x, y, z], i, o));
        }
      }
    }
  } else if (layout === "torchsparse" && k % 2 === 0) {
    for (const x of axis(k)) for (const y of axis(k)) for (const z of axis(k)) channels([x, y, z]);
  } else {
    for (const z of axis(k)) for (const y of axis(k)) for (const x of axis(k)) channels([x, y, z]);
  }
  return Float32Array.from(values);
}

for (const layout of ["torchsparse", "minkowski", "spconv1", "spconv2"] as const) {
  Deno.test(`toVoxmarkWeights() puts every ${layout} weight at its offset, and its inverse back`, () => {
    for (const k of [1, 2, 3]) {
      const [cin, cout] = [3, 5];
      const ours = toVoxmarkWeights(theirs(layout, k, cin, cout), layout, [k, k, k], cin, cout);
      const expected = offsetsOf(geometry(k)).flatMap((offset) =>
        Array.from({ length: cin * cout }, (_, at) => tag(offset, Math.floor(at / cout), at % cout))
      );
      assertEquals([...ours], expected);
      const back = fromVoxmarkWeights(ours, layout, [k, k, k], cin, cout);
      assertEquals(back, theirs(layout, k, cin, cout));
    }
  });
}

Deno.test("toVoxmarkWeights() refuses a wrong number of values", () => {
  assertThrows(
    () => toVoxmarkWeights(new Float32Array(10), "spconv2", [3, 3, 3], 1, 1),
    RangeError,
    "10 values, 3 x 3 x 3 kernels of 1 to 1 channels need 27",
  );
});
