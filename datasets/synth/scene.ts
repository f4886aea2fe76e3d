import { type Extent, type Frame, KIND, PATTERN, Primitives, type Skin } from "./primitives.ts";

/** A thing with a box: its frame and the cuboid, in that frame, which holds all of it. */
export interface Thing {
  readonly at: Frame;
  readonly extent: Extent;
  readonly semantic: number;
  readonly instance: number;
}

/** All that stands on the ground about the sensor. */
export class Scene {
  readonly primitives = new Primitives();
  readonly things: Thing[] = [];

  /** A solid cuboid. */
  box(at: Frame, extent: Extent, skin: Skin): void {
    this.primitives.add(KIND.box, at, extent, skin);
  }

  /** A wall with windows every `spacing` metres and a door `door` metres from its end. */
  facade(at: Frame, extent: Extent, skin: Skin, spacing: number, door: number): void {
    this.primitives.add(KIND.box, at, extent, skin, PATTERN.facade, spacing, door);
  }

  /** A slab of a car's cabin: glass between pillars. */
  glazing(at: Frame, extent: Extent, skin: Skin): void {
    this.primitives.add(KIND.box, at, extent, skin, PATTERN.glazing);
  }

  /** A thin cuboid of pickets of `width`, one every `spacing` metres. */
  pickets(at: Frame, extent: Extent, skin: Skin, spacing: number, width: number): void {
    this.primitives.add(KIND.box, at, extent, skin, PATTERN.pickets, spacing, width);
  }

  /** A solid upright cylinder: both half extents are its radius. */
  cylinder(at: Frame, extent: Extent, skin: Skin): void {
    this.primitives.add(KIND.cylinder, at, extent, skin);
  }

  /** A solid ellipsoid. */
  ellipsoid(at: Frame, extent: Extent, skin: Skin): void {
    this.primitives.add(KIND.ellipsoid, at, extent, skin);
  }

  /** Leaves in an ellipsoid: `density` of a clump's leaves per metre of ray. */
  foliage(at: Frame, extent: Extent, skin: Skin, density: number, seed: number): void {
    this.primitives.add(KIND.foliage, at, extent, skin, 0, density, seed);
  }

  /** Leaves in a cuboid. */
  hedge(at: Frame, extent: Extent, skin: Skin, density: number, seed: number): void {
    this.primitives.add(KIND.hedge, at, extent, skin, 0, density, seed);
  }
}

/** The extent of a cuboid of `l` by `w` that stands from `z0` to `z1` at `x`, `y`. */
export function upright(
  x: number,
  y: number,
  z0: number,
  z1: number,
  l: number,
  w: number,
): Extent {
  return { x, y, z: (z0 + z1) / 2, hx: l / 2, hy: w / 2, hz: (z1 - z0) / 2 };
}
