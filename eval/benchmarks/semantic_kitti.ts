import { SEMANTIC_KITTI } from "../../datasets/semantic_kitti.ts";
import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import {
  countedPoints,
  type LabelCounts,
  LabelIdError,
  type LabelMap,
  labelMap,
} from "../metrics/label_counts.ts";
import { semanticKittiMiou, spvnasMiou } from "../metrics/semantic_kitti_miou.ts";
import { findLabelFiles, type LabelFiles, sizeOf } from "./file_pairs.ts";
import { type FilePair, PairReader } from "./pair_reader.ts";

const { learningMap, trainNames, splits } = SEMANTIC_KITTI;

/** By the value of `--rule`. */
const RULES = { devkit: semanticKittiMiou, spvnas: spvnasMiou };

/** Length of the devkit's lookup table: its largest id, 259, "+100 just in case". */
const ID_LIMIT = Math.max(...Object.keys(learningMap).map(Number)) + 100;
/** Measured with the files in the page cache, one thread: reading and counting. */
const BYTES_PER_SECOND = 3e9;
/** Ids that a warning writes out; a file of noise would have hundreds. */
const IDS_SHOWN = 20;

/** SemanticKITTI, single scan: mean IoU over 19 classes, from `.label` files. */
export const semanticKitti: Benchmark<FilePair, LabelCounts> = {
  summary: "SemanticKITTI semantic segmentation, single scan: mean IoU of 19 classes",
  paths: {
    gt: "dataset root with sequences/SS/labels/*.label",
    pred: "root with sequences/SS/predictions/*.label, raw class ids",
  },
  options: {
    split: { choices: Object.keys(splits), fallback: "valid", help: "sequences to score" },
    rule: {
      choices: Object.keys(RULES),
      fallback: "devkit",
      help: "score of a class without ground truth: 0 (devkit) or 1 (spvnas, while training)",
    },
  },
  reference: (request) => ruleOf(request).reference,
  metricVersion: (request) => ruleOf(request).version,
  plan,
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

function plan({ gt, pred, options }: Request): Plan<FilePair> {
  const split = options["split"] as keyof typeof splits;
  const sequences = splits[split].map((sequence) => String(sequence).padStart(2, "0"));
  const labels = findLabelFiles({ flag: "--gt", root: gt, folder: "labels" }, sequences);
  requireFiles(labels, split, sequences);
  const predictions = findLabelFiles(
    { flag: "--pred", root: pred, folder: "predictions" },
    sequences,
  );
  requireFiles(predictions, split, sequences);
  requireSameCount(labels, predictions, sequences);
  const items = labels.files.map(({ path }, i) => ({ gt: path, pred: predictions.files[i]!.path }));
  const bytes = 2 * items.length * sizeOf(items[0]!.gt);
  return {
    items,
    estimatedSeconds: bytes / BYTES_PER_SECOND,
    warnings: [
      ...missingSequences(labels),
      ...missingSequences(predictions),
      ...renamed(labels, predictions),
    ],
  };
}

function requireFiles(
  { tree, files }: LabelFiles,
  split: string,
  sequences: readonly string[],
): void {
  if (files.length > 0) return;
  const where = sequences.length === 1
    ? `"sequences/${sequences[0]}/${tree.folder}"`
    : `"sequences/SS/${tree.folder}" for SS = ${sequences.join(", ")}`;
  const hint = split === "test" && tree.folder === "labels"
    ? "; the labels of this split are not published: only the benchmark's server can score it"
    : "";
  throw new InputError(
    `Cannot score split "${split}": ${tree.flag} "${tree.root}" has no .label file in ${where}, ` +
      `and at least one is needed${hint}`,
  );
}

function requireSameCount(
  labels: LabelFiles,
  predictions: LabelFiles,
  sequences: readonly string[],
): void {
  if (labels.files.length === predictions.files.length) return;
  const count = ({ files }: LabelFiles, s: string) => files.filter((f) => f.sequence === s).length;
  const first = sequences.find((s) => count(labels, s) !== count(predictions, s))!;
  throw new InputError(
    `Cannot pair the files: ${labels.files.length} label files and ${predictions.files.length} ` +
      `prediction files were found, and as many are needed; sequence ${first} has ` +
      `${count(labels, first)} and ${count(predictions, first)}`,
  );
}

function missingSequences({ tree, missing }: LabelFiles): string[] {
  if (missing.length === 0) return [];
  const which = missing.length === 1
    ? `Sequence ${missing[0]} has`
    : `Sequences ${missing.join(", ")} have`;
  return [`${which} no folder "${tree.folder}" in ${tree.flag} and took no part, as in the devkit`];
}

function renamed(labels: LabelFiles, predictions: LabelFiles): string[] {
  const differ = labels.files.flatMap(({ name }, i) =>
    name === predictions.files[i]!.name ? [] : [[name, predictions.files[i]!.name]]
  );
  if (differ.length === 0) return [];
  const [gt, pred] = differ[0]!;
  return [
    `${differ.length} of ${labels.files.length} pairs have different names, the first is label ` +
    `"${gt}" with prediction "${pred}": files are paired by position, as in the devkit`,
  ];
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
      const path = error.side === "truth" ? pair.gt : pair.pred;
      throw new InputError(
        `Cannot score "${path}": point ${first + error.index} has class id ${error.id}, and ids ` +
          `below ${ID_LIMIT} are needed`,
        { cause: error },
      );
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
    warnings: [
      ...unmapped("Labels", state.unmappedTruth),
      ...unmapped("Predictions", state.unmappedPredicted),
    ],
    work: { count: points, unit: "points" },
  };
}

function unmapped(side: string, points: Float64Array): string[] {
  const ids = [...points.keys()].filter((id) => points[id]! > 0);
  if (ids.length === 0) return [];
  const shown = ids.slice(0, IDS_SHOWN).map((id) => `${id} (${points[id]} points)`);
  const rest = ids.length > IDS_SHOWN ? ` and ${ids.length - IDS_SHOWN} more` : "";
  return [
    `${side} carry class ids that SemanticKITTI does not have: ${shown.join(", ")}${rest}; they ` +
    `count as unlabelled, as in the devkit`,
  ];
}
