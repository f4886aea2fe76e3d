import { assertAlmostEquals, assertEquals } from "@std/assert";
import { variants } from "../../ffi/mod.ts";
import { depthMaps, frustumPoints } from "../detection/camera.ts";
import { NetworkBuilder } from "../network.ts";
import { bevSpace } from "../planes.ts";
import { randomFloats } from "../random.ts";
import { assertClose, type Rows, rowsOf, run } from "../reference_rows.ts";
import type { Weights } from "../weights.ts";
import { Bilinear } from "./bilinear.ts";
import { LiftSplat, type Pooling } from "./lift_splat.ts";

/** Pixels [2 * 3], 4 depths and 5 channels each; points in and around a grid of 3 x 2 cells. */
function splatted(pooling: Pooling): { found: Float32Array; expected: Rows } {
  const [pixels, bins, c] = [6, 4, 5];
  const net = new NetworkBuilder();
  const from = net.input(bevSpace([2, 3, 1]), bins + c);
  const points = net.input(bevSpace([pixels * bins, 1, 1]), 3);
  const to = net.value(bevSpace([3, 2, 1]), c);
  const grid = { low: [-1, 2, -10], size: [0.5, 0.5, 20], cells: [3, 2, 1] } as const;
  net.add(new LiftSplat(from, points, to, grid, pooling));
  const network = net.build("splat", [to]);
  const values = randomFloats(pixels * (bins + c), 1);
  const places = randomFloats(pixels * bins * 3, 2).map((v, i) => i % 3 === 1 ? 2.5 + v : v);
  const expected: Rows = Array.from({ length: 6 }, () => new Float64Array(c));
  rowsOf(values, bins + c).forEach((row, pixel) => {
    const total = row.subarray(0, bins).reduce((sum, v) => sum + Math.exp(v), 0);
    for (let d = 0; d < bins; d++) {
      const p = (pixel * bins + d) * 3;
      // Towards zero: half a metre below the border still falls into cell 0.
      const x = Math.trunc(Math.fround(places[p]! + 1) / 0.5);
      const y = Math.trunc(Math.fround(places[p + 1]! - 2) / 0.5);
      if (x < 0 || y < 0 || x > 2 || y > 1) continue;
      const share = Math.exp(row[d]!) / total;
      for (let i = 0; i < c; i++) expected[x * 2 + y]![i]! += share * row[bins + i]!;
    }
  });
  return { found: run(network, { get: () => new Float32Array() }, [values, places])[0]!, expected };
}

Deno.test("LiftSplat sums depth times feature into the cells, with every variant of the pooling", () => {
  const ops = { fused: "bev_pool_fused", stored: "bev_pool" } as const;
  for (const op of ["fused", "stored"] as const) {
    for (const variant of [undefined, ...variants("cpu", ops[op])]) {
      const { found, expected } = splatted({ op, ...(variant && { variant }) });
      assertClose(found, expected, `${op} ${variant}`);
    }
  }
});

Deno.test("Bilinear samples as F.interpolate and as F.grid_sample", () => {
  const net = new NetworkBuilder();
  const from = net.input(bevSpace([2, 2, 1]), 1);
  const to = net.value(bevSpace([1, 3, 1]), 1);
  const places = [[0.25], [-0.5, 0.5, 1.75]] as const;
  net.add(new Bilinear(from, to, places, "border"));
  const other = net.value(to.space, 1);
  net.add(new Bilinear(from, other, places, "zeros"));
  const network = net.build("bilinear", [to, other]);
  const weights: Weights = { get: () => new Float32Array() };
  const found = run(network, weights, [Float32Array.of(0, 4, 8, 12)]);
  // A quarter down from row 0: 2 and 6; then across.
  assertEquals([...found[0]!], [2, 4, 6]);
  assertEquals([...found[1]!], [1, 4, 1.5]);
});

Deno.test("frustumPoints() and depthMaps() undo each other, through scale and crop", () => {
  // Looks along x: right is -y, down is -z.
  const camera = {
    intrinsics: [100, 0, 80, 0, 100, 60, 0, 0, 1],
    rotation: [0, 0, 1, -1, 0, 0, 0, -1, 0],
    translation: [0.5, 0.25, 1],
    scale: 0.5,
    crop: [4, 6],
  } as const;
  const frustum = {
    image: [17, 33],
    features: [2, 3],
    depth: [1, 3, 0.5],
  } as const;
  const points = frustumPoints([camera], frustum);
  assertEquals(points.length, 2 * 3 * 4 * 3);
  // The last pixel is (32, 16): full image ((32 + 4) / 0.5, (16 + 6) / 0.5); depth 2.5.
  const last = points.subarray(points.length - 3);
  assertAlmostEquals(last[0]!, 0.5 + 2.5, 1e-6);
  assertAlmostEquals(last[1]!, 0.25 - (72 - 80) / 100 * 2.5, 1e-6);
  assertAlmostEquals(last[2]!, 1 - (44 - 60) / 100 * 2.5, 1e-6);
  // A little inside of pixel (16, 8), 7 m away; a point behind the camera; a later one in the pixel.
  const at = (u: number, v: number, depth: number) => [
    0.5 + depth,
    0.25 - ((u + 4) / 0.5 - 80) / 100 * depth,
    1 - ((v + 6) / 0.5 - 60) / 100 * depth,
  ];
  const cloud = Float32Array.of(...at(16.5, 8.5, 7), -9, 0.25, 1, ...at(16.3, 8.1, 5));
  const map = depthMaps([camera], cloud, 3, frustum);
  assertAlmostEquals(map[8 * 33 + 16]!, 5, 1e-5);
  assertEquals(map.filter((depth) => depth !== 0).length, 1);
});
