/** Scaled dot-product attention on the host, for the few rows that a window keeps together. */

/** A matrix whose rows are picked by number: columns [offset, offset + width) of every row. */
export interface Rows {
  readonly values: Float32Array;
  readonly stride: number;
  readonly offset: number;
}

/** One head of one group of rows. */
export interface Head {
  readonly query: Rows;
  readonly key: Rows;
  readonly value: Rows;
  readonly out: Rows;
  /** Channels of the head. */
  readonly width: number;
}

/**
 * out[q] = softmax over k of (query[q] . key[k] * scale + bias[q, k]) times value[k], for the rows
 * `queries` and `keys`; a query row below 0 is left out. `scores` has room for the keys.
 */
export function attend(
  { query, key, value, out, width }: Head,
  queries: Int32Array,
  keys: Int32Array,
  scores: Float32Array,
  bias: Float32Array,
): void {
  const scale = 1 / Math.sqrt(width);
  // Locals: the engine does not keep fields of objects in registers across the loops.
  const [from, to, shared, into] = [query.values, key.values, value.values, out.values];
  for (let i = 0; i < queries.length; i++) {
    if (queries[i]! < 0) continue;
    const q = queries[i]! * query.stride + query.offset;
    let most = -Infinity;
    for (let j = 0; j < keys.length; j++) {
      const k = keys[j]! * key.stride + key.offset;
      let sum = 0;
      for (let c = 0; c < width; c++) sum += from[q + c]! * to[k + c]!;
      sum = sum * scale + bias[i * keys.length + j]!;
      scores[j] = sum;
      if (sum > most) most = sum;
    }
    let total = 0;
    for (let j = 0; j < keys.length; j++) {
      const share = Math.exp(scores[j]! - most);
      scores[j] = share;
      total += share;
    }
    const o = queries[i]! * out.stride + out.offset;
    into.fill(0, o, o + width);
    for (let j = 0; j < keys.length; j++) {
      const share = scores[j]! / total;
      const v = keys[j]! * value.stride + value.offset;
      for (let c = 0; c < width; c++) into[o + c]! += share * shared[v + c]!;
    }
  }
}
