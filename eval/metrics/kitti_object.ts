/** KITTI's object benchmark: average precision of boxes in the image, on the ground and in space. */
import { FIELD_COUNT, FIELDS, type KittiFrame, OVERLAPS, packFrame } from "./kitti_frame.ts";
import { KittiMatcher, type MatchSetting } from "./kitti_matching.ts";
import type { Metric } from "./metric.ts";

const KITTI_CLASSES = ["car", "pedestrian", "cyclist"] as const;
export const DIFFICULTIES = ["easy", "moderate", "hard"] as const;
/** Recalls at which precision is sampled: 0, 1/40, ..., 1. */
const SAMPLES = 41;

/** Which of the two official programs is followed. */
export interface KittiRule {
  /** Whether a ground truth box of exactly the least height is too small. */
  readonly heightInclusive: boolean;
  /** Whether a class needs a detection with a position and a size to be scored in BEV and 3D. */
  readonly needsSize: boolean;
}

/** Frames so far, packed, in any order. */
export interface KittiState {
  readonly rule: KittiRule;
  readonly frames: Float64Array[];
  /** By class and overlap: 1 if a detection asks for that score. */
  readonly detected: Uint8Array;
  /** 1 if a detection has no angle, which turns orientation off for all classes. */
  readonly alphaMissing: Uint8Array;
}

/** A curve over the 41 recalls, by difficulty. */
export type Curves = readonly Float64Array[];

export interface KittiScores {
  readonly precision: Curves;
  /** Of the angle alpha, in the image only, where every detection has one. */
  readonly orientation: Curves | undefined;
  /** Of the heading, on the ground and in space only. */
  readonly heading: Curves | undefined;
}

/** By "car_2d", ...; without what no detection asked for. */
export type KittiResult = Readonly<Record<string, KittiScores>>;

/** Sums over the frames at each threshold, and the curves that come of them. */
export const kittiObject: Metric<KittiRule, KittiFrame, KittiState, KittiResult> = {
  name: "kitti_object",
  version: 1,
  reference: "asharakeh/kitti_native_evaluation 17be9e1, prclibo/kitti_eval 955c04c",

  create: (rule) => ({
    rule,
    frames: [],
    detected: new Uint8Array(KITTI_CLASSES.length * OVERLAPS.length),
    alphaMissing: new Uint8Array(1),
  }),

  update(state, frame) {
    const { kinds, fields } = frame.detections;
    for (let j = 0; j < kinds.length; j++) noteDetection(state, kinds[j]!, fields, j * FIELD_COUNT);
    state.frames.push(packFrame(frame));
  },

  merge(into, from) {
    for (const frame of from.frames) into.frames.push(frame);
    from.detected.forEach((value, i) => into.detected[i]! |= value);
    into.alphaMissing[0]! |= from.alphaMissing[0]!;
  },

  compute(state) {
    // Similarities are sums of doubles: the order of the frames decides their last digits.
    const frames = state.frames.toSorted((a, b) => a[0]! - b[0]!);
    const result: Record<string, KittiScores> = {};
    KITTI_CLASSES.forEach((name, k) => {
      OVERLAPS.forEach((overlap, metric) => {
        if (state.detected[k * OVERLAPS.length + metric] === 0) return;
        const similar = metric > 0 || state.alphaMissing[0] === 0;
        const { heightInclusive } = state.rule;
        const curves = DIFFICULTIES.map((_, level) =>
          curvesOf(frames, { kind: k, metric, level, heightInclusive })
        );
        const similarity = similar ? curves.map((each) => each.similarity) : undefined;
        result[`${name}_${overlap}`] = {
          precision: curves.map((each) => each.precision),
          orientation: metric === 0 ? similarity : undefined,
          heading: metric === 0 ? undefined : similarity,
        };
      });
    });
    return result;
  },
};

/** Average precision in percent as printed at first: the mean at recalls 0, 0.1, ..., 1. */
export function r11(curve: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < SAMPLES; i += 4) sum += curve[i]!;
  return sum / 11 * 100;
}

/** Average precision in percent since 2019: the mean at recalls 1/40, 2/40, ..., 1. */
export function r40(curve: Float64Array): number {
  let sum = 0;
  for (let i = 1; i < SAMPLES; i++) sum += curve[i]!;
  return sum / 40 * 100;
}

/** A class is scored only where one of its detections is meant for that score. */
function noteDetection(
  { rule, detected, alphaMissing }: KittiState,
  kind: number,
  fields: Float64Array,
  at: number,
): void {
  const value = (name: keyof typeof FIELDS) => fields[at + FIELDS[name]]!;
  if (value("alpha") === -10) alphaMissing[0] = 1;
  if (kind >= KITTI_CLASSES.length) return;
  const flat = value("w") > 0 && value("l") > 0;
  const placed = value("x") !== -1000 && value("z") !== -1000;
  const asks = [
    value("x1") >= 0,
    rule.needsSize ? placed && flat : value("x") !== -1000,
    rule.needsSize
      ? placed && value("y") !== -1000 && flat && value("h") > 0
      : value("y") !== -1000,
  ];
  asks.forEach((asked, metric) => {
    if (asked) detected[kind * OVERLAPS.length + metric] = 1;
  });
}

/** Precision and similarity of angles at the 41 recalls. */
function curvesOf(frames: readonly Float64Array[], setting: MatchSetting) {
  const matcher = new KittiMatcher(setting);
  const scores: number[] = [];
  let demanded = 0;
  for (const frame of frames) {
    demanded += matcher.load(frame);
    matcher.addScores(scores);
  }
  const thresholds = thresholdsOf(Float64Array.from(scores).sort().reverse(), demanded);
  const n = thresholds.length;
  const sums = {
    hits: new Float64Array(n),
    falses: new Float64Array(n),
    similarity: new Float64Array(n),
  };
  for (const frame of frames) {
    matcher.load(frame);
    matcher.addCounts(thresholds, sums);
  }
  const precision = new Float64Array(SAMPLES);
  const similarity = new Float64Array(SAMPLES);
  for (let t = 0; t < n; t++) {
    const found = sums.hits[t]! + sums.falses[t]!;
    precision[t] = sums.hits[t]! / found;
    similarity[t] = sums.similarity[t]! / found;
  }
  return { precision: envelope(precision, n), similarity: envelope(similarity, n) };
}

/**
 * The falling scores at which recall comes nearest to 0, 1/40, 2/40, ... The last score is always
 * one: with fewer than 40 boxes every hit is, and the recalls beyond keep precision 0.
 */
function thresholdsOf(scores: Float64Array, demanded: number): Float64Array {
  const thresholds: number[] = [];
  let recall = 0;
  for (let i = 0; i < scores.length && thresholds.length < SAMPLES; i++) {
    const last = i === scores.length - 1;
    const left = (i + 1) / demanded;
    const right = (i + 2) / demanded;
    if (!last && right - recall < recall - left) continue;
    thresholds.push(scores[i]!);
    recall += 1 / (SAMPLES - 1);
  }
  return Float64Array.from(thresholds);
}

/** The first `n` values become the largest of themselves and all after; a NaN stays one. */
function envelope(values: Float64Array, n: number): Float64Array {
  for (let i = 0; i < n; i++) {
    let largest = values[i]!;
    for (let k = i + 1; k < values.length; k++) if (largest < values[k]!) largest = values[k]!;
    values[i] = largest;
  }
  return values;
}
