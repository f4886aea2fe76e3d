/** Comparison of what a variant wrote with what the reference gives. */

/** One output array. */
export interface Part {
  readonly name: string;
  readonly values: Float32Array | Int32Array | BigInt64Array;
}

/** A float passes when |found - reference| <= abs + scale * max|reference| + rel * |reference|. */
export interface Tolerance {
  readonly abs: number;
  readonly scale: number;
  readonly rel: number;
}

/** Equal, bit for bit but for the sign of zero. */
export const EXACT: Tolerance = { abs: 0, scale: 0, rel: 0 };

/**
 * For f32 sums in any order against a reference summed in double. Rounding errors of T terms of
 * either sign add up to about T / 3 units of 2^-24 of one term, and the largest of many such sums
 * is about 4 sqrt(T / 9): at T = 27 * 256 terms that is 1e-6 of the largest sum. Ten times that.
 */
export const F32_SUM: Tolerance = { abs: 0, scale: 1e-5, rel: 1e-5 };

/** The outcome of a check. */
export interface Comparison {
  readonly passed: boolean;
  readonly maxAbsErr: number;
  /** Against the larger of |reference| and a hundredth of the largest: sums near 0 do not decide. */
  readonly maxRelErr: number;
  /** The worst place, or null when all is well. */
  readonly detail: string | null;
}

/** Compares all parts; integers must be equal whatever the tolerance. */
export function check(
  found: readonly Part[],
  expected: readonly Part[],
  tolerance: Tolerance,
): Comparison {
  const all = expected.map((part, i) => comparePart(found[i], part, tolerance));
  // Math.max gives NaN as soon as one of them is NaN, and that is what should be seen.
  return {
    passed: all.every(({ passed }) => passed),
    maxAbsErr: Math.max(0, ...all.map(({ maxAbsErr }) => maxAbsErr)),
    maxRelErr: Math.max(0, ...all.map(({ maxRelErr }) => maxRelErr)),
    detail: all.find(({ passed }) => !passed)?.detail ?? null,
  };
}

function comparePart(found: Part | undefined, expected: Part, tolerance: Tolerance): Comparison {
  const { name, values: want } = expected;
  const got = found?.values;
  if (got === undefined || found?.name !== name || got.length !== want.length) {
    const detail = `${name} has ${got?.length ?? "no"} values, the reference ${want.length}`;
    return { passed: false, maxAbsErr: NaN, maxRelErr: NaN, detail };
  }
  const float = want instanceof Float32Array;
  return compareValues(name, got, want, float ? tolerance : EXACT);
}

function compareValues(
  name: string,
  got: Part["values"],
  want: Part["values"],
  { abs, scale, rel }: Tolerance,
): Comparison {
  const largest = largestOf(want);
  const slack = abs + (scale === 0 ? 0 : scale * largest);
  let [maxAbsErr, maxRelErr, bad, worst, worstExcess] = [0, 0, 0, -1, -1];
  for (let i = 0; i < want.length; i++) {
    const ref = Number(want[i]);
    const error = Math.abs(Number(got[i]) - ref);
    if (error === 0) continue;
    const size = Math.abs(ref);
    const limit = slack + (rel === 0 ? 0 : rel * size);
    // Negated, so that a NaN fails.
    if (!(error <= limit)) {
      bad++;
      const excess = Number.isNaN(error) ? Infinity : error - limit;
      if (excess > worstExcess) [worst, worstExcess] = [i, excess];
    }
    if (!(error <= maxAbsErr)) maxAbsErr = error;
    const relative = error / Math.max(size, largest / 100);
    if (!(relative <= maxRelErr)) maxRelErr = relative;
  }
  const detail = bad === 0
    ? null
    : `${name}[${worst}] is ${got[worst]}, the reference ${want[worst]}; ` +
      `${bad} of ${want.length} values are off`;
  return { passed: bad === 0, maxAbsErr, maxRelErr, detail };
}

function largestOf(values: Part["values"]): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    const size = Math.abs(Number(values[i]));
    if (size > largest) largest = size;
  }
  return largest;
}
