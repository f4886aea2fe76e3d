/** A seeded generator of 32-bit numbers (xorshift): the same inputs on every machine and backend. */
export class Random {
  #state: number;

  constructor(seed: number) {
    // Spread small seeds over all bits: xorshift takes long to leave a state of few ones.
    this.#state = Math.imul(seed + 1, 0x9e3779b1) || 1;
  }

  /** A whole number in [0, 2^32). */
  next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x;
    return x >>> 0;
  }

  /** A whole number in [0, below). */
  below(below: number): number {
    return Math.floor((this.next() / 2 ** 32) * below);
  }
}

/** Floats in [-1, 1). */
export function randomFloats(length: number, seed: number): Float32Array<ArrayBuffer> {
  const random = new Random(seed);
  const values = new Float32Array(length);
  // 23 bits: every value is exact in f32, so the end of the range is never rounded up to 1.
  for (let i = 0; i < length; i++) values[i] = (random.next() >>> 9) / 2 ** 22 - 1;
  return values;
}

/** `items` in random order. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  const order = [...items];
  for (let i = order.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j]!, order[i]!];
  }
  return order;
}

/** `count` distinct numbers below `below`, ascending: the first and last few, and a random choice. */
export function sampleRows(below: number, count: number, seed: number): Int32Array<ArrayBuffer> {
  if (count >= below) return Int32Array.from({ length: below }, (_, i) => i);
  const random = new Random(seed);
  const chosen = new Set<number>();
  // Ends of arrays are where tiles are cut short, so they are always looked at.
  const edge = Math.min(64, count >> 2);
  for (let i = 0; i < edge; i++) chosen.add(i).add(below - 1 - i);
  while (chosen.size < count) chosen.add(random.below(below));
  return Int32Array.from(chosen).sort();
}
