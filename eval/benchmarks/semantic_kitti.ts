import { SEMANTIC_KITTI } from "../../datasets/published/semantic_kitti.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import {
  countedPoints,
  type LabelCounts,
  LabelIdError,
  type LabelMap,
  labelMap,
} from "../metrics/label_counts.ts";
import { semanticKittiMiou, spvnasMiou } from "../metrics/semantic_kitti_miou.ts";
import { walked } from "./file_pairs.ts";
import { type FilePair, PairReader } from "./pair_reader.ts";
import { ID_LIMIT, idError, PATHS, planPairs, SPLIT, unmappedIds } from "./semantic_kitti_files.ts";

const { learningMap, trainNames } = SEMANTIC_KITTI;

/** By the value of `--rule`. */
const RULES = { devkit: semanticKittiMiou, spvnas: spvnasMiou };

/** Measured with the files in the page cache, one thread: reading and counting. */
const BYTES_PER_SECOND = 3e9;
/** SemanticKITTI, single scan: mean IoU over 19 classes, from `.label` files. */
export const semanticKitti: Benchmark<FilePair, LabelCounts> = {
  summary: "SemanticKITTI semantic segmentation, single scan: mean IoU of 19 classes",
  paths: PATHS,
  options: {
    split: SPLIT,
    rule: {
      choices: Object.keys(RULES),
      fallback: "devkit",
      help: "score of a class without ground truth: 0 (devkit) or 1 (spvnas, while training)",
    },
  },
  reference: (request) => ruleOf(request).reference,
  metricVersion: (request) => ruleOf(request).version,
  plan: (request) => planPairs(request, BYTES_PER_SECOND, walked),
  scorer(request) {
    const map = labelMap(learningMap, { classes: trainNames.length, limit: ID_LIMIT });
    const state = ruleOf(request).create(map);
    const reader = new PairReader();
    return { state, score: (pair) => scorePair(request, { pair, reader, map, state }) };
  },
  merge: (request, into, from) => ruleOf(request).merge(into, from),
  outcome,
};

function ruleOf({ options }: Request) {
  return RULES[options["rule"] as keyof typeof RULES];
}

interface PairWork {
  readonly pair: FilePair;
  readonly reader: PairReader;
  readonly map: LabelMap;
  readonly state: LabelCounts;
}

function scorePair(request: Request, { pair, reader, map, state }: PairWork): void {
  const rule = ruleOf(request);
  reader.read(pair, (truth, predicted, first) => {
    try {
      rule.update(state, { truth, predicted, map });
    } catch (error) {
      if (!(error instanceof LabelIdError)) throw error;
      throw idError(error, pair, first);
    }
  });
}

function outcome(request: Request, { items }: Plan<FilePair>, state: LabelCounts): Outcome {
  const { iou, iouMean, accuracy, truthPoints, predictedPoints } = ruleOf(request).compute(state);
  const metrics: Record<string, number> = { "iou_mean": iouMean };
  if (accuracy !== undefined) metrics["accuracy_mean"] = accuracy;
  const perClass: Record<string, Record<string, number>> = {};
  for (let k = 1; k < trainNames.length; k++) {
    const name = trainNames[k]!;
    metrics[`iou_${name}`] = iou[k]!;
    perClass[name] = {
      iou: iou[k]!,
      "gt_points": truthPoints[k]!,
      "pred_points": predictedPoints[k]!,
    };
  }
  const points = countedPoints(state);
  return {
    inputs: { files: items.length, points },
    metrics,
    perClass,
    warnings: unmappedIds(state),
    work: { count: points, unit: "points" },
  };
}
