/**
 * Seeded random numbers: sfc32, integer operations only, so that a seed gives the same stream on
 * every machine. Streams are split by keys: the world of one chunk does not move another's.
 */
export class Random {
  // Typed, so that 32-bit state stays unboxed in the ray loop.
  readonly #state = new Uint32Array(4);

  /** The stream of `keys`, integers such as seed, chunk and side. */
  constructor(...keys: number[]) {
    this.#state[0] = hash(0x9e3779b9, ...keys);
    this.#state[1] = hash(0x243f6a88, ...keys);
    this.#state[2] = hash(0xb7e15162, ...keys);
    this.#state[3] = 1;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** Uniform in [0, 1), a multiple of 2^-32. */
  next(): number {
    const s = this.#state;
    const a = s[0]!;
    const b = s[1]!;
    const c = s[2]!;
    const counter = s[3]!;
    const sum = (a + b + counter) | 0;
    s[3] = counter + 1;
    s[0] = b ^ (b >>> 9);
    s[1] = c + (c << 3);
    s[2] = ((c << 21) | (c >>> 11)) + sum;
    return (sum >>> 0) / 4294967296;
  }

  /** Uniform in [low, high). */
  range(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }
}

/** A 32-bit hash of integers. */
export function hash(...keys: number[]): number {
  let h = 0x811c9dc5;
  for (const key of keys) h = mix(h ^ key);
  return h >>> 0;
}

/** Uniform in [0, 1) by position: the noise of one cell of an integer lattice. */
export function hash3(i: number, j: number, k: number, seed: number): number {
  // A sum, not an exclusive or: that would make the noise nearly symmetric about the origin.
  let h = Math.imul(i, 0x27d4eb2d) + Math.imul(j, 0x165667b1) + Math.imul(k, 0x1b873593) + seed;
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4294967296;
}

// The finaliser of MurmurHash3 after a Weyl step, so that hash(0) is not 0.
function mix(value: number): number {
  let h = (value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
