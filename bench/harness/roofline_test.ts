import { assertAlmostEquals, assertEquals } from "@std/assert";
import { bestRoofline, probeBytes, rates, rooflineShare } from "./roofline.ts";

const ROOF = { fmaGflops: 100, triadGbps: 10, gatherGbps: 2 };
const MIB = 2 ** 20;

Deno.test("rates() counts in 1e9 a second", () => {
  assertEquals(rates({ flops: 3e6, bytes: 5e6 }, 1), { gflops: 3, gbps: 5 });
  assertEquals(rates({ flops: null, bytes: 5e6 }, 2), { gflops: null, gbps: 2.5 });
});

Deno.test("rooflineShare() takes the bandwidth, when intensity is below the ridge", () => {
  // 5 operations a byte allow 50 of 100 GFLOP/s; 25 are reached.
  const found = rooflineShare({ flops: 25e6, bytes: 5e6 }, 1, ROOF);
  assertEquals(found.bound, "memory");
  assertAlmostEquals(found.share, 0.5);
});

Deno.test("rooflineShare() takes the peak, when intensity is above the ridge", () => {
  const found = rooflineShare({ flops: 80e6, bytes: 1e6 }, 1, ROOF);
  assertEquals(found.bound, "compute");
  assertAlmostEquals(found.share, 0.8);
});

Deno.test("rooflineShare() takes the bandwidth, when no operations are counted", () => {
  assertEquals(rooflineShare({ flops: null, bytes: 4e6 }, 1, ROOF), {
    bound: "memory",
    share: 0.4,
  });
});

Deno.test("bestRoofline() takes the higher of each, and what there is", () => {
  const other = { fmaGflops: 90, triadGbps: 12, gatherGbps: 3 };
  const best = { fmaGflops: 100, triadGbps: 12, gatherGbps: 3 };
  assertEquals(bestRoofline(ROOF, other), best);
  assertEquals(bestRoofline(null, ROOF), ROOF);
  assertEquals(bestRoofline(null, null), null);
});

Deno.test("probeBytes() is four caches, within 64 and 256 MiB", () => {
  assertEquals([1, 32, 1024].map((l3) => probeBytes(l3 * MIB) / MIB), [64, 128, 256]);
});
