import { COARSE, COARSE_CELLS, REACH } from "./ground.ts";
import { type Primitives, STRIDE } from "./primitives.ts";

/** Which primitives overlap each coarse cell, in compressed rows. */
export interface Grid {
  /** Primitives of cell (i, j): `items` from `start[i * COARSE_CELLS + j]` to the next start. */
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/** Sorts primitives into the cells that their bounds overlap. */
export function buildGrid(primitives: Primitives): Grid {
  const start = new Int32Array(COARSE_CELLS * COARSE_CELLS + 1);
  forEachCell(primitives, (cell) => {
    start[cell + 1]! += 1;
  });
  for (let i = 1; i < start.length; i++) start[i]! += start[i - 1]!;
  const items = new Int32Array(start[start.length - 1]!);
  const next = start.slice();
  forEachCell(primitives, (cell, primitive) => {
    items[next[cell]!] = primitive;
    next[cell]! += 1;
  });
  return { start, items };
}

function forEachCell(p: Primitives, visit: (cell: number, primitive: number) => void): void {
  const index = (v: number) =>
    Math.min(COARSE_CELLS, Math.max(-1, Math.floor((v + REACH) / COARSE)));
  for (let i = 0; i < p.count; i++) {
    const at = i * STRIDE;
    const x = p.shape[at]!;
    const y = p.shape[at + 1]!;
    const hx = p.shape[at + 3]!;
    const hy = p.shape[at + 4]!;
    const c = Math.abs(p.shape[at + 6]!);
    const s = Math.abs(p.shape[at + 7]!);
    const ex = hx * c + hy * s;
    const ey = hx * s + hy * c;
    const toX = Math.min(COARSE_CELLS - 1, index(x + ex));
    const toY = Math.min(COARSE_CELLS - 1, index(y + ey));
    for (let a = Math.max(0, index(x - ex)); a <= toX; a++) {
      for (let b = Math.max(0, index(y - ey)); b <= toY; b++) visit(a * COARSE_CELLS + b, i);
    }
  }
}
