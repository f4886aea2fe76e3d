/** Scaled dot-product attention on the host, for rows that a window or a scan keeps together. */

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
 * out[q] = softmax over k of (query[q] . key[k] * scale + bias(q, k)) times value[k], for the rows
 * `queries` and `keys`; a query row below 0 is left out. `scores` has room for the keys.
 */
export function attend(
  { query, key, value, out, width }: Head,
  queries: Int32Array,
  keys: Int32Array,
  scores: Float32Array,
  bias: ((query: number, key: number) => number) | null,
): void {
  const scale = 1 / Math.sqrt(width);
  for (let i = 0; i < queries.length; i++) {
    if (queries[i]! < 0) continue;
    const q = queries[i]! * query.stride + query.offset;
    let most = -Infinity;
    for (let j = 0; j < keys.length; j++) {
      const k = keys[j]! * key.stride + key.offset;
      let sum = 0;
      for (let c = 0; c < width; c++) sum += query.values[q + c]! * key.values[k + c]!;
      sum = sum * scale + (bias === null ? 0 : bias(i, j));
      scores[j] = sum;
      if (sum > most) most = sum;
    }
    let total = 0;
    for (let j = 0; j < keys.length; j++) total += scores[j] = Math.exp(scores[j]! - most);
    const o = queries[i]! * out.stride + out.offset;
    out.values.fill(0, o, o + width);
    for (let j = 0; j < keys.length; j++) {
      const share = scores[j]! / total;
      const v = keys[j]! * value.stride + value.offset;
      for (let c = 0; c < width; c++) out.values[o + c]! += share * value.values[v + c]!;
    }
  }
}
