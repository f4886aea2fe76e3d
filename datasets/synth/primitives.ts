/** The shapes that rays meet, as columns: the ray loop reads numbers, never objects. */

/** What a primitive is; the order is its stored id. */
export const KIND = {
  /** A solid cuboid, turned about z. */
  box: 0,
  /** A solid upright cylinder without caps. */
  cylinder: 1,
  /** A solid ellipsoid. */
  ellipsoid: 2,
  /** Leaves in an ellipsoid: a ray ends after some random depth. */
  foliage: 3,
  /** Leaves in a cuboid. */
  hedge: 4,
} as const;

/** What a box's sides look like; the order is its stored id. */
export const PATTERN = {
  plain: 0,
  /** Rows of recessed windows and a door. */
  facade: 1,
  /** Upright pickets with gaps that rays pass. */
  pickets: 2,
  /** Glass between pillars of metal, as of a car. */
  glazing: 3,
} as const;

/** Metres of a facade below the ground, so that a slope does not lay its foot bare. */
export const FOOTING = 4;

/** Where a thing stands in the sensor frame: metres, and the cosine and sine of its yaw. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly cos: number;
  readonly sin: number;
}

/** What a ray that ends on a primitive reports. */
export interface Skin {
  readonly material: number;
  readonly semantic: number;
  readonly instance: number;
}

/** Centre and half extents in the coordinates of a frame, in metres. */
export interface Extent {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly hx: number;
  readonly hy: number;
  readonly hz: number;
}

/** Numbers a primitive has in {@linkcode Primitives.shape}. */
export const STRIDE = 10;

/** A growing list of primitives. */
export class Primitives {
  count = 0;
  /** Per primitive: centre x, y, z, half extents x, y, z, cosine and sine of yaw, parameters. */
  shape = new Float64Array(STRIDE * 1024);
  kind = new Uint8Array(1024);
  pattern = new Uint8Array(1024);
  material = new Uint8Array(1024);
  semantic = new Uint16Array(1024);
  instance = new Uint16Array(1024);

  /**
   * Adds one. Foliage takes its leaf density per metre and a seed as `a` and `b`; a facade the
   * spacing of its windows and the place of its door; pickets their spacing and their width.
   */
  add(kind: number, at: Frame, e: Extent, skin: Skin, pattern = 0, a = 0, b = 0): void {
    if (this.count === this.kind.length) this.#grow();
    const i = this.count++;
    const x = at.x + e.x * at.cos - e.y * at.sin;
    const y = at.y + e.x * at.sin + e.y * at.cos;
    this.shape.set([x, y, at.z + e.z, e.hx, e.hy, e.hz, at.cos, at.sin, a, b], i * STRIDE);
    this.kind[i] = kind;
    this.pattern[i] = pattern;
    this.material[i] = skin.material;
    this.semantic[i] = skin.semantic;
    this.instance[i] = skin.instance;
  }

  #grow(): void {
    const size = 2 * this.kind.length;
    const shape = new Float64Array(STRIDE * size);
    shape.set(this.shape);
    this.shape = shape;
    const byte = (from: Uint8Array<ArrayBuffer>) => {
      const to = new Uint8Array(size);
      to.set(from);
      return to;
    };
    const word = (from: Uint16Array<ArrayBuffer>) => {
      const to = new Uint16Array(size);
      to.set(from);
      return to;
    };
    this.kind = byte(this.kind);
    this.pattern = byte(this.pattern);
    this.material = byte(this.material);
    this.semantic = word(this.semantic);
    this.instance = word(this.instance);
  }
}
