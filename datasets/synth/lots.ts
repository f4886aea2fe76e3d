/** What stands on one lot beside the street: its house, plants, parked vehicles and people. */
import { addClutter, addLamp, addSign } from "./objects/furniture.ts";
import { addFence, addHouse, addWall } from "./objects/houses.ts";
import { addBicycle, addPerson } from "./objects/people.ts";
import { addBush, addHedge, addTree } from "./objects/plants.ts";
import { addCar, addTruck } from "./objects/vehicles.ts";
import type { Frame } from "./primitives.ts";
import type { Random } from "./random.ts";
import type { Site } from "./site.ts";
import { PI } from "./trig.ts";

/** Instance ids a lot may use, and lots that differ in ids: more than a scan ever sees. */
const IDS = 32;
const LOTS = 128;

/** A lot while it is being filled. `side` is 0 on the right of the street and 1 on the left. */
class Lot {
  /** World x of the lot's beginning, and its length, in metres. */
  readonly x: number;
  readonly length: number;
  #next: number;

  constructor(
    readonly site: Site,
    readonly k: number,
    readonly side: 0 | 1,
    readonly random: Random,
  ) {
    this.length = site.street.lot;
    this.x = k * this.length;
    this.#next = 1 + ((((k % LOTS) + LOTS) % LOTS) * 2 + side) * IDS;
  }

  /** The next instance id of this lot. */
  instance(): number {
    return this.#next++;
  }

  /** A frame `a` metres along the lot and `out` from the centre line; yaw 0 looks along x. */
  at(a: number, out: number, yaw = 0): Frame {
    return this.site.at(this.x + a, this.side === 0 ? -out : out, yaw);
  }

  /** The same with y pointing away from the street. */
  facing(a: number, out: number): Frame {
    return this.at(a, out, this.side === 0 ? PI : 0);
  }
}

/** Fills lot `k` on `side` as it is `time` seconds after frame 0. */
export function plantLot(site: Site, k: number, side: 0 | 1, time: number, random: Random): void {
  const lot = new Lot(site, k, side, random);
  addBackdrop(lot);
  if (!site.street.crossing(k)) {
    if (site.street.city) addTerrace(lot);
    else addGarden(lot);
    addParked(lot);
    addWalkway(lot);
  }
  addPeople(lot, time);
}

/** Terraced houses with a yard here and there. */
function addTerrace(lot: Lot): void {
  const { random, length, side, site } = lot;
  const front = site.street.front[side];
  if (random.chance(0.7)) {
    const set = random.range(0, 0.5);
    addHouse(site.scene, lot.facing(length / 2, front + set), random, length, 11);
    const green = random.next();
    if (green < 0.6) {
      const h = random.range(0.9, 2.6);
      addHedge(site.scene, lot.at(length / 2, front - 0.6), random, length - 1.5, 0.8, h);
    } else if (green < 0.9) {
      for (let i = 0; i < 4; i++) {
        const at = lot.at(random.range(1, length - 1), front - 0.3);
        addBush(site.scene, at, random, random.range(1, 2.4));
      }
    }
    return;
  }
  if (random.chance(0.25)) addWall(site.scene, lot.at(length / 2, front + 0.3), random, length - 3);
  else addHedge(site.scene, lot.at(length / 2, front + 0.6), random, length - 3, 0.8, 1.4);
  for (let i = 0; i < 3; i++) {
    const at = lot.at(random.range(1, length - 1), front + random.range(2, 14));
    if (random.chance(0.5)) addTree(site.scene, at, random, random.range(1.4, 2.4));
    else addBush(site.scene, at, random, random.range(1.5, 3));
  }
}

/** A detached house behind a front garden. */
function addGarden(lot: Lot): void {
  const { random, length, side, site } = lot;
  const { scene, street } = site;
  const walk = street.walk[side];
  const front = street.front[side];
  if (random.chance(0.72)) {
    addHouse(scene, lot.facing(length / 2 + 1.6, front), random, random.range(7, 10.5), 9);
  }
  if (random.chance(0.35)) {
    addCar(scene, lot.at(2, front + 0.5, PI / 2), random, lot.instance());
  }
  const border = random.next();
  const middle = lot.at(length / 2 + 1.6, walk + 0.3);
  if (border < 0.07) addFence(scene, middle, random, length - 4);
  else if (border < 0.65) addHedge(scene, middle, random, length - 4, 0.7, random.range(0.7, 1.8));
  else if (border < 0.7) addWall(scene, middle, random, length - 4);
  const bushes = Math.floor(random.range(3, 8));
  for (let i = 0; i < bushes; i++) {
    const at = lot.at(random.range(4, length), random.range(walk + 1, front - 0.5));
    addBush(scene, at, random, random.range(0.8, 2.4));
  }
  if (random.chance(0.75)) {
    const at = lot.at(random.range(4, length - 1), random.range(walk + 1.5, front));
    addTree(scene, at, random, random.range(1.2, 2.6));
  }
}

/** Trees, thickets and house backs that close the view behind the first row. */
function addBackdrop(lot: Lot): void {
  const { random, length, side, site } = lot;
  const behind = site.street.front[side] + 12;
  const high = site.street.city ? 0.3 : 0.6;
  for (let i = 0; i < 4; i++) {
    const at = lot.at((i + random.next()) * length / 4, behind + random.range(1, 22));
    if (random.chance(high)) addTree(site.scene, at, random, random.range(0.6, 2.2));
    else addBush(site.scene, at, random, random.range(1.5, 4));
  }
  const out = behind + random.range(24, 34);
  if (random.chance(0.6)) {
    addHouse(site.scene, lot.facing(length / 2, out), random, length * 0.8, 9);
  } else {
    for (let i = 0; i < 3; i++) {
      const at = lot.at((i + 0.5) * length / 3, out);
      addBush(site.scene, at, random, random.range(5, 8));
    }
  }
}

/** Vehicles on the parking strip, if the street has one on this side. */
function addParked(lot: Lot): void {
  const { random, length, side, site } = lot;
  const { street, scene } = site;
  if (street.parking[side] === street.road) return;
  const out = street.parking[side] - 1.1;
  const along = side === 0 ? 0 : PI;
  if (random.chance(0.06)) {
    addTruck(scene, lot.at(length / 2, out + 0.1, along), random, lot.instance());
    return;
  }
  const places = Math.floor(length / 6);
  for (let i = 0; i < places; i++) {
    const a = (i + 0.5) * length / places + random.range(-0.3, 0.3);
    const turn = along + (random.chance(0.3) ? PI : 0) + random.range(-0.04, 0.04);
    if (random.chance(0.5)) addCar(scene, lot.at(a, out, turn), random, lot.instance());
  }
}

/** Lamps, signs, street trees, bins and bicycles on the sidewalk. */
function addWalkway(lot: Lot): void {
  const { random, length, side, site } = lot;
  const { street, scene } = site;
  const kerb = street.parking[side] + 0.6;
  if (random.chance(0.5)) addLamp(scene, lot.at(0.4, kerb), random);
  if (random.chance(0.35)) {
    const facing = side === 0 ? 0 : PI;
    addSign(scene, lot.at(length * 0.55, kerb, facing + random.range(-0.2, 0.2)), random);
  }
  if (random.chance(street.city ? 0.45 : 0.3)) {
    addTree(scene, lot.at(length * 0.25, kerb + 0.2), random, random.range(1.5, 2.4));
  }
  const inner = street.walk[side] - 0.4;
  if (random.chance(0.35)) {
    addClutter(scene, lot.at(length * random.range(0.3, 0.7), inner), random);
  }
  const bicycles = random.chance(0.25) ? Math.floor(random.range(1, 4)) : 0;
  for (let i = 0; i < bicycles; i++) {
    const at = lot.at(length * 0.8 + 0.7 * i, inner - 0.8, PI / 2 + random.range(-0.2, 0.2));
    addBicycle(scene, at, lot.instance());
  }
}

/** People who walk to and fro on the sidewalk. */
function addPeople(lot: Lot, time: number): void {
  const { random, length, side, site } = lot;
  const { street } = site;
  const people = Math.floor(random.range(0, street.city ? 1.9 : 1.5));
  for (let i = 0; i < people; i++) {
    const speed = random.range(0.8, 1.6);
    // A triangle wave of 24 m there and 24 m back.
    const way = (random.range(0, 48) + speed * time) % 48;
    const back = way > 24;
    const a = random.range(0, length) + (back ? 48 - way : way) - 12;
    const out = random.range(street.verge[side] + 0.9, street.walk[side] - 0.6);
    const yaw = (back ? PI : 0) + random.range(-0.3, 0.3);
    addPerson(site.scene, lot.at(a, out, yaw), random, lot.instance());
  }
}
