import { addCyclist } from "./objects/people.ts";
import { addCar, addTruck } from "./objects/vehicles.ts";
import { Random } from "./random.ts";
import { EGO_SPEED, type Site } from "./site.ts";
import { PI } from "./trig.ts";

/** Instance ids of moving things start here, above those of lots; each lane has its own block. */
const FIRST = 10_000;
const BLOCK = 1024;

/** The lane of the ego vehicle. Trucks keep to it: passing, one would fill half the view. */
const EGO_LANE = 0;

/** A lane of things that move at one speed, in slots of equal length. */
interface Lane {
  /** Metres left of the centre line. */
  readonly offset: number;
  /** Metres a second along x; the sign says which way they face. */
  readonly speed: number;
  /** Length of a slot in metres; a slot holds one thing or none. */
  readonly slot: number;
  readonly occupied: number;
  readonly cyclists: boolean;
}

/** The cars ahead and behind, the oncoming traffic, and cyclists at both edges of the road. */
export function addTraffic(site: Site, time: number, sight: number): void {
  const edge = site.street.road - 0.45;
  const lanes: readonly Lane[] = [
    // At the ego vehicle's speed: nobody ever reaches it.
    { offset: -1.9, speed: EGO_SPEED, slot: 28, occupied: 0.55, cyclists: false },
    { offset: 2.3, speed: -9, slot: 26, occupied: 0.5, cyclists: false },
    { offset: -edge, speed: 4.5, slot: 30, occupied: 0.65, cyclists: true },
    { offset: edge, speed: -4.2, slot: 30, occupied: 0.65, cyclists: true },
  ];
  lanes.forEach((lane, i) => addLane(site, lane, i, time, sight));
}

function addLane(site: Site, lane: Lane, number: number, time: number, sight: number): void {
  const moved = lane.speed * time;
  const from = Math.floor((site.ego.x - moved - sight) / lane.slot);
  const to = Math.floor((site.ego.x - moved + sight) / lane.slot);
  for (let k = from; k <= to; k++) {
    const random = new Random(site.street.seed, 4, number, k);
    // At most 0.7 of a slot, so that a thing keeps clear of those in the next slots.
    const x = (k + random.range(0.15, 0.7)) * lane.slot + moved;
    const shift = random.range(-0.2, 0.2);
    const skip = !random.chance(lane.occupied);
    // The slot about the ego vehicle is its own.
    if (skip || (number === EGO_LANE && Math.abs(x - site.ego.x) < 10)) continue;
    const at = site.at(x, lane.offset + shift, lane.speed < 0 ? PI : 0);
    const instance = FIRST + number * BLOCK + modulo(k, BLOCK);
    if (lane.cyclists) addCyclist(site.scene, at, random, instance);
    else if (number === EGO_LANE && random.chance(0.15)) addTruck(site.scene, at, random, instance);
    else addCar(site.scene, at, random, instance);
  }
}

function modulo(k: number, n: number): number {
  return ((k % n) + n) % n;
}
