import { assertEquals, assertThrows } from "@std/assert";
import {
  Context,
  denseMap,
  type Geometry,
  type Grid,
  GridExchange,
  gridRows,
  KernelError,
  KernelMap,
  outputGrid,
  sparseConv,
  variants,
} from "./mod.ts";
import { assertClose, randomCoords, randomFloats, seeded, testEach } from "./testing.ts";
import { offsetsOf } from "./dense.ts";

type Three = readonly [number, number, number];
interface Layer {
  readonly grid: Grid;
  readonly layer: Geometry;
  readonly padding: Three;
}
const one: Three = [1, 1, 1];

const LAYERS: Readonly<Record<string, Layer>> = {
  "conv2d, 3 x 3, padding 1": {
    grid: { batches: 2, size: [7, 9, 1] },
    layer: { kernel: [3, 3, 1], stride: one, dilation: one },
    padding: [1, 1, 0],
  },
  "conv2d, 5 x 5, stride 4, padding 2": {
    grid: { batches: 1, size: [13, 10, 1] },
    layer: { kernel: [5, 5, 1], stride: [4, 4, 1], dilation: one },
    padding: [2, 2, 0],
  },
  "conv2d, 2 x 2, stride 2": {
    grid: { batches: 1, size: [9, 6, 1] },
    layer: { kernel: [2, 2, 1], stride: [2, 2, 1], dilation: one },
    padding: [0, 0, 0],
  },
  "conv3d, 3 x 3 x 3, padding 1": {
    grid: { batches: 2, size: [4, 5, 6] },
    layer: { kernel: [3, 3, 3], stride: one, dilation: one },
    padding: one,
  },
  "conv3d, mixed kernel, stride, dilation, padding": {
    grid: { batches: 1, size: [8, 7, 9] },
    layer: { kernel: [1, 4, 3], stride: [2, 1, 3], dilation: [1, 1, 2] },
    padding: [0, 2, 3],
  },
};

/** The convolution of the definition: zero padding, weights in the offset order of voxmark.h. */
function bruteForce(
  { grid, layer, padding }: Layer,
  x: Float32Array,
  weight: Float32Array,
  [cin, cout]: readonly [number, number],
): Float64Array {
  const { size } = outputGrid(grid, layer, padding);
  const out: number[] = [];
  const low = layer.kernel.map((k) => -Math.floor((k - 1) / 2));
  const offsets = offsetsOf(layer);
  const taps = offsets.map((offset) => offset.map((o, axis) => o - low[axis]!));
  for (let q = 0; q < gridRows({ batches: grid.batches, size }); q++) {
    const at = [
      Math.floor(q / (size[1] * size[2])) % size[0],
      Math.floor(q / size[2]) % size[1],
      q % size[2],
    ];
    const batch = Math.floor(q / (size[0] * size[1] * size[2]));
    for (let o = 0; o < cout; o++) {
      let sum = 0;
      taps.forEach((tap, k) => {
        const p = tap.map((t, axis) =>
          at[axis]! * layer.stride[axis]! - padding[axis]! + t * layer.dilation[axis]!
        );
        if (p.some((value, axis) => value < 0 || value >= grid.size[axis]!)) return;
        const row = ((batch * grid.size[0] + p[0]!) * grid.size[1] + p[1]!) * grid.size[2] + p[2]!;
        for (let i = 0; i < cin; i++) {
          sum += x[row * cin + i]! * weight[(k * cin + i) * cout + o]!;
        }
      });
      out.push(sum);
    }
  }
  return Float64Array.from(out);
}

testEach("denseMap() makes sparseConv() a conv2d and conv3d", (ctx) => {
  for (const [name, shape] of Object.entries(LAYERS)) {
    const [cin, cout] = [3, 5];
    using map = denseMap(ctx, shape.grid, shape.layer, shape.padding);
    const [n, m] = [gridRows(shape.grid), map.outputs];
    assertEquals(map.inputs, n);
    const kv = map.map.rows;
    const [x, w] = [randomFloats(n * cin, 1), randomFloats(kv * cin * cout, 2)];
    using feats = ctx.tensorFrom("f32", [n, cin], x);
    using weight = ctx.tensorFrom("f32", [kv, cin, cout], w);
    using out = ctx.tensor("f32", [m, cout]);
    sparseConv(feats, weight, map.map, null, out);
    assertClose(out.download(), bruteForce(shape, x, w, [cin, cout]), 2e-5, 1e-5, name);
  }
});

testEach("denseMap() of a submanifold kernel equals the kernel map of all cells", (ctx) => {
  const { grid, layer, padding } = LAYERS["conv3d, 3 x 3 x 3, padding 1"]!;
  const coords = Int32Array.from({ length: gridRows(grid) * 4 }, (_, i) => {
    const [row, [x, y, z]] = [Math.floor(i / 4), grid.size];
    return [
      Math.floor(row / (x * y * z)),
      Math.floor(row / (y * z)) % x,
      Math.floor(row / z) % y,
      row % z,
    ][i % 4]!;
  });
  using cells = ctx.tensorFrom("i32", [gridRows(grid), 4], coords);
  using sparse = KernelMap.build(cells, cells, layer);
  using dense = denseMap(ctx, grid, layer, padding);
  assertEquals(dense.map.download(), sparse.map.download());
});

/** Positions [n, 4] over `batches` grids of r^3 cells: scattered, beyond the borders, on cells. */
function randomPositions(n: number, r: number, batches: number): Float32Array<ArrayBuffer> {
  const next = seeded(3);
  const coords = randomCoords(n, r, 4, 0, batches);
  return Float32Array.from(coords, (cell, i) => {
    if (i % 4 === 0) return cell;
    const choice = next();
    if (choice < 0.1) return -0.75;
    if (choice < 0.2) return r - 0.25;
    if (choice < 0.4) return cell + 0.5; // halves round to even
    return choice < 0.6 ? cell : next() * (r - 1);
  });
}

/** Math.round with halves to even. */
function toEven(x: number): number {
  const below = Math.floor(x);
  return x - below === 0.5 ? below + below % 2 : Math.round(x);
}

/** Cell, corners and weights of every point, in double. */
function placed(positions: Float32Array, r: number) {
  return Array.from({ length: positions.length / 4 }, (_, i) => {
    const [batch, ...p] = positions.subarray(i * 4, i * 4 + 4);
    const c = p.map((x) => Math.min(Math.max(x, 0), r - 1));
    const row = (cell: number[]) => cell.reduce((at, x) => at * r + x, batch!);
    const corners = Array.from({ length: 8 }, (_, t) => {
      const up = [t >> 2 & 1, t >> 1 & 1, t & 1];
      const part = c.map((x, axis) => up[axis] ? x - Math.floor(x) : 1 - x + Math.floor(x));
      const weight = part.reduce((a, b) => a * b);
      return { row: row(c.map((x, axis) => Math.floor(x) + up[axis]!)), weight };
    });
    return { cell: row(c.map(toEven)), corners: corners.filter(({ weight }) => weight > 0) };
  });
}

testEach("GridExchange averages points into cells and interpolates them back", (ctx) => {
  for (const [n, r, batches, c] of [[0, 3, 1, 4], [500, 4, 2, 7], [300, 12, 1, 32], [9, 1, 2, 1]]) {
    const positions = randomPositions(n!, r!, batches!);
    const points = placed(positions, r!);
    const cells = batches! * r! ** 3;
    const x = randomFloats(n! * c!, 5);
    const counts = new Float64Array(cells);
    points.forEach(({ cell }) => counts[cell]! += 1);
    const mean = new Float64Array(cells * c!);
    const scattered = new Float64Array(cells * c!);
    points.forEach(({ cell, corners }, i) => {
      for (let k = 0; k < c!; k++) {
        mean[cell * c! + k]! += x[i * c! + k]! / counts[cell]!;
        for (const { row, weight } of corners) {
          scattered[row * c! + k]! += weight * x[i * c! + k]!;
        }
      }
    });
    const y = randomFloats(cells * c!, 6);
    const gathered = Float64Array.from(x, (_, i) => {
      const { corners } = points[Math.floor(i / c!)]!;
      return corners.reduce((sum, { row, weight }) => sum + weight * y[row * c! + i % c!]!, 0);
    });
    const spread = Float64Array.from(x, (_, i) => {
      const { cell } = points[Math.floor(i / c!)]!;
      return y[cell * c! + i % c!]! / counts[cell]!;
    });
    using on = ctx.tensorFrom("f32", [n!, 4], positions);
    using feats = ctx.tensorFrom("f32", [n!, c!], x);
    using grid = ctx.tensorFrom("f32", [cells, c!], y);
    using toGrid = ctx.tensor("f32", [cells, c!]);
    using toPoints = ctx.tensor("f32", [n!, c!]);
    variants(ctx.backend, "grid_voxelize").forEach((variant, v) => {
      const name = `${variant}, n=${n}, r=${r}`;
      using exchange = GridExchange.build(on, batches!, r!, v);
      exchange.voxelize(feats, toGrid);
      assertClose(toGrid.download(), mean, 1e-5, 1e-5, `${name}, mean`);
      exchange.devoxelize(grid, toPoints);
      assertClose(toPoints.download(), gathered, 1e-5, 1e-5, `${name}, trilinear`);
      exchange.voxelizeBackward(grid, toPoints);
      assertClose(toPoints.download(), spread, 1e-5, 1e-5, `${name}, gradient of the mean`);
      exchange.devoxelizeBackward(feats, toGrid);
      assertClose(toGrid.download(), scattered, 1e-5, 1e-5, `${name}, gradient of trilinear`);
    });
  }
});

Deno.test("GridExchange refuses positions without a cell, outputGrid() kernels too wide", () => {
  using ctx = new Context("cpu");
  using far = ctx.tensorFrom("f32", [2, 4], Float32Array.of(0, 1, 1, 1, 2, 1, 1, 1));
  assertThrows(() => GridExchange.build(far, 2, 3), KernelError, "row 1 has batch = 2");
  using holes = ctx.tensorFrom("f32", [1, 4], Float32Array.of(0, 1, NaN, 1));
  assertThrows(() => GridExchange.build(holes, 2, 3), KernelError, "row 0 has y = nan");
  const { layer } = LAYERS["conv3d, 3 x 3 x 3, padding 1"]!;
  const thin = { batches: 1, size: [4, 2, 4] as const };
  assertThrows(
    () => outputGrid(thin, layer, [0, 0, 0]),
    RangeError,
    "axis 1: it spans 3 cells, the grid has 2 and 0 of padding a side",
  );
});
