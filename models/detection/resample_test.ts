import { assertEquals } from "@std/assert";
import { randomFloats } from "../random.ts";
import { resizeBicubic, type RgbImage } from "./resample.ts";

const imageOf = (width: number, height: number, of: (i: number) => number): RgbImage => ({
  width,
  height,
  samples: Uint8Array.from({ length: 3 * width * height }, (_, i) => of(i)),
});

Deno.test("resizeBicubic() weights four pixels to two as Keys' cubic does by hand", () => {
  // Half the size: the cubic at 0.25, 0.25, 0.75, 1.25, divided by their sum 1.890625.
  const shares = [0.8671875, 0.8671875, 0.2265625, -0.0703125].map((share) => share / 1.890625);
  shares.forEach((share, at) => {
    const row = imageOf(4, 1, (i) => Math.floor(i / 3) === at ? 255 : 0);
    const { samples } = resizeBicubic(row, 2, 1);
    const expected = Math.max(0, Math.round(255 * share));
    assertEquals([...samples.subarray(0, 3)], [expected, expected, expected]);
    // From the other end it is the mirror image.
    const mirrored = imageOf(4, 1, (i) => Math.floor(i / 3) === 3 - at ? 255 : 0);
    assertEquals(resizeBicubic(mirrored, 2, 1).samples[3], expected);
  });
});

Deno.test("resizeBicubic() keeps flat images, images of the same size, and the three colours", () => {
  const flat = resizeBicubic(imageOf(50, 31, (i) => [7, 255, 0][i % 3]!), 24, 15);
  assertEquals([flat.width, flat.height, flat.samples.length], [24, 15, 24 * 15 * 3]);
  assertEquals(flat.samples, imageOf(24, 15, (i) => [7, 255, 0][i % 3]!).samples);
  const noise = randomFloats(3 * 20 * 10, 1).map((value) => Math.floor(128 + 127 * value));
  const same = imageOf(20, 10, (i) => noise[i]!);
  assertEquals(resizeBicubic(same, 20, 10).samples, same.samples);
});

Deno.test("resizeBicubic() rounds between columns and rows, each within one of the plain sum", () => {
  const noise = randomFloats(3 * 25 * 25, 2).map((value) => Math.floor(128 + 100 * value));
  const image = imageOf(25, 25, (i) => noise[i]!);
  const { samples } = resizeBicubic(image, 12, 12);
  const cubic = (at: number) => {
    const x = Math.abs(at);
    return x < 1
      ? 1.5 * x ** 3 - 2.5 * x * x + 1
      : x < 2
      ? -0.5 * x ** 3 + 2.5 * x * x - 4 * x + 2
      : 0;
  };
  const shares = Array.from({ length: 12 }, (_, i) => {
    const all = Array.from({ length: 25 }, (_, k) => cubic((k + 0.5) * 12 / 25 - i - 0.5));
    const sum = all.reduce((a, b) => a + b);
    return all.map((share) => share / sum);
  });
  for (let y = 0; y < 12; y++) {
    for (let x = 0; x < 12; x++) {
      let sum = 0;
      shares[y]!.forEach((a, v) =>
        shares[x]!.forEach((b, u) => sum += a * b * noise[3 * (25 * v + u) + 1]!)
      );
      // Half a unit a pass; the second one can widen the first's by the sum of |weights| < 1.3.
      const off = Math.abs(samples[3 * (12 * y + x) + 1]! - sum);
      assertEquals(off < 0.5 + 1.3 * 0.5 + 1e-3, true, `${x}, ${y}: off by ${off}`);
    }
  }
});
