/**
 * Instance AP of ScanNet: predicted masks are matched to true instances scene by scene at ten
 * overlaps; the curve of a class is formed over all scenes.
 */
import type { Metric } from "./metric.ts";
import { mean, nanmean } from "./numpy.ts";
import { dot } from "./numpy_dot.ts";

/** A true instance of a scored class. */
export interface TrueInstance {
  /** Index of the class. */
  readonly label: number;
  readonly vertices: number;
}

/** A predicted mask of a scored class. */
export interface PredictedInstance {
  readonly label: number;
  readonly vertices: number;
  /** May be NaN. */
  readonly confidence: number;
  /** What tells masks apart, over all scenes: the path of its file. */
  readonly mask: string;
  /** Vertices whose true label is not scored. */
  readonly unlabelled: number;
  /** True instances of the same class that it meets, ascending, and the vertices in common. */
  readonly overlaps: readonly (readonly [instance: number, vertices: number])[];
}

/** One scene. */
export interface InstanceScene {
  /** Place of the scene among the sorted files. */
  readonly index: number;
  /** Ascending by id. */
  readonly truth: readonly TrueInstance[];
  /** In the order of the file. */
  readonly predictions: readonly PredictedInstance[];
}

export interface InstanceState {
  readonly classes: number;
  readonly scenes: InstanceScene[];
}

/** Scores in 0..1, NaN where there is no truth. */
export interface InstanceResult {
  /** [classes] by overlap, see {@linkcode OVERLAPS}. */
  readonly byOverlap: readonly Float64Array[];
  readonly ap: Float64Array;
  readonly ap50: Float64Array;
  readonly ap25: Float64Array;
  readonly allAp: number;
  readonly allAp50: number;
  readonly allAp25: number;
  /** Classes for which the devkit's script ends with an `IndexError`; they score 0. */
  readonly crashes: readonly number[];
}

/** `np.append(np.arange(0.5, 0.95, 0.05), 0.25)`: the first nine make AP, there is no 0.95. */
export const OVERLAPS = [
  0.5,
  0.55,
  0.6000000000000001,
  0.6500000000000001,
  0.7000000000000002,
  0.7500000000000002,
  0.8000000000000003,
  0.8500000000000003,
  0.9000000000000004,
  0.25,
] as const;
const AVERAGED = 9;

/** Vertices of the smallest instance that counts, true or predicted. */
export const MIN_VERTICES = 100;

/** The script of the benchmark, with the fix of its pull request 26. */
export const scannetInstanceAp: Metric<number, InstanceScene, InstanceState, InstanceResult> = {
  name: "scannet_instance_ap",
  version: 2,
  reference: "ScanNet/ScanNet 3830fce evaluate_semantic_instance.py",

  /** @param classes Number of classes. */
  create: (classes) => ({ classes, scenes: [] }),

  update(state, scene) {
    state.scenes.push(scene);
  },

  merge(into, from) {
    into.scenes.push(...from.scenes);
  },

  compute({ classes, scenes }) {
    const ordered = scenes.toSorted((a, b) => a.index - b.index);
    const crashes = new Set<number>();
    const byOverlap = OVERLAPS.map((overlap) => {
      const visited = new Set<string>();
      return Float64Array.from({ length: classes }, (_, label) => {
        const entries = matchClass(ordered, { label, overlap, visited });
        if (!entries.hasTruth) return NaN;
        if (!entries.hasPredictions) return 0;
        if (entries.scores.length === 0) crashes.add(label);
        return averagePrecision(entries);
      });
    });
    const perClass = (label: number) =>
      Float64Array.from(byOverlap.slice(0, AVERAGED), (scores) => scores[label]!);
    const labels = [...Array(classes).keys()];
    return {
      byOverlap,
      ap: Float64Array.from(labels, (label) => mean(perClass(label))),
      ap50: byOverlap[0]!,
      ap25: byOverlap[AVERAGED]!,
      allAp: nanmean(Float64Array.from(byOverlap.slice(0, AVERAGED).flatMap((s) => [...s]))),
      allAp50: nanmean(byOverlap[0]!),
      allAp25: nanmean(byOverlap[AVERAGED]!),
      crashes: [...crashes],
    };
  },
};

/** What the curve of a class is made of: its entries, and the instances that nothing matched. */
interface Entries {
  hasTruth: boolean;
  hasPredictions: boolean;
  missed: number;
  readonly scores: number[];
  readonly hits: boolean[];
}

interface ClassAt {
  readonly label: number;
  readonly overlap: number;
  /** Masks that are taken, over all classes and scenes. */
  readonly visited: Set<string>;
}

function matchClass(scenes: readonly InstanceScene[], at: ClassAt): Entries {
  const entries: Entries = {
    hasTruth: false,
    hasPredictions: false,
    missed: 0,
    scores: [],
    hits: [],
  };
  for (const scene of scenes) {
    const predictions = scene.predictions.filter(({ label }) => label === at.label);
    if (predictions.length > 0) entries.hasPredictions = true;
    const falses = matchTruth(scene, predictions, at, entries);
    for (const score of falses) add(entries, score, false);
    addUnmatched(scene, predictions, at.overlap, entries);
  }
  return entries;
}

function add({ scores, hits }: Entries, score: number, hit: boolean): void {
  scores.push(score);
  hits.push(hit);
}

/** Adds the hits of a scene; gives the scores of second matches of one instance, which are false. */
function matchTruth(
  { truth }: InstanceScene,
  predictions: readonly PredictedInstance[],
  { label, overlap, visited }: ClassAt,
  entries: Entries,
): number[] {
  const falses: number[] = [];
  for (const [i, instance] of truth.entries()) {
    if (instance.label !== label || instance.vertices < MIN_VERTICES) continue;
    entries.hasTruth = true;
    let score: number | undefined;
    for (const prediction of predictions) {
      if (visited.has(prediction.mask)) continue;
      const common = prediction.overlaps.find(([other]) => other === i)?.[1];
      if (common === undefined) continue;
      if (!(iou(instance, prediction, common) > overlap)) continue;
      const { confidence } = prediction;
      if (score === undefined) {
        score = confidence;
        visited.add(prediction.mask);
      } else {
        // Comparisons as Python's max and min make them, which matters for NaN.
        falses.push(confidence < score ? confidence : score);
        score = confidence > score ? confidence : score;
      }
    }
    if (score === undefined) entries.missed++;
    else add(entries, score, true);
  }
  return falses;
}

function iou({ vertices }: TrueInstance, prediction: PredictedInstance, common: number): number {
  return common / (vertices + prediction.vertices - common);
}

/** Adds the predictions that meet no instance, unless most of them lies where nothing is scored. */
function addUnmatched(
  { truth }: InstanceScene,
  predictions: readonly PredictedInstance[],
  overlap: number,
  entries: Entries,
): void {
  for (const prediction of predictions) {
    const { overlaps, unlabelled, vertices, confidence } = prediction;
    if (overlaps.some(([i, common]) => iou(truth[i]!, prediction, common) > overlap)) continue;
    const small = overlaps.filter(([i]) => truth[i]!.vertices < MIN_VERTICES);
    const ignored = small.reduce((total, [, common]) => total + common, unlabelled);
    if (ignored / vertices <= overlap) add(entries, confidence, false);
  }
}

/** Area under the curve with a point for each score, in steps of half the neighbours' distance. */
function averagePrecision({ scores, hits, missed }: Entries): number {
  // Ascending, NaN last: all of them are one score.
  const order = [...scores.keys()].sort((a, b) => {
    const [x, y] = [scores[a]!, scores[b]!];
    if (Number.isNaN(x) || Number.isNaN(y)) {
      return Number(Number.isNaN(x)) - Number(Number.isNaN(y));
    }
    return x < y ? -1 : x > y ? 1 : a - b;
  });
  const total = hits.filter((hit) => hit).length;
  const precision: number[] = [];
  const recall: number[] = [];
  let below = 0;
  for (const [i, entry] of order.entries()) {
    const score = scores[entry]!;
    const before = i === 0 ? undefined : scores[order[i - 1]!]!;
    const same = score === before || Number.isNaN(score) && Number.isNaN(before);
    if (i === 0 || !same) {
      const tp = total - below;
      precision.push(tp / (tp + (order.length - i - tp)));
      recall.push(tp / (tp + (below + missed)));
    }
    if (hits[entry]!) below++;
  }
  return area([...precision, 1], [...recall, 0]);
}

function area(precision: readonly number[], recall: readonly number[]): number {
  const padded = [recall[0]!, ...recall, 0];
  const widths = precision.map((_, i) => 0.5 * padded[i]! - 0.5 * padded[i + 2]!);
  return dot(Float64Array.from(precision), Float64Array.from(widths));
}
