/** Matches the detections of one image and category with its ground truth, as `evaluateImg` does. */

/** Detections and ground truth of one category in one image. */
export interface CocoGroup {
  /** Of the detections, highest first; at most 100. */
  readonly scores: ArrayLike<number>;
  /** Areas of the detections, in pixels. */
  readonly areas: ArrayLike<number>;
  /** [detections, truth]. */
  readonly ious: Float64Array;
  readonly truth: CocoTruth;
}

/** True objects, [truth] each. */
export interface CocoTruth {
  readonly areas: ArrayLike<number>;
  readonly crowd: ArrayLike<boolean>;
  /** Whether the annotation's id is 0: the devkit takes a match with it for none. */
  readonly idIsZero: ArrayLike<boolean>;
}

/** `np.linspace(0.5, 0.95, 10)`. */
export const IOU_THRESHOLDS = [
  0.5,
  0.55,
  0.6,
  0.65,
  0.7,
  0.75,
  0.8,
  0.85,
  0.8999999999999999,
  0.95,
] as const;

/** Areas of all, small, medium and large objects, both ends included; in pixels. */
export const AREA_RANGES = [
  [0, 1e10],
  [0, 1024],
  [1024, 9216],
  [9216, 1e10],
] as const;

/** Bit t of a detection's flags: matched at threshold t; bit 10 + t: left out of the counts. */
const IGNORED = IOU_THRESHOLDS.length;
const BOTH = 1 << IGNORED | 1;
const ALL_IGNORED = (1 << IGNORED) - 1 << IGNORED;

/** Whether the detection of these flags is a hit at threshold `t`. */
export function isHit(flags: number, t: number): boolean {
  return (flags >> t & BOTH) === 1;
}

/** Whether the detection of these flags is false at threshold `t`. */
export function isFalse(flags: number, t: number): boolean {
  return (flags >> t & BOTH) === 0;
}

/**
 * Matches a group in an area range.
 *
 * @param flags Takes the flags of the detections, [detections].
 * @returns The number of true objects that count.
 */
export function matchGroup(
  group: CocoGroup,
  [low, high]: readonly [number, number],
  flags: Uint32Array,
): number {
  const { areas, scores, truth } = group;
  const outside = (area: number) => area < low || area > high;
  const n = truth.areas.length;
  const ignored = Array.from({ length: n }, (_, g) => truth.crowd[g]! || outside(truth.areas[g]!));
  flags.fill(0);
  const promising = promisingOf(group);
  for (const [t, threshold] of IOU_THRESHOLDS.entries()) {
    const taken = new Uint8Array(n);
    for (const d of promising) {
      const g = bestMatch(group, d, { threshold, taken, ignored });
      if (g < 0) continue;
      taken[g] = 1;
      if (!truth.idIsZero[g]) flags[d]! |= 1 << t;
      if (ignored[g]) flags[d]! |= 1 << IGNORED + t;
    }
  }
  for (let d = 0; d < scores.length; d++) {
    if (outside(areas[d]!)) flags[d]! |= ALL_IGNORED & ~(flags[d]! << IGNORED);
  }
  return ignored.filter((flag) => !flag).length;
}

/** The detections that could match at the lowest threshold. */
function promisingOf({ scores, ious, truth: { areas: { length } } }: CocoGroup): number[] {
  const found: number[] = [];
  for (let d = 0; length > 0 && d < scores.length; d++) {
    let g = 0;
    while (g < length && ious[d * length + g]! < IOU_THRESHOLDS[0]) g++;
    if (g < length) found.push(d);
  }
  return found;
}

/**
 * The true object that detection `d` takes, -1 for none: of those that count the one with the
 * largest IoU, the last of equal ones; only if there is none, of the others in the same way.
 */
function bestMatch(
  { ious, truth: { crowd } }: CocoGroup,
  d: number,
  { threshold, taken, ignored }: {
    readonly threshold: number;
    readonly taken: Uint8Array;
    readonly ignored: readonly boolean[];
  },
): number {
  const n = ignored.length;
  let best = -1;
  for (const pass of [false, true]) {
    let iou = threshold;
    for (let g = 0; g < n; g++) {
      if (ious[d * n + g]! < iou || ignored[g] !== pass) continue;
      if (taken[g] === 1 && !crowd[g]) continue;
      iou = ious[d * n + g]!;
      best = g;
    }
    if (best >= 0) return best;
  }
  return -1;
}
