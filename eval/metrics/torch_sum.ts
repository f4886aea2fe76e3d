/**
 * The order in which PyTorch adds a float32 tensor on a CPU with AVX2 (`Tensor.sum()`,
 * ATen/native/cpu/SumKernel.cpp, up to 32,768 elements): four vectors of eight lanes are added side
 * by side, their sums go up a ladder of four levels, and what does not fill a vector comes last.
 */

/** Floats of a vector, and vectors that are added side by side. */
const LANES = 8;
const VECTORS = 4;
const CHAINS = LANES * VECTORS;
const LEVELS = 4;
const f = Math.fround;

/** `torch.tensor(values).sum()`. */
export function torchSum(values: Float32Array): number {
  const chains = ladder(values, Math.floor(values.length / CHAINS));
  const whole = values.length - values.length % LANES;
  const inRows = values.length - values.length % CHAINS;
  // Vectors that fill no row go to the first of the four.
  for (let i = inRows; i < whole; i++) chains[i % LANES]! += values[i]!;
  for (let i = LANES; i < CHAINS; i++) chains[i % LANES]! += chains[i]!;
  let total = 0;
  for (let i = whole; i < values.length; i++) total = f(total + values[i]!);
  for (let lane = 0; lane < LANES; lane++) total = f(total + chains[lane]!);
  return total;
}

/** Sums of each of the 32 columns of the first `rows` rows of 32 values. */
function ladder(values: Float32Array, rows: number): Float32Array {
  const levels = Array.from({ length: LEVELS }, () => new Float32Array(CHAINS));
  const [lowest] = levels as [Float32Array];
  const bits = Math.max(4, Math.floor(Math.ceil(Math.log2(Math.max(2, rows))) / LEVELS));
  const step = 2 ** bits;
  for (let row = 0; row < rows;) {
    for (let i = 0; i < CHAINS; i++) lowest[i]! += values[row * CHAINS + i]!;
    row++;
    // A level is emptied into the one above each time it has taken `step` sums.
    for (let level = 1; level < LEVELS && row % step ** level === 0; level++) {
      moveUp(levels[level - 1]!, levels[level]!);
    }
  }
  for (const level of levels.slice(1)) for (let i = 0; i < CHAINS; i++) lowest[i]! += level[i]!;
  return lowest;
}

function moveUp(from: Float32Array, into: Float32Array): void {
  for (let i = 0; i < from.length; i++) into[i]! += from[i]!;
  from.fill(0);
}
