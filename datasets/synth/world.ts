/**
 * Fills a street with things, lot by lot: each lot draws from its own stream, so that a lot looks
 * the same from every frame that sees it. What moves is a function of the frame's time.
 */
import type { Terrain } from "./ground.ts";
import type { Frame } from "./primitives.ts";
import { Random } from "./random.ts";
import type { Scene } from "./scene.ts";
import { SENSOR_HEIGHT } from "./sensor.ts";
import { plantLot } from "./lots.ts";
import { addTraffic } from "./traffic.ts";
import { EGO_SPEED, FRAME_TIME, Site } from "./site.ts";
import { Street } from "./street.ts";
import { cos, sin } from "./trig.ts";

/** The ego vehicle keeps this offset from the centre line, in metres to the left. */
const EGO_OFFSET = -1.9;
/** Things up to this far along the street are built, in metres. */
const SIGHT = 90;

/** The ground, the sensor above it and all that stands about at one time. */
export interface World {
  readonly terrain: Terrain;
  /** The sensor frame in the world. */
  readonly ego: Frame;
  readonly scene: Scene;
}

/** The world of `seed` at frame `index`. */
export function buildWorld(seed: number, index: number): World {
  const street = new Street(seed);
  const time = index * FRAME_TIME;
  const x = time * EGO_SPEED;
  const y = street.centre(x) + EGO_OFFSET;
  const heading = street.heading(x);
  const z = street.height(x, y) + SENSOR_HEIGHT;
  const ego = { x, y, z, cos: cos(heading), sin: sin(heading) };
  const site = new Site(street, ego);
  for (let k = Math.floor((x - SIGHT) / street.lot); k * street.lot < x + SIGHT; k++) {
    for (const side of [0, 1] as const) plantLot(site, k, side, time, new Random(seed, 3, side, k));
  }
  addTraffic(site, time, SIGHT);
  return { terrain: street, ego, scene: site.scene };
}
