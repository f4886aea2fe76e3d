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
  const { areas, truth } = group;
  const n = truth.areas.length;
  const ignored = new Uint8Array(n);
  let counted = n;
  for (let g = 0; g < n; g++) {
    const area = truth.areas[g]!;
    if (!truth.crowd[g]! && !(area < low || area > high)) continue;
    ignored[g] = 1;
    counted--;
  }
  flags.fill(0);
  const promising = promisingOf(group);
  if (promising.length > 0) matchAll(group, promising, ignored, flags);
  for (let d = 0; d < areas.length; d++) {
    const outside = areas[d]! < low || areas[d]! > high;
    if (outside) flags[d]! |= ALL_IGNORED & ~(flags[d]! << IGNORED);
  }
  return counted;
}

/** Thresholds do not touch each other: a true object may be taken at some of them only. */
function matchAll(
  group: CocoGroup,
  promising: readonly number[],
  ignored: Uint8Array,
  flags: Uint32Array,
): void {
  const { idIsZero } = group.truth;
  // Bit t: taken at threshold t.
  const taken = new Uint16Array(ignored.length);
  for (const d of promising) {
    for (let t = 0; t < IOU_THRESHOLDS.length; t++) {
      const g = bestMatch(group, d, t, { taken, ignored });
      if (g < 0) continue;
      taken[g]! |= 1 << t;
      if (!idIsZero[g]) flags[d]! |= 1 << t;
      if (ignored[g] === 1) flags[d]! |= 1 << IGNORED + t;
    }
  }
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
  t: number,
  { taken, ignored }: { readonly taken: Uint16Array; readonly ignored: Uint8Array },
): number {
  const n = ignored.length;
  let best = -1;
  for (let pass = 0; pass < 2 && best < 0; pass++) {
    let iou: number = IOU_THRESHOLDS[t]!;
    for (let g = 0; g < n; g++) {
      if (ious[d * n + g]! < iou || ignored[g] !== pass) continue;
      if ((taken[g]! >> t & 1) === 1 && !crowd[g]) continue;
      iou = ious[d * n + g]!;
      best = g;
    }
  }
  return best;
}
