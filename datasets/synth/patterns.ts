/** The sides of boxes: gaps between pickets, pillars between panes, windows behind a wall. */
import { DX, DZ, type Hit, local, OX, OZ } from "./hit.ts";
import { MATERIAL } from "./materials.ts";
import { FOOTING, type Primitives } from "./primitives.ts";
import { hash3 } from "./random.ts";

/** Whether the ray passes between two pickets. */
export function inGap(p: Primitives, at: number, axis: number, t: number): boolean {
  if (axis !== 1) return false;
  const u = local[OX]! + t * local[DX]! + p.shape[at + 3]!;
  const spacing = p.shape[at + 8]!;
  return u - Math.floor(u / spacing) * spacing > p.shape[at + 9]!;
}

/** Width of the pillars of a cabin in metres. */
const PILLAR = 0.1;

/** Whether the ray meets a pillar: at the corners, and in the middle of the long side. */
export function onPillar(p: Primitives, at: number, axis: number, t: number): boolean {
  if (axis === 2) return true;
  const other = 1 - axis;
  const u = local[OX + other]! + t * local[DX + other]!;
  const off = u < 0 ? -u : u;
  return off > p.shape[at + 3 + other]! - PILLAR || (axis === 1 && off < PILLAR / 2);
}

/** Depth of windows and doors behind the wall, in metres. */
const RECESS = 0.18;
/** Storeys, sills, lintels and windows, in metres. */
const STOREY = 2.9;
const SILL = 0.85;
const LINTEL = 2.3;
const WINDOW = 1.15;
const DOOR = 1.05;

/** Carries a hit on a wall on into the window or the door that it met, if any. */
export function recess(p: Primitives, at: number, axis: number, hit: Hit): void {
  const shape = p.shape;
  const other = 1 - axis;
  const du = local[DX + other]!;
  const u = local[OX + other]! + hit.t * du + shape[at + 3 + other]!;
  const v = local[OZ]! + hit.t * local[DZ]! + shape[at + 5]! - FOOTING;
  const door = u - shape[at + 9]!;
  const isDoor = axis === 1 && v < 2.1 && door > 0 && door < DOOR;
  const spacing = shape[at + 8]!;
  const w = u - Math.floor(u / spacing) * spacing - (spacing - WINDOW) / 2;
  const storey = v - Math.floor(v / STOREY) * STOREY;
  const isWindow = v > 0 && storey > SILL && storey < LINTEL && w > 0 && w < WINDOW;
  if (!isDoor && !isWindow) return;
  const left = isDoor ? door : w;
  const width = isDoor ? DOOR : WINDOW;
  // The ray goes on to the glass, or to the reveal when that comes first.
  const toGlass = RECESS / hit.incidence;
  const toReveal = du === 0 ? Infinity : du > 0 ? (width - left) / du : -left / du;
  hit.t += Math.min(toGlass, toReveal);
  if (toGlass >= toReveal) hit.incidence = Math.max(0.01, du < 0 ? -du : du);
  else if (isDoor) hit.material = MATERIAL.wood;
  else {
    // Curtains and blinds answer; one window in five is a dark room. The place of the door is the
    // house's own number, the same in every frame.
    const house = Math.floor(1e4 * shape[at + 9]!);
    const window = hash3(Math.floor(u / spacing), Math.floor(v / STOREY), axis, house);
    hit.material = window < 0.2 ? MATERIAL.glass : MATERIAL.pane;
  }
}
