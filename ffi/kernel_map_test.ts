import { assert, assertEquals, assertThrows } from "@std/assert";
import { denseDownsample, denseKernelMap, offsetsOf } from "./dense.ts";
import { coordsTensor, randomCoords, seeded, sortedUnique, testEach } from "./testing.ts";
import { Context, type Geometry, geometry, KernelError, KernelMap, variants } from "./mod.ts";
import { groupVoxels, outputCoords } from "./sparse.ts";

const box = (kernel: number[], stride: number[], dilation: number[]): Geometry => ({
  kernel: kernel as [number, number, number],
  stride: stride as [number, number, number],
  dilation: dilation as [number, number, number],
});

const LAYERS: readonly Geometry[] = [
  geometry(1),
  geometry(3),
  geometry(5),
  geometry(3, 1, 2),
  geometry(2, 2),
  geometry(3, 2),
  geometry(3, 3),
  geometry(2),
  geometry(4, 2),
  box([3, 1, 1], [2, 1, 1], [1, 1, 1]),
  box([1, 3, 5], [1, 2, 3], [2, 1, 3]),
  geometry(7),
];

/** Sets of coordinates that have broken map builders. */
const SCENES: Readonly<Record<string, Int32Array>> = {
  "no voxel": new Int32Array(0),
  "one voxel": Int32Array.of(0, 5, -3, 2),
  "a dense cube": sortedUnique(randomCoords(3000, 8, 1)),
  "a sparse cube, two batches, negative": sortedUnique(randomCoords(400, 20, 2, -10, 2)),
  "a line along z": Int32Array.from({ length: 400 }, (_, i) => i % 4 === 3 ? i >> 2 : 0),
  "the corners of the range": sortedUnique(Int32Array.from(
    [0, 511].flatMap((b) =>
      [-131072, -131071, 131070, 131071].flatMap((x) =>
        [-131072, 131071].flatMap((y) => [-131072, -131071, 131071].flatMap((z) => [b, x, y, z]))
      )
    ),
  )),
};

/** The same rows in another order. */
function shuffled(coords: Int32Array, seed: number): Int32Array {
  const next = seeded(seed);
  const rows = Array.from(
    { length: coords.length / 4 },
    (_, i) => coords.subarray(i * 4, i * 4 + 4),
  );
  for (let i = rows.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [rows[i], rows[j]] = [rows[j]!, rows[i]!];
  }
  return Int32Array.from(rows.flatMap((row) => [...row]));
}

testEach("kernelMap() and downsample() equal brute force, every variant and layer", (ctx) => {
  for (const [name, coords] of Object.entries(SCENES)) {
    for (const layer of LAYERS) {
      const strided = layer.stride.some((s) => s > 1) || layer.kernel.some((k) => k % 2 === 0);
      using inputs = coordsTensor(ctx, coords);
      const expected = inRange(sortedUnique(denseDownsample(coords, layer, "reached")));
      variants(ctx.backend, "downsample").forEach((variant, v) => {
        using out = outputCoords(inputs, layer, "reached", null, v);
        assertEquals(out.download(), expected, `${variant}, ${name}, ${JSON.stringify(layer)}`);
      });
      using outputs = coordsTensor(ctx, strided ? expected : coords);
      const map = denseKernelMap(coords, outputs.download(), layer);
      variants(ctx.backend, "kernel_map").forEach((variant, v) => {
        using built = KernelMap.build(inputs, strided ? outputs : inputs, layer, v);
        assertEquals(built.map.download(), map, `${variant}, ${name}, ${JSON.stringify(layer)}`);
      });
    }
  }
});

/** Rows whose coordinates the ABI can hold: outputs outside of it are left out. */
function inRange(coords: Int32Array): Int32Array {
  const rows = Array.from(
    { length: coords.length / 4 },
    (_, i) => [...coords.subarray(i * 4, i * 4 + 4)],
  );
  return Int32Array.from(
    rows.filter((row) => row.slice(1).every((v) => v >= -131072 && v <= 131071)).flat(),
  );
}

testEach(
  "kernelMap() follows the row order of its inputs and uses the first of equal rows",
  (ctx) => {
    const coords = shuffled(SCENES["a sparse cube, two batches, negative"]!, 5);
    const doubled = Int32Array.from([...coords, ...coords.subarray(0, 80)]);
    for (const layer of [geometry(3), geometry(2, 2), geometry(3, 1, 2)]) {
      const outputs = shuffled(sortedUnique(denseDownsample(coords, layer, "reached")), 6);
      using a = coordsTensor(ctx, doubled);
      using b = coordsTensor(ctx, outputs);
      const expected = denseKernelMap(doubled, outputs, layer);
      variants(ctx.backend, "kernel_map").forEach((variant, v) => {
        using built = KernelMap.build(a, b, layer, v);
        assertEquals(built.map.download(), expected, variant);
        if (layer.stride[0] !== 1) return;
        using own = KernelMap.build(a, a, layer, v);
        assertEquals(
          own.map.download(),
          denseKernelMap(doubled, doubled, layer),
          `${variant}, own`,
        );
      });
    }
  },
);

testEach("downsample() floors like MinkowskiEngine and keeps to bounds like spconv", (ctx) => {
  const coords = sortedUnique(randomCoords(500, 16, 3, -5, 2));
  using inputs = coordsTensor(ctx, coords);
  const floor = sortedUnique(denseDownsample(coords, geometry(3, 2), "floor"));
  const reached = sortedUnique(denseDownsample(coords, geometry(3, 2), "reached"));
  const bounds = { low: [0, 0, 0], high: [2, 3, 4] } as const;
  const bounded = Array.from(
    { length: reached.length / 4 },
    (_, i) => [...reached.subarray(i * 4, i * 4 + 4)],
  )
    .filter((row) => row.slice(1).every((v, axis) => v >= 0 && v <= bounds.high[axis]!));
  variants(ctx.backend, "downsample").forEach((variant, v) => {
    using floored = outputCoords(inputs, geometry(3, 2), "floor", null, v);
    assertEquals(floored.download(), floor, variant);
    using inside = outputCoords(inputs, geometry(3, 2), "reached", bounds, v);
    assertEquals(inside.download(), Int32Array.from(bounded.flat()), variant);
  });
});

testEach("transposed maps and pair lists say the same as the map", (ctx) => {
  const coords = SCENES["a sparse cube, two batches, negative"]!;
  using inputs = coordsTensor(ctx, coords);
  const layer = geometry(2, 2);
  using outputs = outputCoords(inputs, layer);
  using built = KernelMap.build(inputs, outputs, layer);
  const map = built.map.download();
  const [kv, m, n] = [8, outputs.rows, inputs.rows];
  const swapped = new Int32Array(kv * n).fill(-1);
  const pairs: [number, number][] = [];
  map.forEach((row, at) => {
    if (row < 0) return;
    swapped[Math.floor(at / m) * n + row] = at % m;
    pairs.push([row, at % m]);
  });
  using back = built.transpose();
  assertEquals(back.map.download(), swapped);
  assertEquals(built.pairCount, n, "a 2x2x2 stride-2 layer reads every input once");
  const listed = built.pairs.pairs.download();
  assertEquals([...listed.subarray(0, n)], pairs.map(([input]) => input));
  assertEquals([...listed.subarray(n)], pairs.map(([, output]) => output));
});

Deno.test("offsets are numbered as in TorchSparse: odd volumes x fastest, even ones z fastest", () => {
  assertEquals(offsetsOf(geometry(3)).slice(0, 4), [[-1, -1, -1], [0, -1, -1], [1, -1, -1], [
    -1,
    0,
    -1,
  ]]);
  assertEquals(offsetsOf(geometry(2)).slice(0, 3), [[0, 0, 0], [0, 0, 1], [0, 1, 0]]);
});

Deno.test("kernelMap() names the coordinate that is out of range", () => {
  using ctx = new Context("cpu");
  using coords = coordsTensor(ctx, Int32Array.of(0, 1, 2, 3, 0, 1, 200000, 3));
  for (const [v, variant] of variants("cpu", "kernel_map").entries()) {
    assertThrows(
      () => KernelMap.build(coords, coords, geometry(3), v),
      KernelError,
      "row 1 has y = 200000, not in [-131072, 131071]",
      variant,
    );
  }
});

Deno.test("kernelMap() refuses geometries and shapes that do not fit", () => {
  using ctx = new Context("cpu");
  using coords = coordsTensor(ctx, Int32Array.of(0, 1, 2, 3));
  assertThrows(() => KernelMap.build(coords, coords, geometry(0)), KernelError, "entry 0 is 0");
  assertThrows(() => KernelMap.build(coords, coords, geometry(17)), KernelError, "4913 offsets");
  using flat = ctx.tensorFrom("i32", [4], Int32Array.of(0, 1, 2, 3));
  assertThrows(() => groupVoxels(flat), KernelError, "i32 with 1 dimensions, not i32 with 2");
  assert(ctx.liveTensors === 2);
});
