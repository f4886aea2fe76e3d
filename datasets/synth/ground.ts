import type { Frame } from "./primitives.ts";

/** What the ground of a world is, by x and y in metres. */
export interface Terrain {
  /** The raw class id. */
  zone(x: number, y: number): number;
  /** The height in metres. */
  height(x: number, y: number): number;
}

/** Half the side of the square that a scan sees, in metres: a little above the sensor's range. */
export const REACH = 82;
/** Side of a cell of the height raster, and of the coarse cells that rays step through; metres. */
export const FINE = 0.25;
export const COARSE = 2;
/** Cells a side. */
const FINE_CELLS: number = 2 * REACH / FINE;
export const COARSE_CELLS: number = 2 * REACH / COARSE;

const NODES = FINE_CELLS + 1;
const RATIO = COARSE / FINE;

/** The height of the ground about the sensor, in the sensor frame: bilinear between nodes. */
export class Ground {
  readonly #nodes: Float32Array;
  /** The highest node of each coarse cell, in metres. */
  readonly high: Float32Array;

  /** A raster of `height` (x and y in the sensor frame, in metres). */
  constructor(height: (x: number, y: number) => number) {
    this.#nodes = new Float32Array(NODES * NODES);
    for (let i = 0; i < NODES; i++) {
      for (let j = 0; j < NODES; j++) {
        this.#nodes[i * NODES + j] = height(i * FINE - REACH, j * FINE - REACH);
      }
    }
    this.high = new Float32Array(COARSE_CELLS * COARSE_CELLS);
    for (let i = 0; i < COARSE_CELLS; i++) {
      for (let j = 0; j < COARSE_CELLS; j++) this.#bound(i, j);
    }
  }

  /** Height at a point within reach. */
  at(x: number, y: number): number {
    const u = (x + REACH) / FINE;
    const v = (y + REACH) / FINE;
    const i = Math.min(FINE_CELLS - 1, Math.max(0, Math.floor(u)));
    const j = Math.min(FINE_CELLS - 1, Math.max(0, Math.floor(v)));
    const fu = u - i;
    const fv = v - j;
    const n = this.#nodes;
    const k = i * NODES + j;
    const near = n[k]! * (1 - fv) + n[k + 1]! * fv;
    const far = n[k + NODES]! * (1 - fv) + n[k + NODES + 1]! * fv;
    return near * (1 - fu) + far * fu;
  }

  #bound(i: number, j: number): void {
    let high = -Infinity;
    for (let a = i * RATIO; a <= (i + 1) * RATIO; a++) {
      for (let b = j * RATIO; b <= (j + 1) * RATIO; b++) {
        const z = this.#nodes[a * NODES + b]!;
        if (z > high) high = z;
      }
    }
    this.high[i * COARSE_CELLS + j] = high;
  }
}

/** The ground of `terrain` as seen from `ego`, the sensor's frame in the world. */
export function groundAbout(terrain: Terrain, ego: Frame): Ground {
  return new Ground((x, y) =>
    terrain.height(
      ego.x + x * ego.cos - y * ego.sin,
      ego.y + x * ego.sin + y * ego.cos,
    ) - ego.z
  );
}
