/** Floats in [-1, 1) from a seed (xorshift of 32 bits): the same on every machine. */
export function randomFloats(length: number, seed: number): Float32Array<ArrayBuffer> {
  // Spread small seeds over all bits: xorshift takes long to leave a state of few ones.
  let x = Math.imul(seed + 1, 0x9e3779b1) || 1;
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    // 23 bits: every value is exact in f32, so the end of the range is never rounded up to 1.
    values[i] = (x >>> 9) / 2 ** 22 - 1;
  }
  return values;
}
