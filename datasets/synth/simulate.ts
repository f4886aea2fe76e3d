/** One turn of the sensor in a world: rays, losses, noise and intensity. */
import { CLASS } from "./classes.ts";
import { groundAbout } from "./ground.ts";
import { GROUND, type Hit, newHit, NOTHING } from "./hit.ts";
import { LOSS, MATERIAL, REFLECTIVITY, ROUGHNESS, SHINE, SPREAD } from "./materials.ts";
import { normal } from "./noise.ts";
import type { Random } from "./random.ts";
import { Raycaster } from "./raycast.ts";
import { HDL64, type Lasers, type Sensor } from "./sensor.ts";
import type { World } from "./world.ts";

/** Standard deviation of the range of one pulse in metres, as KITTI's roads show it. */
export const RANGE_NOISE = 0.009;
/** Standard deviation of a firing's azimuth in radians: a fifteenth of the step. */
const AZIMUTH_NOISE = 0.0002;

/** The returns of one turn, ring by ring from the top and each ring by azimuth, as in KITTI. */
export interface Returns {
  /** [N, 4]: x, y, z in metres in the sensor frame, intensity. */
  readonly points: Float32Array;
  readonly semantic: Uint16Array;
  readonly instance: Uint16Array;
}

/** The material of the ground by class. */
const GROUND_MATERIAL = new Uint8Array(256).fill(MATERIAL.grass);
GROUND_MATERIAL[CLASS.road] = MATERIAL.asphalt;
GROUND_MATERIAL[CLASS.laneMarking] = MATERIAL.paint;
GROUND_MATERIAL[CLASS.parking] = MATERIAL.asphalt;
GROUND_MATERIAL[CLASS.sidewalk] = MATERIAL.paving;

/** Turns the sensor once in `world`; `random` draws all noise. */
export function sweep(world: World, random: Random, sensor: Sensor = HDL64): Returns {
  const ground = groundAbout(world.terrain, world.ego);
  const { primitives } = world.scene;
  const caster = new Raycaster(primitives, ground);
  const firings = sensor.rings * sensor.columns;
  const points = new Float32Array(4 * firings);
  const semantic = new Uint16Array(firings);
  const instance = new Uint16Array(firings);
  const hit = newHit();
  let n = 0;
  for (let firing = 0; firing < firings; firing++) {
    if (sensor.blind[firing] === 1) continue;
    const column = firing % sensor.columns;
    const ring = (firing - column) / sensor.columns;
    aim(hit, sensor, ring, column, random);
    caster.cast(hit, sensor.maxRange, random);
    if (hit.primitive === NOTHING) continue;
    const onGround = hit.primitive === GROUND;
    const label = onGround ? groundClass(world, hit) : primitives.semantic[hit.primitive]!;
    if (onGround) hit.material = GROUND_MATERIAL[label]!;
    if (isLost(hit, sensor, random)) continue;
    record(points, 4 * n, hit, sensor.lasers, ring, random);
    semantic[n] = label;
    instance[n] = onGround ? 0 : primitives.instance[hit.primitive]!;
    n++;
  }
  return {
    points: points.slice(0, 4 * n),
    semantic: semantic.slice(0, n),
    instance: instance.slice(0, n),
  };
}

/** Sets the ray of one firing. */
function aim(
  hit: Hit,
  { lasers, azimuthCos, azimuthSin }: Sensor,
  ring: number,
  column: number,
  random: Random,
): void {
  const turn = AZIMUTH_NOISE * normal(random);
  const c = azimuthCos[column]!;
  const s = azimuthSin[column]!;
  // A turn this small needs no sine: its square is below the last digit of a coordinate.
  hit.ox = 0;
  hit.oy = 0;
  hit.oz = lasers.up[ring]!;
  hit.dx = lasers.cos[ring]! * (c - turn * s);
  hit.dy = lasers.cos[ring]! * (s + turn * c);
  hit.dz = lasers.sin[ring]!;
}

/** The class of the ground at a hit. */
function groundClass({ terrain, ego }: World, hit: Hit): number {
  const x = hit.ox + hit.t * hit.dx;
  const y = hit.oy + hit.t * hit.dy;
  return terrain.zone(ego.x + x * ego.cos - y * ego.sin, ego.y + x * ego.sin + y * ego.cos);
}

/** Whether the receiver misses this return: mirror-like, glancing, dark or far surfaces. */
function isLost(hit: Hit, { minRange, maxRange }: Sensor, random: Random): boolean {
  if (hit.t < minRange) return true;
  const m = hit.material;
  const glancing = 1 - hit.incidence;
  const far = hit.t / maxRange;
  const loss = LOSS[m]! + SHINE[m]! * glancing * glancing * glancing +
    0.25 * far * far * (1 - REFLECTIVITY[m]!);
  return random.next() < loss;
}

/** Writes the measured point: noise along the ray, intensity in hundredths as KITTI has it. */
function record(
  points: Float32Array,
  at: number,
  hit: Hit,
  lasers: Lasers,
  ring: number,
  random: Random,
): void {
  const m = hit.material;
  // Roughness stands on the surface; a glancing ray meets more of it, up to 3 cm.
  const rough = Math.min(0.03, ROUGHNESS[m]! / hit.incidence);
  const sigma = Math.sqrt(RANGE_NOISE * RANGE_NOISE + rough * rough);
  const t = hit.t + lasers.bias[ring]! + sigma * normal(random);
  points[at] = hit.ox + t * hit.dx;
  points[at + 1] = hit.oy + t * hit.dy;
  points[at + 2] = hit.oz + t * hit.dz;
  const shade = 0.7 + 0.3 * hit.incidence;
  const light = REFLECTIVITY[m]! * lasers.gain[ring]! * shade + SPREAD[m]! * normal(random);
  const dark = random.next() < lasers.zeros[ring]!;
  points[at + 3] = dark ? 0 : Math.round(100 * Math.min(1, Math.max(0, light))) / 100;
}
