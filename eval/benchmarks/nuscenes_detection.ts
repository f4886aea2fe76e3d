import {
  NUSCENES_SPLITS,
  type NuscenesSplit,
  scenesOf,
} from "../../datasets/published/nuscenes.ts";
import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { JsonReader } from "../json_stream.ts";
import {
  DISTANCES,
  ERRORS,
  nuscenesDetection as metric,
  NuscenesError,
  type NuscenesState,
} from "../metrics/nuscenes_detection.ts";
import { NUSCENES_CLASSES, type NuscenesBox, scoredBoxes } from "../metrics/nuscenes_sample.ts";
import { join, sizeOf } from "./file_pairs.ts";
import { readResults } from "./nuscenes_results.ts";
import { readTruth, type SampleTruth } from "./nuscenes_tables.ts";

/** What the version of the tables must end with, by split. */
const VERSION_OF: Readonly<Record<NuscenesSplit, string>> = {
  train: "trainval",
  val: "trainval",
  test: "test",
  "mini_train": "mini",
  "mini_val": "mini",
};

interface State {
  readonly nuscenes: NuscenesState;
  /** Samples, boxes of the ground truth, boxes predicted; then both after the filters. */
  readonly counts: Float64Array;
}

/** Nothing to share: one file holds all predictions. */
type Item = null;

/** nuScenes detection: mAP, five errors, NDS. */
export const nuscenesDetection: Benchmark<Item, State> = {
  summary: "nuScenes detection: mAP over centre distances, five true positive errors, NDS",
  paths: {
    gt: "dataset root with VERSION/*.json",
    pred: "submission, e.g. results_nusc.json",
  },
  options: {
    version: {
      value: "V",
      fallback: "v1.0-trainval",
      help: "folder of the tables",
      needed: (text) => /^[\w.-]+$/.test(text) ? undefined : "the name of a folder",
    },
    split: {
      value: "S",
      fallback: "val",
      help: `${NUSCENES_SPLITS.join(", ")}, or one of VERSION/splits.json`,
      needed: () => undefined,
    },
  },
  reference: () => metric.reference,
  metricVersion: () => metric.version,
  plan,
  scorer(request) {
    const state: State = { nuscenes: metric.create(), counts: new Float64Array(5) };
    return { state, score: () => scoreAll(request, state) };
  },
  merge(_, into, from) {
    metric.merge(into.nuscenes, from.nuscenes);
    from.counts.forEach((count, i) => into.counts[i]! += count);
  },
  outcome,
};

function plan({ pred, options }: Request): Plan<Item> {
  const split = options["split"] as NuscenesSplit;
  const ending = VERSION_OF[split];
  if (ending !== undefined && !options["version"]!.endsWith(ending)) {
    throw new InputError(
      `Cannot score split "${split}" of version "${
        options["version"]
      }": a version that ends with ` +
        `"${ending}" is needed`,
    );
  }
  sizeOf(pred);
  return { items: [null], estimatedSeconds: 0, warnings: [] };
}

/** Scenes of a split of the devkit, or of one in the user's `splits.json`. */
function scenesNamed(root: string, split: string): Set<string> {
  if ((NUSCENES_SPLITS as string[]).includes(split)) {
    return new Set(scenesOf(split as NuscenesSplit));
  }
  using json = JsonReader.open(join(root, "splits.json"));
  let scenes: Set<string> | undefined;
  json.enterObject();
  for (let key = json.key(); key !== undefined; key = json.key()) {
    if (key !== split) {
      json.skip();
      continue;
    }
    scenes = new Set();
    json.enterArray();
    while (json.element()) scenes.add(json.string());
  }
  json.end();
  if (scenes === undefined) throw json.fail(`no split is called "${split}"`);
  return scenes;
}

function scoreAll({ gt, pred, options }: Request, { nuscenes, counts }: State): void {
  const root = join(gt, options["version"]!);
  const split = options["split"]!;
  const truths = readTruth(root, scenesNamed(root, split));
  if (truths.size === 0) {
    throw new InputError(`Cannot score split "${split}": "${root}" has no sample of its scenes`);
  }
  const custom = !(NUSCENES_SPLITS as string[]).includes(split);
  const found = new Set<string>();
  const ranks = new Map([...truths.keys()].map((token, i) => [token, i]));
  readResults(pred, (token) => !custom || truths.has(token), (token, boxes, fail) => {
    const truth = truths.get(token);
    if (truth === undefined) throw fail(`sample "${token}" is none of split "${split}"`);
    // A split of the devkit keeps the order of the submission, another one that of the samples.
    const rank = 500 * (custom ? ranks.get(token)! : found.size);
    found.add(token);
    scoreSample({ truth, boxes, rank, fail }, { nuscenes, counts });
  });
  requireAll(truths, found, pred);
  requireBoxes(counts, gt, pred);
}

interface SampleWork {
  readonly truth: SampleTruth;
  readonly boxes: readonly NuscenesBox[];
  readonly rank: number;
  readonly fail: (what: string) => InputError;
}

function scoreSample({ truth, boxes, rank, fail }: SampleWork, { nuscenes, counts }: State): void {
  const gts = scoredBoxes(truth.boxes, truth.ego!, truth.racks);
  const predictions = scoredBoxes(boxes, truth.ego!, truth.racks);
  [1, truth.boxes.length, boxes.length, gts.length, predictions.length].forEach((count, i) => {
    counts[i]! += count;
  });
  try {
    metric.update(nuscenes, { truth: gts, predictions, rank });
  } catch (error) {
    if (error instanceof NuscenesError) throw fail(`in the sample that ends here ${error.message}`);
    throw error;
  }
}

function requireAll(
  truths: ReadonlyMap<string, SampleTruth>,
  found: ReadonlySet<string>,
  pred: string,
): void {
  if (found.size === truths.size) return;
  const lacking = [...truths.keys()].filter((token) => !found.has(token));
  throw new InputError(
    `Cannot score "${pred}": ${lacking.length} of ${truths.size} samples of the split are not in ` +
      `it, the first is "${lacking[0]}", and all are needed, with [] where nothing is found`,
  );
}

/** The devkit stops without any box, on either side. */
function requireBoxes(counts: Float64Array, gt: string, pred: string): void {
  for (const [index, path] of [[1, gt], [2, pred]] as const) {
    if (counts[index] === 0) {
      throw new InputError(`Cannot score "${path}": it has no box, and at least one is needed`);
    }
  }
}

function outcome(request: Request, _: Plan<Item>, { nuscenes, counts }: State): Outcome {
  const result = computed(request, nuscenes);
  const metrics: Record<string, number> = {
    "mean_ap": result.meanAp,
    "nd_score": result.ndScore,
  };
  ERRORS.forEach((name, e) => metrics[name] = result.errors[e]!);
  const perClass: Record<string, Record<string, number>> = {};
  NUSCENES_CLASSES.forEach((name, k) => {
    const row: Record<string, number> = perClass[name] = {};
    DISTANCES.forEach((distance, d) => {
      const column = distance.toFixed(1);
      metrics[`ap_${name}_${column}`] = row[`ap_${column}`] = result.ap[k]![d]!;
    });
    ERRORS.forEach((error, e) => {
      metrics[`${error}_${name}`] = row[error] = result.classErrors[k]![e]!;
    });
  });
  const [samples, truths, predictions, scoredTruths, scoredPredictions] =
    counts as unknown as number[];
  return {
    inputs: {
      samples: samples!,
      truths: truths!,
      predictions: predictions!,
      scoredTruths: scoredTruths!,
      scoredPredictions: scoredPredictions!,
    },
    metrics,
    perClass,
    warnings: [],
    work: { count: truths! + predictions!, unit: "boxes" },
  };
}

function computed({ pred }: Request, state: NuscenesState) {
  try {
    return metric.compute(state);
  } catch (error) {
    if (!(error instanceof NuscenesError)) throw error;
    throw new InputError(`Cannot score "${pred}": ${error.message}`, { cause: error });
  }
}
