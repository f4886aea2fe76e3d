import { NUSCENES_LIDARSEG } from "../../datasets/published/nuscenes_lidarseg.ts";
import { NUSCENES_SPLITS } from "../../datasets/published/nuscenes.ts";
import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request, Scorer } from "../benchmark.ts";
import { type Confusion, labelTable, type Pairs } from "../metrics/confusion.ts";
import { nuscenesLidarsegMiou } from "../metrics/nuscenes_lidarseg_miou.ts";
import { byClass, confusionScorer, named, pointsOf } from "./confusion_benchmark.ts";
import { byteLabels } from "./label_sources.ts";
import { findSamples, readCategories } from "./nuscenes_lidarseg_files.ts";
import type { FilePair } from "./pair_reader.ts";
import { sizeOf } from "./files.ts";

const { classes: NAMES, classOf } = NUSCENES_LIDARSEG;
/** Labels are one byte. */
const LAST_LABEL = 255;
/** Measured on files in the page cache, one thread: reading and counting. */
const BYTES_PER_SECOND = 6e8;

/** nuScenes-lidarseg: mean IoU over 16 classes, from the .bin files of the devkit's format. */
export const nuscenesLidarseg: Benchmark<FilePair, Confusion> = {
  summary: "nuScenes-lidarseg semantic segmentation: mean IoU of 16 classes",
  paths: {
    gt: "dataroot with VERSION/*.json and lidarseg/VERSION/*.bin",
    pred: "folder with lidarseg/SPLIT/TOKEN_lidarseg.bin, classes 1 to 16",
  },
  options: {
    version: {
      value: "V",
      fallback: "v1.0-trainval",
      help: "folder of the tables, e.g. v1.0-mini",
      needed: (text) => /^[\w.-]+$/.test(text) ? undefined : "the name of a folder",
    },
    split: { choices: NUSCENES_SPLITS, fallback: "val", help: "scenes to score" },
  },
  reference: () => nuscenesLidarsegMiou.reference,
  metricVersion: () => nuscenesLidarsegMiou.version,
  plan,
  scorer,
  merge: (_, into, from) => nuscenesLidarsegMiou.merge(into, from),
  outcome,
};

function plan(request: Request): Plan<FilePair> {
  const items = findSamples(request);
  const bytes = 2 * items.length * sizeOf(items[0]!.gt);
  return { items, estimatedSeconds: bytes / BYTES_PER_SECOND, warnings: [] };
}

function scorer(request: Request): Scorer<FilePair, Confusion> {
  const tables = tablesOf(readCategories(request));
  const needed = {
    truth: "an index of category.json",
    predicted: `a class from 1 to ${NAMES.length - 1}`,
  };
  const { state, score } = confusionScorer(nuscenesLidarsegMiou, { tables, needed }, byteLabels);
  return {
    state,
    score(pair) {
      if (sizeOf(pair.gt) === 0) {
        throw new InputError(
          `Cannot score "${pair.gt}": it is empty, and a label a point is needed`,
        );
      }
      return score(pair);
    },
  };
}

/** Truth goes from category to class, predictions are classes; 0 is none of them. */
function tablesOf(categories: ReadonlyMap<number, string>): Pairs["tables"] {
  const range = { classes: NAMES.length, low: 0, high: LAST_LABEL, outside: "error" } as const;
  return {
    truth: labelTable(range, (label) => {
      const name = categories.get(label);
      return name === undefined ? "error" : classOf[name]!;
    }),
    predicted: labelTable(range, (k) => k > 0 && k < NAMES.length ? k : "error"),
  };
}

function outcome(_: Request, { items }: Plan<FilePair>, state: Confusion): Outcome {
  const { iou, miou, freqWeightedIou, truthPoints, predictedPoints } = nuscenesLidarsegMiou
    .compute(state);
  const points = pointsOf(state);
  const { ignore: _ignored, ...perClass } = byClass(NAMES, {
    iou,
    "gt_points": truthPoints,
    "pred_points": predictedPoints,
  });
  return {
    inputs: { samples: items.length, points },
    metrics: { miou, "freq_weighted_iou": freqWeightedIou, ...named("iou", NAMES, iou) },
    perClass,
    warnings: [],
    work: { count: points, unit: "points" },
  };
}
