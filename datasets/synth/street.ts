/**
 * The ground plan of a seed's world: an endless street along x with lots of equal width on both
 * sides, some of them side roads. Everything is a function of seed and position, so that any part
 * of the street can be made alone. Lengths are metres; `t` is the offset left of the centre line.
 */
import { CLASS } from "./classes.ts";
import type { Terrain } from "./ground.ts";
import { hash, Random } from "./random.ts";
import { atan, sin } from "./trig.ts";

/** Half the width of a side road, and of it with its sidewalks. */
const CROSSING_ROAD = 3.2;
const CROSSING_WALK = 5.2;

const TILE = 128;

/** One seed's street. */
export class Street implements Terrain {
  /** Terraced houses at the sidewalk, or detached ones in gardens. */
  readonly city: boolean;
  readonly lot: number;
  /** |t| of the outer edges of road, parking strip, grass verge, sidewalk and front gardens. */
  readonly road: number;
  readonly parking: readonly [right: number, left: number];
  readonly verge: readonly [right: number, left: number];
  readonly walk: readonly [right: number, left: number];
  readonly front: readonly [right: number, left: number];
  readonly #curve: readonly [number, number, number, number];
  readonly #hill: readonly [bank: number, right: number, left: number, phase: number];
  readonly #noise: Float32Array;

  constructor(readonly seed: number) {
    const random = new Random(seed, 1);
    this.city = random.chance(0.45);
    this.lot = this.city ? 12 : 15;
    this.road = random.range(4.6, 5.1);
    const strip = (share: number) => this.road + (random.chance(share) ? 2.2 : 0);
    this.parking = [strip(0.25), strip(this.city ? 0.6 : 0.35)];
    const [low, high] = this.city ? [3.5, 6] : [2.5, 4];
    const grass = () => (this.city || random.chance(0.3) ? 0 : random.range(1, 3));
    this.verge = [this.parking[0] + grass(), this.parking[1] + grass()];
    this.walk = [this.verge[0] + random.range(low, high), this.verge[1] + random.range(low, high)];
    const garden = () => (this.city ? random.range(0.8, 2) : random.range(4, 8));
    this.front = [this.walk[0] + garden(), this.walk[1] + garden()];
    this.#curve = [
      random.range(5, 11),
      random.range(60, 90),
      random.range(0, 6.28),
      random.range(0, 6.28),
    ];
    const slope = () => (this.city ? random.range(-0.02, 0.02) : random.range(-0.1, 0.07));
    this.#hill = [random.range(-0.02, 0.02), slope(), slope(), random.range(0, 6.28)];
    this.#noise = Float32Array.from({ length: TILE * TILE }, () => random.range(-1, 1));
  }

  /** World y of the centre line at `x`. */
  centre(x: number): number {
    const [amplitude, length, phase, second] = this.#curve;
    return amplitude * (sin(x / length + phase) + 0.2 * sin(x / (0.4 * length) + second));
  }

  /** Direction of the centre line at `x`, in radians from the x axis. */
  heading(x: number): number {
    return atan(this.centre(x + 0.5) - this.centre(x - 0.5));
  }

  /** Whether lot `k`, x in [k, k + 1) times the lot width, is a side road. */
  crossing(k: number): boolean {
    return hash(this.seed, 2, k) % 9 === 0;
  }

  /** The class of the ground. */
  zone(x: number, y: number): number {
    const t = y - this.centre(x);
    const side = t < 0 ? 0 : 1;
    const across = t < 0 ? -t : t;
    const k = Math.floor(x / this.lot);
    if (across < this.road) return this.#onRoad(x, across);
    const along = x - (k + 0.5) * this.lot;
    if (this.crossing(k)) {
      if (along > -CROSSING_ROAD && along < CROSSING_ROAD) return CLASS.road;
      if (along > -CROSSING_WALK && along < CROSSING_WALK) return CLASS.sidewalk;
    }
    if (across < this.parking[side]) return CLASS.parking;
    if (across < this.verge[side]) return CLASS.terrain;
    if (across < this.walk[side]) return CLASS.sidewalk;
    if (this.city) return across < this.front[side] - 0.5 ? CLASS.sidewalk : CLASS.terrain;
    const drive = along < -this.lot / 2 + 3.4 && along > -this.lot / 2 + 0.6;
    return drive && across < this.front[side] + 5 ? CLASS.parking : CLASS.terrain;
  }

  #onRoad(x: number, across: number): number {
    if (across < 0.07 && x - 9 * Math.floor(x / 9) < 4) return CLASS.laneMarking;
    const edge = this.road - across;
    return edge > 0.15 && edge < 0.27 ? CLASS.laneMarking : CLASS.road;
  }

  /** Height of the ground. */
  height(x: number, y: number): number {
    const t = y - this.centre(x);
    const across = t < 0 ? -t : t;
    const zone = this.zone(x, y);
    const [bank, right, left, phase] = this.#hill;
    // Long waves along the road, camber of the carriageway, and hills behind the house fronts.
    let z = 0.8 * sin(x / 48 + phase) + bank * t;
    z -= 0.015 * (across < this.road ? across : this.road);
    const beyond = across - this.walk[t < 0 ? 0 : 1];
    if (beyond > 0) {
      // The slope sets in over 8 m, then holds.
      const ease = beyond < 8 ? beyond * beyond / 16 : beyond - 4;
      z += (t < 0 ? right : left) * ease * (1 + 0.4 * sin(x / 23 + phase));
    }
    if (zone === CLASS.sidewalk) z += 0.12;
    if (zone === CLASS.terrain) {
      return z + 0.1 + 0.03 * this.#ripple(x, y, 2.2) + 0.06 * this.#ripple(x, y, 0.35);
    }
    return z + 0.008 * this.#ripple(x, y, 0.45) + 0.04 * this.#ripple(x, y, 0.11);
  }

  /** Smooth noise within -1..1 of `frequency` cells a metre. */
  #ripple(x: number, y: number, frequency: number): number {
    const u = x * frequency;
    const v = y * frequency;
    const i = Math.floor(u);
    const j = Math.floor(v);
    const mask = TILE - 1;
    const row = (i & mask) * TILE;
    const next = ((i + 1) & mask) * TILE;
    const fu = u - i;
    const fv = v - j;
    const n = this.#noise;
    const a = n[row + (j & mask)]! * (1 - fv) + n[row + ((j + 1) & mask)]! * fv;
    const b = n[next + (j & mask)]! * (1 - fv) + n[next + ((j + 1) & mask)]! * fv;
    return a * (1 - fu) + b * fu;
  }
}
