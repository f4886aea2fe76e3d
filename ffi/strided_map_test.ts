import { assert, assertEquals, assertThrows } from "@std/assert";
import { denseDownsample, denseKernelMap } from "./dense.ts";
import { coordsTensor, randomCoords, sortedUnique, testEach } from "./testing.ts";
import {
  type Bounds,
  Context,
  type Geometry,
  geometry,
  KernelError,
  KernelMap,
  kernelVolume,
  type OutputMode,
  stridedMap,
  variants,
} from "./mod.ts";

/** Kernels that are their stride, even, odd, uneven and of many columns, and some that are not. */
const LAYERS: readonly Geometry[] = [
  geometry(2, 2),
  geometry(3, 3),
  geometry(1),
  { kernel: [2, 1, 4], stride: [2, 1, 4], dilation: [1, 1, 1] },
  { kernel: [1, 2, 3], stride: [1, 2, 3], dilation: [1, 1, 1] },
  geometry(5, 5),
  geometry(3, 2),
  geometry(2, 2, 2),
  geometry(2, 1),
];

const ascending = sortedUnique(randomCoords(3000, 14, 1, -7, 2));
const SCENES: Readonly<Record<string, Int32Array>> = {
  "no voxel": new Int32Array(0),
  "one voxel": Int32Array.of(3, 5, -3, 2),
  "two batches": ascending,
  "more than one chunk": sortedUnique(randomCoords(30_000, 40, 2)),
  "not in order": Int32Array.from([...ascending.subarray(400), ...ascending.subarray(0, 400)]),
  "equal rows": Int32Array.from([...ascending, ...ascending.subarray(0, 400)]),
  "the corners of the range": sortedUnique(Int32Array.from(
    [0, 511].flatMap((b) => [-131072, 131071].flatMap((x) => [b, x, -131072, 0, b, 0, x, 131071])),
  )),
};

/** Output coordinates and map through the op, with `room` rows for the outputs. */
function strided(
  ctx: Context,
  coords: Int32Array,
  layer: Geometry,
  room: number,
  variant: number,
  mode: OutputMode = "reached",
  bounds: Bounds | null = null,
) {
  using inputs = coordsTensor(ctx, coords);
  using outputs = ctx.tensor("i32", [room, 4]);
  using map = ctx.tensor("i32", [kernelVolume(layer), room]);
  using count = ctx.tensor("i64", [1]);
  stridedMap(inputs, outputs, map, count, layer, mode, bounds, variant);
  const m = Number(count.download()[0]);
  return { outputs: outputs.setRows(m).download(), map: map.setColumns(m).download() };
}

testEach("stridedMap() equals brute force, every variant, scene and layer", (ctx) => {
  for (const [name, coords] of Object.entries(SCENES)) {
    for (const layer of LAYERS) {
      const outputs = sortedUnique(denseDownsample(coords, layer, "reached"));
      const kept = name === "the corners of the range"
        ? outputs.filter((_, i) => insideAt(outputs, i))
        : outputs;
      const expected = { outputs: kept, map: denseKernelMap(coords, kept, layer) };
      variants(ctx.backend, "strided_map").forEach((variant, v) => {
        const what = `${variant}, ${name}, ${JSON.stringify(layer)}`;
        assertEquals(strided(ctx, coords, layer, kept.length / 4, v), expected, what);
        assertEquals(strided(ctx, coords, layer, kept.length / 4 + 5, v), expected, what);
      });
    }
  }
});

/** Whether the row that element `i` belongs to can be held by the ABI. */
function insideAt(coords: Int32Array, i: number): boolean {
  const row = coords.subarray(i - i % 4 + 1, i - i % 4 + 4);
  return row.every((value) => value >= -131072 && value <= 131071);
}

testEach("stridedMap() floors and keeps to bounds like downsample()", (ctx) => {
  const bounds = { low: [0, -1, -9], high: [2, 3, 4] } as const;
  for (const layer of [geometry(2, 2), geometry(3, 3), geometry(3, 2)]) {
    const floored = sortedUnique(denseDownsample(ascending, layer, "floor"));
    const reached = sortedUnique(denseDownsample(ascending, layer, "reached"));
    const bounded = reached.filter((_, i) => {
      const row = reached.subarray(i - i % 4 + 1, i - i % 4 + 4);
      return row.every((q, axis) => q >= bounds.low[axis]! && q <= bounds.high[axis]!);
    });
    variants(ctx.backend, "strided_map").forEach((variant, v) => {
      assertEquals(strided(ctx, ascending, layer, 3000, v, "floor"), {
        outputs: floored,
        map: denseKernelMap(ascending, floored, layer),
      }, variant);
      assertEquals(strided(ctx, ascending, layer, 9000, v, "reached", bounds), {
        outputs: bounded,
        map: denseKernelMap(ascending, bounded, layer),
      }, variant);
    });
  }
});

testEach("KernelMap.strided() gives outputs and a map of the size that they turn out", (ctx) => {
  using inputs = coordsTensor(ctx, ascending);
  for (const layer of [geometry(2, 2), geometry(3, 2)]) {
    const expected = sortedUnique(denseDownsample(ascending, layer, "reached"));
    const { outputs, map } = KernelMap.strided(inputs, layer);
    using _outputs = outputs;
    using _map = map;
    assertEquals(outputs.download(), expected);
    assertEquals(map.outputs, expected.length / 4);
    assertEquals(map.map.download(), denseKernelMap(ascending, expected, layer));
    using back = map.transpose();
    assertEquals(back.outputs, inputs.rows);
  }
});

Deno.test("stridedMap() says how many rows are needed, and names what does not fit", () => {
  using ctx = new Context("cpu");
  const needed = sortedUnique(denseDownsample(ascending, geometry(2, 2), "reached")).length / 4;
  variants("cpu", "strided_map").forEach((variant, v) => {
    const call = () => strided(ctx, ascending, geometry(2, 2), 7, v);
    assertThrows(call, KernelError, `out_coords has 7 rows, ${needed} are needed`, variant);
    const far = Int32Array.of(0, 1, 2, 3, 0, 1, 2, 200000);
    const text = "row 1 has z = 200000, not in [-131072, 131071]";
    assertThrows(() => strided(ctx, far, geometry(2, 2), 7, v), KernelError, text, variant);
  });
  using coords = coordsTensor(ctx, ascending);
  using outputs = ctx.tensor("i32", [9, 4]);
  using map = ctx.tensor("i32", [8, 8]);
  using count = ctx.tensor("i64", [1]);
  assertThrows(
    () => stridedMap(coords, outputs, map, count, geometry(2, 2)),
    KernelError,
    "map: dimension 1 is 8, not 9",
  );
});

Deno.test("setColumns() moves rows up and refuses more than there are", () => {
  using ctx = new Context("cpu");
  using matrix = ctx.tensorFrom("i32", [2, 3], Int32Array.of(1, 2, 3, 4, 5, 6));
  assertEquals(matrix.setColumns(2).download(), Int32Array.of(1, 2, 3, 4));
  assertEquals(matrix.setColumns(3).shape, [2, 3]);
  assertThrows(() => matrix.setColumns(4), KernelError, "4 columns: the tensor was made with 3");
  using line = ctx.tensor("i32", [4]);
  assertThrows(() => line.setColumns(1), KernelError, "the tensor has 1 dimensions, not 2");
  assert(ctx.liveTensors === 2);
});
