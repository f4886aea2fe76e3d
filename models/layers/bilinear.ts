/** Bilinear sampling of a grid: F.interpolate and F.grid_sample. */
import { devoxelize, type Tensor } from "../../ffi/mod.ts";
import type { Device, Kernel, Layer } from "../layer.ts";
import type { GridValue } from "../planes.ts";
import { memo } from "../scene.ts";
import { requireDense } from "./join.ts";

type F32 = Tensor<"f32">;

/** The op reads 8 corners; a grid has 4. */
const CORNERS = 8;

/** Where an axis is sampled: the place, in cells from the first's centre, of every output. */
export type SamplePlaces = readonly [readonly number[], readonly number[]];

/** Beyond the border: its cells ("border", F.interpolate) or 0 ("zeros", F.grid_sample). */
export type Outside = "border" | "zeros";

export class Bilinear implements Layer {
  readonly name = "bilinear";
  readonly op = "bilinear";
  readonly parameters = [];
  readonly reads: readonly GridValue[];

  constructor(
    readonly from: GridValue,
    readonly to: GridValue,
    private readonly places: SamplePlaces,
    private readonly outside: Outside,
  ) {
    this.reads = [from];
  }

  load(device: Device): Kernel {
    requireDense(device, "interpolate");
    const maps = new Map<number, { index: Tensor<"i32">; weight: F32 }>();
    return ({ at, scene }) => {
      const rows = scene.rows(this.to.space);
      const map = memo(maps, rows, () => {
        const { index, weight } = this.#corners(rows);
        return {
          index: device.own.use(device.ctx.tensorFrom("i32", [rows, CORNERS], index)),
          weight: device.own.use(device.ctx.tensorFrom("f32", [rows, CORNERS], weight)),
        };
      });
      devoxelize(at(this.from) as F32, map.index, map.weight, at(this.to) as F32);
    };
  }

  #corners(rows: number) {
    const [h, w] = this.from.space.size;
    const [down, across] = this.to.space.size;
    const [ys, xs] = [this.#axis(0, h), this.#axis(1, w)];
    const index = new Int32Array(rows * CORNERS).fill(-1);
    const weight = new Float32Array(rows * CORNERS);
    for (let row = 0; row < rows; row++) {
      const image = Math.floor(row / (down * across));
      ys[Math.floor(row / across) % down]!.forEach((y, i) =>
        xs[row % across]!.forEach((x, j) => {
          if (y.cell < 0 || x.cell < 0) return;
          index[row * CORNERS + 2 * i + j] = (image * h + y.cell) * w + x.cell;
          weight[row * CORNERS + 2 * i + j] = y.share * x.share;
        })
      );
    }
    return { index, weight };
  }

  /** The two cells around every place of an axis of `n` cells, -1 for none. */
  #axis(axis: 0 | 1, n: number) {
    return this.places[axis].map((place) => {
      const at = this.outside === "border" ? Math.max(0, place) : place;
      const low = Math.floor(at);
      return [{ cell: low, share: 1 - (at - low) }, { cell: low + 1, share: at - low }]
        .map(({ cell, share }) => {
          if (this.outside === "border") return { cell: Math.min(cell, n - 1), share };
          return { cell: cell >= 0 && cell < n ? cell : -1, share };
        });
    });
  }
}

/** F.interpolate's places with align_corners False: an axis of `from` cells seen as `to`. */
export function scaledPlaces(from: number, to: number): number[] {
  return Array.from({ length: to }, (_, i) => (i + 0.5) * from / to - 0.5);
}

/** The same with align_corners True: the first and the last cell stay where they are. */
export function alignedPlaces(from: number, to: number): number[] {
  return Array.from({ length: to }, (_, i) => to === 1 ? 0 : i * (from - 1) / (to - 1));
}
