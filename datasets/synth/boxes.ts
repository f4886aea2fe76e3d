import type { Boxes } from "../scan.ts";
import type { Thing } from "./scene.ts";
import { atan, PI } from "./trig.ts";

/** The boxes of the things that at least one point belongs to. */
export function visibleBoxes(things: readonly Thing[], instance: Uint16Array): Boxes {
  const seen = new Uint8Array(65536);
  for (const id of instance) seen[id] = 1;
  const visible = things.filter((thing) => seen[thing.instance] === 1);
  const geometry = new Float32Array(7 * visible.length);
  visible.forEach((thing, i) => geometry.set(geometryOf(thing), 7 * i));
  return {
    geometry,
    semantic: Uint16Array.from(visible, (thing) => thing.semantic),
    instance: Uint16Array.from(visible, (thing) => thing.instance),
  };
}

function geometryOf({ at, extent: e }: Thing): number[] {
  return [
    at.x + e.x * at.cos - e.y * at.sin,
    at.y + e.x * at.sin + e.y * at.cos,
    at.z + e.z,
    2 * e.hx,
    2 * e.hy,
    2 * e.hz,
    angle(at.cos, at.sin),
  ];
}

/** The angle in (-pi, pi] of a unit vector. */
function angle(c: number, s: number): number {
  if (c > 0) return atan(s / c);
  if (c < 0) return atan(s / c) + (s < 0 ? -PI : PI);
  return s < 0 ? -PI / 2 : PI / 2;
}
