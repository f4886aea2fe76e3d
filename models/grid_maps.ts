import { type Context, denseMap, type Geometry, type KernelMap, outputGrid } from "../ffi/mod.ts";
import type { GridSpace, Stride, Three } from "./value.ts";
import { strideName } from "./value.ts";

/** A layer between two dense grids. */
export interface GridLayer {
  readonly from: GridSpace;
  readonly to: GridSpace;
  readonly by: Stride;
  /** PyTorch's ConvTranspose2d: `to` is the larger grid. */
  readonly transposed: boolean;
}

/** Kernel maps of dense grids. They depend on shapes alone, so that a model keeps them. */
export class GridMaps implements Disposable {
  readonly #maps = new Map<string, KernelMap>();

  constructor(readonly ctx: Context) {}

  /** The map of a layer for so many scans at once. */
  of({ from, to, by, transposed }: GridLayer, batches: number): KernelMap {
    const large = transposed ? to : from;
    const count = batches * (large.copies ?? 1);
    const key = `${count}x${large.size}:${strideName(by)}${transposed ? "t" : ""}`;
    let found = this.#maps.get(key);
    if (found === undefined) {
      const grid = { batches: count, size: large.size };
      const made = denseMap(this.ctx, grid, by.layer, by.padding!);
      found = transposed ? turned(made) : made;
      this.#maps.set(key, found);
    }
    return found;
  }

  [Symbol.dispose](): void {
    for (const map of this.#maps.values()) map[Symbol.dispose]();
  }
}

function turned(map: KernelMap): KernelMap {
  using made = map;
  return made.transpose();
}

/** Cells that a layer makes of a grid, by PyTorch's rule. */
export function gridSize(size: Three, layer: Geometry, padding: Three, transposed: boolean): Three {
  if (!transposed) return outputGrid({ batches: 1, size }, layer, padding).size;
  const of = (axis: number) =>
    (size[axis]! - 1) * layer.stride[axis]! - 2 * padding[axis]! +
    layer.dilation[axis]! * (layer.kernel[axis]! - 1) + 1;
  return [of(0), of(1), of(2)];
}
