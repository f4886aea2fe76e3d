/** A ray and one primitive: closed forms for solids, a walk through clumps for leaves. */
import { DX, DY, DZ, ENTER, type Hit, LEAVE, local, OX, OY, OZ } from "./hit.ts";
import { MATERIAL } from "./materials.ts";
import { exponential } from "./noise.ts";
import { inGap, onPillar, recess } from "./patterns.ts";
import { KIND, PATTERN, type Primitives, STRIDE } from "./primitives.ts";
import { hash3, type Random } from "./random.ts";

/** Nearest distance at which anything counts: the sensor's own housing is no target. */
const NEAR = 0.3;
/** Leaves grow in clumps of this size, in metres, which fill this share of a crown. */
const CLUMP = 0.3;
const FILLED = 0.5;
/** Leaf density between clumps relative to within. */
const SPARSE = 0.04;
/** Step of the walk through leaves in metres. */
const LEAF_STEP = 0.1;

/** Puts the primitive into `hit` if the ray meets it nearer than what `hit` holds. */
export function meet(p: Primitives, i: number, hit: Hit, random: Random): void {
  const shape = p.shape;
  const at = i * STRIDE;
  const x = hit.ox - shape[at]!;
  const y = hit.oy - shape[at + 1]!;
  const c = shape[at + 6]!;
  const s = shape[at + 7]!;
  local[OX] = x * c + y * s;
  local[OY] = y * c - x * s;
  local[OZ] = hit.oz - shape[at + 2]!;
  local[DX] = hit.dx * c + hit.dy * s;
  local[DY] = hit.dy * c - hit.dx * s;
  local[DZ] = hit.dz;
  const kind = p.kind[i]!;
  if (kind === KIND.box) meetBox(p, i, hit);
  else if (kind === KIND.cylinder) meetCylinder(p, i, hit);
  else if (kind === KIND.ellipsoid) meetEllipsoid(p, i, hit);
  else meetLeaves(p, i, hit, random);
}

/** The axis of the side by which the ray enters the cuboid, or -1; fills ENTER and LEAVE. */
function crossBox(hx: number, hy: number, hz: number): number {
  let enter = -Infinity;
  let leave = Infinity;
  let axis = -1;
  for (let a = 0; a < 3; a++) {
    const half = a === 0 ? hx : a === 1 ? hy : hz;
    const d = local[DX + a]!;
    const o = local[OX + a]!;
    const inverse = 1 / (d > -1e-12 && d < 1e-12 ? 1e-12 : d);
    const reach = half * (inverse < 0 ? -inverse : inverse);
    const middle = -o * inverse;
    if (middle - reach > enter) {
      enter = middle - reach;
      axis = a;
    }
    if (middle + reach < leave) leave = middle + reach;
  }
  local[ENTER] = enter;
  local[LEAVE] = leave;
  return enter < leave ? axis : -1;
}

function meetBox(p: Primitives, i: number, hit: Hit): void {
  const at = i * STRIDE;
  const axis = crossBox(p.shape[at + 3]!, p.shape[at + 4]!, p.shape[at + 5]!);
  const t = local[ENTER]!;
  if (axis < 0 || t < NEAR || t >= hit.t) return;
  const pattern = p.pattern[i]!;
  if (pattern === PATTERN.pickets && inGap(p, at, axis, t)) return;
  const d = local[DX + axis]!;
  hit.t = t;
  hit.primitive = i;
  hit.incidence = Math.max(0.01, d < 0 ? -d : d);
  hit.material = p.material[i]!;
  if (pattern === PATTERN.facade && axis < 2) recess(p, at, axis, hit);
  if (pattern === PATTERN.glazing && onPillar(p, at, axis, t)) hit.material = MATERIAL.bodywork;
}

function meetCylinder(p: Primitives, i: number, hit: Hit): void {
  const at = i * STRIDE;
  const radius = p.shape[at + 3]!;
  const dx = local[DX]!;
  const dy = local[DY]!;
  const a = dx * dx + dy * dy;
  const b = local[OX]! * dx + local[OY]! * dy;
  const c = local[OX]! * local[OX]! + local[OY]! * local[OY]! - radius * radius;
  const root = b * b - a * c;
  if (root <= 0) return;
  const t = (-b - Math.sqrt(root)) / a;
  if (t < NEAR || t >= hit.t) return;
  const z = local[OZ]! + t * local[DZ]!;
  const half = p.shape[at + 5]!;
  if (z > half || z < -half) return;
  hit.t = t;
  hit.primitive = i;
  hit.incidence = Math.max(0.01, Math.sqrt(root) / radius);
  hit.material = p.material[i]!;
}

/** Whether the ray's line crosses the ellipsoid; fills ENTER and LEAVE. */
function crossEllipsoid(hx: number, hy: number, hz: number): boolean {
  const ox = local[OX]! / hx;
  const oy = local[OY]! / hy;
  const oz = local[OZ]! / hz;
  const dx = local[DX]! / hx;
  const dy = local[DY]! / hy;
  const dz = local[DZ]! / hz;
  const a = dx * dx + dy * dy + dz * dz;
  const b = ox * dx + oy * dy + oz * dz;
  const root = b * b - a * (ox * ox + oy * oy + oz * oz - 1);
  if (root <= 0) return false;
  const half = Math.sqrt(root) / a;
  local[ENTER] = -b / a - half;
  local[LEAVE] = -b / a + half;
  return true;
}

function meetEllipsoid(p: Primitives, i: number, hit: Hit): void {
  const at = i * STRIDE;
  const hx = p.shape[at + 3]!;
  const hy = p.shape[at + 4]!;
  const hz = p.shape[at + 5]!;
  if (!crossEllipsoid(hx, hy, hz)) return;
  const t = local[ENTER]!;
  if (t < NEAR || t >= hit.t) return;
  hit.t = t;
  hit.primitive = i;
  const nx = (local[OX]! + t * local[DX]!) / (hx * hx);
  const ny = (local[OY]! + t * local[DY]!) / (hy * hy);
  const nz = (local[OZ]! + t * local[DZ]!) / (hz * hz);
  const along = nx * local[DX]! + ny * local[DY]! + nz * local[DZ]!;
  hit.incidence = Math.max(0.01, -along / Math.sqrt(nx * nx + ny * ny + nz * nz));
  hit.material = p.material[i]!;
}

function meetLeaves(p: Primitives, i: number, hit: Hit, random: Random): void {
  const at = i * STRIDE;
  const hx = p.shape[at + 3]!;
  const hy = p.shape[at + 4]!;
  const hz = p.shape[at + 5]!;
  if (p.kind[i] === KIND.hedge ? crossBox(hx, hy, hz) < 0 : !crossEllipsoid(hx, hy, hz)) return;
  const end = Math.min(local[LEAVE]!, hit.t);
  const begin = Math.max(NEAR, local[ENTER]!);
  if (begin >= end) return;
  const density = p.shape[at + 8]!;
  const seed = p.shape[at + 9]!;
  let depth = exponential(random);
  for (let t = begin; t < end; t += LEAF_STEP) {
    const m = t + LEAF_STEP / 2;
    const a = Math.floor((local[OX]! + m * local[DX]!) / CLUMP);
    const b = Math.floor((local[OY]! + m * local[DY]!) / CLUMP);
    const c = Math.floor((local[OZ]! + m * local[DZ]!) / CLUMP);
    const here = hash3(a, b, c, seed) < FILLED ? density : density * SPARSE;
    if (depth < here * LEAF_STEP) {
      const met = t + depth / here;
      if (met >= end) return;
      hit.t = met;
      hit.primitive = i;
      // Leaves point everywhere.
      hit.incidence = 0.4 + 0.6 * hash3(a, c, b, seed);
      hit.material = p.material[i]!;
      return;
    }
    depth -= here * LEAF_STEP;
  }
}
