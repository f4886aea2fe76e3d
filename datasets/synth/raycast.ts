/**
 * Nearest hit of a ray: a walk over the coarse cells of the ground plan, testing the primitives of
 * each cell and the ground in it, which ends at the first cell that holds the hit.
 * Cost: about 20 cells and as many primitives a ray; nothing is allocated.
 */
import { clearHit, GROUND, type Hit } from "./hit.ts";
import { meet } from "./intersect.ts";
import { buildGrid, type Grid } from "./grid.ts";
import { COARSE, COARSE_CELLS, FINE, type Ground, REACH } from "./ground.ts";
import type { Primitives } from "./primitives.ts";
import type { Random } from "./random.ts";

/** Casts rays into a scene. */
export class Raycaster {
  readonly #grid: Grid;
  /** The last ray that tested each primitive: a primitive in many cells is tested once. */
  readonly #tested: Int32Array;
  #ray = 0;

  constructor(readonly primitives: Primitives, readonly ground: Ground) {
    this.#grid = buildGrid(primitives);
    this.#tested = new Int32Array(primitives.count);
  }

  /**
   * The nearest hit within `reach` metres of the ray that `hit` holds (origin and unit direction)
   * goes into `hit`; `random` draws how deep a ray goes into leaves.
   */
  cast(hit: Hit, reach: number, random: Random): void {
    clearHit(hit, reach);
    this.#ray++;
    const { ox, oy, dx, dy } = hit;
    const stepX = dx < 0 ? -1 : 1;
    const stepY = dy < 0 ? -1 : 1;
    // A direction along an axis never leaves its row: 1e-12 keeps the quotients finite.
    const perX = COARSE / Math.max(1e-12, Math.abs(dx));
    const perY = COARSE / Math.max(1e-12, Math.abs(dy));
    let i = Math.floor((ox + REACH) / COARSE);
    let j = Math.floor((oy + REACH) / COARSE);
    const fx = (ox + REACH) / COARSE - i;
    const fy = (oy + REACH) / COARSE - j;
    let nextX = perX * (dx < 0 ? fx : 1 - fx);
    let nextY = perY * (dy < 0 ? fy : 1 - fy);
    let from = 0;
    while (from < hit.t && i >= 0 && j >= 0 && i < COARSE_CELLS && j < COARSE_CELLS) {
      const to = Math.min(nextX, nextY);
      const cell = i * COARSE_CELLS + j;
      this.#meetCell(cell, hit, random);
      this.#meetGround(cell, hit, from, Math.min(to, hit.t));
      from = to;
      if (nextX < nextY) {
        nextX += perX;
        i += stepX;
      } else {
        nextY += perY;
        j += stepY;
      }
    }
  }

  #meetCell(cell: number, hit: Hit, random: Random): void {
    const { start, items } = this.#grid;
    const end = start[cell + 1]!;
    for (let k = start[cell]!; k < end; k++) {
      const primitive = items[k]!;
      if (this.#tested[primitive] === this.#ray) continue;
      this.#tested[primitive] = this.#ray;
      meet(this.primitives, primitive, hit, random);
    }
  }

  /** The ground between `from` and `to` metres along the ray, all of it in one coarse cell. */
  #meetGround(cell: number, hit: Hit, from: number, to: number): void {
    const { ox, oy, oz, dx, dy, dz } = hit;
    const { ground } = this;
    const high = ground.high[cell]!;
    const zFrom = oz + from * dz;
    const zTo = oz + to * dz;
    if (zFrom > high && zTo > high) return;
    // A falling ray need not be looked at above the cell's highest point.
    let t = zFrom > high ? (high - oz) / dz : from;
    const step = FINE / Math.max(0.1, Math.sqrt(dx * dx + dy * dy));
    let before = t;
    while (true) {
      if (oz + t * dz <= ground.at(ox + t * dx, oy + t * dy)) {
        setGround(hit, ground, before, t);
        return;
      }
      if (t >= to) return;
      before = t;
      t = Math.min(to, t + step);
    }
  }
}

/** The ground hit between `above`, a point over the ground, and `below`, by bisection to 1 mm. */
function setGround(hit: Hit, ground: Ground, above: number, below: number): void {
  const { ox, oy, oz, dx, dy, dz } = hit;
  let a = above;
  let b = below;
  for (let i = 0; i < 8; i++) {
    const t = (a + b) / 2;
    if (oz + t * dz <= ground.at(ox + t * dx, oy + t * dy)) b = t;
    else a = t;
  }
  hit.t = b;
  hit.primitive = GROUND;
  const x = ox + b * dx;
  const y = oy + b * dy;
  const slopeX = (ground.at(x + FINE, y) - ground.at(x - FINE, y)) / (2 * FINE);
  const slopeY = (ground.at(x, y + FINE) - ground.at(x, y - FINE)) / (2 * FINE);
  const against = (dx * slopeX + dy * slopeY - dz) /
    Math.sqrt(1 + slopeX * slopeX + slopeY * slopeY);
  hit.incidence = Math.max(0.01, against);
}
