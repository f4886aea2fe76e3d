/** Which detections of a KITTI frame hit, and which are false, for one class and one difficulty. */
import { DETECTION, DETECTION_ROW, HEADER, PAIR_ROW, TRUTH, TRUTH_ROW } from "./kitti_frame.ts";

/** By difficulty: pixels, level of occlusion, share that is outside the image. */
const LIMITS = [
  { height: 40, occlusion: 0, truncation: 0.15 },
  { height: 25, occlusion: 1, truncation: 0.3 },
  { height: 25, occlusion: 2, truncation: 0.5 },
] as const;
/** By class; the same in the image, on the ground and in space. */
const MIN_OVERLAP = [0.7, 0.5, 0.5] as const;
/** By class: the kind that is neither demanded nor false: vans, people who sit. */
const NEIGHBOUR = [3, 4, -1] as const;
/** A score that the programs take for "no detection yet". */
const NO_SCORE = -10000000;

/** What an object is to the class and difficulty at hand. */
const COUNTED = 0;
const IGNORED = 1;
const ABSENT = -1;

/** What is matched. */
export interface MatchSetting {
  /** Index of the class. */
  readonly kind: number;
  /** Index into `OVERLAPS`. */
  readonly metric: number;
  /** Index of the difficulty. */
  readonly level: number;
  /** Whether ground truth of exactly the least height is too small. */
  readonly heightInclusive: boolean;
}

/** Sums over frames, by threshold. */
export interface MatchSums {
  readonly hits: Float64Array;
  readonly falses: Float64Array;
  /** Of (1 + cos(difference of angles)) / 2 over the hits. */
  readonly similarity: Float64Array;
}

/** Matches packed frames, one after the other, in memory that it keeps. */
export class KittiMatcher {
  readonly #setting: MatchSetting;
  #frame: Float64Array = new Float64Array(0);
  #truthFlags = new Int8Array(64);
  #flags = new Int8Array(64);
  #assigned = new Uint8Array(64);
  #active = new Uint8Array(64);
  /** Offsets of the pairs that count, in the order of ground truth, then of detections. */
  #pairs = new Int32Array(64);
  #pairCount = 0;
  #detections = 0;

  constructor(setting: MatchSetting) {
    this.#setting = setting;
  }

  /** Takes a frame; how many of its ground truth boxes are demanded. */
  load(frame: Float64Array): number {
    this.#frame = frame;
    const truths = frame[1]!;
    this.#detections = frame[2]!;
    this.#grow(Math.max(truths, this.#detections, frame[3 + this.#setting.metric]!));
    let demanded = 0;
    for (let i = 0; i < truths; i++) {
      const flag = this.#truthFlag(HEADER + i * TRUTH_ROW);
      this.#truthFlags[i] = flag;
      if (flag === COUNTED) demanded++;
    }
    const { kind, level } = this.#setting;
    for (let j = 0; j < this.#detections; j++) {
      const at = this.#row(j);
      const small = frame[at + DETECTION.height]! < LIMITS[level]!.height;
      // A small detection of any class may take a box away from the others.
      this.#flags[j] = small ? IGNORED : frame[at + DETECTION.kind] === kind ? COUNTED : ABSENT;
    }
    this.#loadPairs();
    return demanded;
  }

  /** Adds the scores of the hits when the best score takes a box. */
  addScores(into: number[]): void {
    const frame = this.#frame;
    this.#assigned.fill(0, 0, this.#detections);
    for (let p = 0; p < this.#pairCount;) {
      const truth = frame[this.#pairs[p]!]!;
      let best = NO_SCORE;
      let pick = -1;
      for (; p < this.#pairCount && frame[this.#pairs[p]!] === truth; p++) {
        const j = frame[this.#pairs[p]! + 1]!;
        const score = frame[this.#row(j) + DETECTION.score]!;
        if (this.#assigned[j] === 1 || !(score > best)) continue;
        best = score;
        pick = j;
      }
      if (pick < 0) continue;
      this.#assigned[pick] = 1;
      if (this.#truthFlags[truth] === COUNTED && this.#flags[pick] === COUNTED) into.push(best);
    }
  }

  /**
   * Adds hits, false detections and similarities at each of the thresholds, which fall: a frame is
   * matched again only where a threshold lets more of its detections in.
   */
  addCounts(thresholds: Float64Array, into: MatchSums): void {
    let active = -1;
    let result = { hits: 0, falses: 0, similarity: 0 };
    for (let t = 0; t < thresholds.length; t++) {
      const now = this.#activate(thresholds[t]!);
      if (now !== active) result = this.#match();
      active = now;
      into.hits[t]! += result.hits;
      into.falses[t]! += result.falses;
      into.similarity[t]! += result.similarity;
    }
  }

  #match() {
    const frame = this.#frame;
    const angle = this.#setting.metric === 0
      ? [TRUTH.alpha, DETECTION.alpha] as const
      : [TRUTH.ry, DETECTION.ry] as const;
    this.#assigned.fill(0, 0, this.#detections);
    let hits = 0;
    let similarity = 0;
    for (let p = 0; p < this.#pairCount;) {
      const truth = frame[this.#pairs[p]!]!;
      const first = p;
      while (p < this.#pairCount && frame[this.#pairs[p]!] === truth) p++;
      const pick = this.#pick(first, p);
      if (pick < 0) continue;
      this.#assigned[pick] = 1;
      if (this.#truthFlags[truth] !== COUNTED || this.#flags[pick] !== COUNTED) continue;
      hits++;
      const difference = frame[HEADER + truth * TRUTH_ROW + angle[0]]! -
        frame[this.#row(pick) + angle[1]]!;
      similarity += (1 + Math.cos(difference)) / 2;
    }
    return { hits, falses: this.#falses(), similarity };
  }

  /** Of one box's pairs, the detection with the largest overlap; an ignored one only if alone. */
  #pick(first: number, end: number): number {
    const frame = this.#frame;
    let pick = -1;
    let pickIgnored = false;
    let most = 0;
    for (let p = first; p < end; p++) {
      const at = this.#pairs[p]!;
      const j = frame[at + 1]!;
      if (this.#assigned[j] === 1 || this.#active[j] === 0) continue;
      const overlap = frame[at + 2]!;
      if (this.#flags[j] === COUNTED && (overlap > most || pickIgnored)) {
        most = overlap;
        pick = j;
        pickIgnored = false;
      } else if (this.#flags[j] === IGNORED && pick < 0) {
        pick = j;
        pickIgnored = true;
      }
    }
    return pick;
  }

  /** Detections that took no box and lie in no DontCare box. */
  #falses(): number {
    const { kind, metric } = this.#setting;
    let falses = 0;
    for (let j = 0; j < this.#detections; j++) {
      if (this.#flags[j] !== COUNTED || this.#active[j] === 0 || this.#assigned[j] === 1) continue;
      const share = this.#frame[this.#row(j) + DETECTION.dontCare + metric]!;
      if (!(share > MIN_OVERLAP[kind]!)) falses++;
    }
    return falses;
  }

  /** Marks the detections that reach a threshold; a NaN score always does. */
  #activate(threshold: number): number {
    let active = 0;
    for (let j = 0; j < this.#detections; j++) {
      const below = this.#flags[j] === ABSENT ||
        this.#frame[this.#row(j) + DETECTION.score]! < threshold;
      this.#active[j] = below ? 0 : 1;
      if (!below) active++;
    }
    return active;
  }

  #truthFlag(at: number): number {
    const frame = this.#frame;
    const { kind, level, heightInclusive } = this.#setting;
    const found = frame[at + TRUTH.kind]!;
    if (found !== kind && found !== NEIGHBOUR[kind]) return ABSENT;
    const limit = LIMITS[level]!;
    const height = frame[at + TRUTH.height]!;
    const hard = frame[at + TRUTH.occlusion]! > limit.occlusion ||
      frame[at + TRUTH.truncation]! > limit.truncation ||
      height < limit.height || (heightInclusive && height === limit.height);
    return hard || found !== kind ? IGNORED : COUNTED;
  }

  #loadPairs(): void {
    const frame = this.#frame;
    const { kind, metric } = this.#setting;
    let at = this.#row(this.#detections);
    for (let before = 0; before < metric; before++) at += frame[3 + before]! * PAIR_ROW;
    const end = at + frame[3 + metric]! * PAIR_ROW;
    this.#pairCount = 0;
    for (; at < end; at += PAIR_ROW) {
      if (this.#truthFlags[frame[at]!] === ABSENT || this.#flags[frame[at + 1]!] === ABSENT) {
        continue;
      }
      if (frame[at + 2]! > MIN_OVERLAP[kind]!) this.#pairs[this.#pairCount++] = at;
    }
  }

  /** Offset of the row of detection `j`. */
  #row(j: number): number {
    return HEADER + this.#frame[1]! * TRUTH_ROW + j * DETECTION_ROW;
  }

  #grow(length: number): void {
    if (length <= this.#flags.length) return;
    this.#truthFlags = new Int8Array(2 * length);
    this.#flags = new Int8Array(2 * length);
    this.#assigned = new Uint8Array(2 * length);
    this.#active = new Uint8Array(2 * length);
    this.#pairs = new Int32Array(2 * length);
  }
}
