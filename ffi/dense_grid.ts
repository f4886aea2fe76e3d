/**
 * Dense grids as a special case of sparse ones: a conv2d or conv3d is a sparse convolution whose
 * kernel map depends on shapes alone. The map is made here and not natively because a layer makes
 * it once, both libraries can use it as it is, and it needs no ABI of its own.
 */
import type { Context, Tensor } from "./context.ts";
import { devoxelize, type Geometry, kernelVolume, voxelReduce } from "./ops.ts";
import { bevPoolFused } from "./bev_ops.ts";
import { gridVoxelize, type GridVoxelizeOut } from "./dense_ops.ts";
import { BevPlan, KernelMap } from "./sparse.ts";

type F32 = Tensor<"f32">;
type Three = readonly [number, number, number];

/** Rows of a grid are ((b * x) * y) * z with z fastest; an image is [batches, height, width, 1]. */
export interface Grid {
  readonly batches: number;
  readonly size: Three;
}

/** The rows of a grid. */
export function gridRows({ batches, size }: Grid): number {
  return size.reduce((product, n) => product * n, batches);
}

/** The grid that a layer makes of `grid`, by PyTorch's rule. */
export function outputGrid(grid: Grid, layer: Geometry, padding: Three): Grid {
  const size = grid.size.map((n, axis) => {
    const reach = layer.dilation[axis]! * (layer.kernel[axis]! - 1) + 1;
    const cells = Math.floor((n + 2 * padding[axis]! - reach) / layer.stride[axis]!) + 1;
    if (cells < 1) {
      throw new RangeError(
        `Cannot place a kernel on axis ${axis}: it spans ${reach} cells, ` +
          `the grid has ${n} and ${padding[axis]} of padding a side`,
      );
    }
    return cells;
  });
  return { batches: grid.batches, size: size as unknown as Three };
}

/** Input cell of every output along one axis: [kernel][output], -1 in the padding. */
function axisReads(grid: Grid, out: Grid, layer: Geometry, padding: Three, axis: number) {
  const [n, m] = [grid.size[axis]!, out.size[axis]!];
  return Array.from(
    { length: layer.kernel[axis]! },
    (_, i) =>
      Int32Array.from({ length: m }, (_, q) => {
        const p = q * layer.stride[axis]! - padding[axis]! + i * layer.dilation[axis]!;
        return p >= 0 && p < n ? p : -1;
      }),
  );
}

/** Where the map has offset (i, j, k): x fastest in odd volumes, z fastest in even ones. */
function offsetIndex({ kernel: [kx, ky, kz] }: Geometry, i: number, j: number, k: number): number {
  return kx * ky * kz % 2 === 1 ? (k * ky + j) * kx + i : (i * ky + j) * kz + k;
}

/**
 * The kernel map [KV, M] of a layer over a dense grid with zero padding. Weights are [KV, Cin,
 * Cout] in the offset order of `voxmark.h`; PyTorch's dense weights have z fastest, as spconv's do.
 */
export function denseMap(
  ctx: Context,
  grid: Grid,
  layer: Geometry,
  padding: Three = [0, 0, 0],
): KernelMap {
  const out = outputGrid(grid, layer, padding);
  const m = gridRows(out);
  const map = new Int32Array(kernelVolume(layer) * m);
  const [xs, ys, zs] = [0, 1, 2].map((axis) => axisReads(grid, out, layer, padding, axis));
  xs!.forEach((xOf, i) =>
    ys!.forEach((yOf, j) =>
      zs!.forEach((zOf, k) => {
        const at = offsetIndex(layer, i, j, k) * m;
        fillOffset(map.subarray(at, at + m), grid, xOf, yOf, zOf);
      })
    )
  );
  using stack = new DisposableStack();
  const on = stack.use(ctx.tensorFrom("i32", [kernelVolume(layer), m], map));
  stack.move();
  return new KernelMap(on, gridRows(grid), layer);
}

function fillOffset(
  row: Int32Array,
  { batches, size }: Grid,
  xOf: Int32Array,
  yOf: Int32Array,
  zOf: Int32Array,
): void {
  let at = 0;
  for (let b = 0; b < batches; b++) {
    for (const x of xOf) {
      for (const y of yOf) {
        const line = ((b * size[0] + x) * size[1] + y) * size[2];
        for (const z of zOf) row[at++] = x < 0 || y < 0 || z < 0 ? -1 : line + z;
      }
    }
  }
}

/** How points and a dense grid of r^3 cells a batch exchange features: PVConv's two steps. */
export class GridExchange implements Disposable {
  constructor(readonly tensors: GridVoxelizeOut, readonly resolution: number) {}

  /** @param positions [N, 4]: batch, x, y, z in cells, as PVConv's normalisation leaves them */
  static build(positions: F32, batches: number, resolution: number, variant = 0): GridExchange {
    const { ctx, rows: n } = positions;
    using stack = new DisposableStack();
    const tensors = {
      order: stack.use(ctx.tensor("i32", [n])),
      starts: stack.use(ctx.tensor("i32", [batches * resolution ** 3 + 1])),
      cell: stack.use(ctx.tensor("i32", [n, 1])),
      share: stack.use(ctx.tensor("f32", [n, 1])),
      index: stack.use(ctx.tensor("i32", [n, 8])),
      weight: stack.use(ctx.tensor("f32", [n, 8])),
    };
    gridVoxelize(positions, tensors, resolution, variant);
    stack.move();
    return new GridExchange(tensors, resolution);
  }

  /** The mean of the points of every cell, 0 for empty ones: [N, C] to [B * r^3, C]. */
  voxelize(feats: F32, grid: F32): void {
    voxelReduce(feats, this.tensors.order, this.tensors.starts, grid, "mean");
  }

  /** The gradient of `voxelize`: [B * r^3, C] to [N, C]. */
  voxelizeBackward(gradGrid: F32, gradFeats: F32): void {
    devoxelize(gradGrid, this.tensors.cell, this.tensors.share, gradFeats);
  }

  /** Trilinear interpolation at every point: [B * r^3, C] to [N, C]. */
  devoxelize(grid: F32, feats: F32): void {
    devoxelize(grid, this.tensors.index, this.tensors.weight, feats);
  }

  /** The gradient of `devoxelize`: [N, C] to [B * r^3, C]. */
  devoxelizeBackward(gradFeats: F32, gradGrid: F32): void {
    const { index, weight } = this.tensors;
    // A point and its eight corners are a pixel and its depths: the transpose is a fused pooling.
    using plan = BevPlan.build(index, gradGrid.rows);
    bevPoolFused(weight, gradFeats, plan, gradGrid, 1);
  }

  [Symbol.dispose](): void {
    for (const tensor of Object.values(this.tensors)) tensor[Symbol.dispose]();
  }
}
