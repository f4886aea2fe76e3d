import { S3DIS } from "../../datasets/published/s3dis.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { type Confusion, labelTable } from "../metrics/confusion.ts";
import { s3disMiou } from "../metrics/s3dis_miou.ts";
import {
  byClass,
  confusionScorer,
  type LabelRules,
  named,
  pointsOf,
} from "./confusion_benchmark.ts";
import { npyLabels } from "./label_sources.ts";
import { type NamedPair, pairByName } from "./name_pairs.ts";
import { sizeOf } from "./files.ts";

/** In the order of the labels, which is that of PVCNN's `datasets/s3dis.py`, too. */
const NAMES: readonly string[] = Object.values(S3DIS.classes);
/** Measured on int32 files in the page cache, one thread: reading and counting. */
const BYTES_PER_SECOND = 2e9;

const range = { low: -1, high: NAMES.length - 1, outside: "error" } as const;
const rules: LabelRules = {
  tables: {
    truth: labelTable({ ...range, classes: NAMES.length }, (k) => k < 0 ? "error" : k),
    predicted: labelTable({ ...range, classes: NAMES.length + 1 }, (k) => k < 0 ? NAMES.length : k),
  },
  needed: {
    truth: "one of 0 to 12",
    predicted: "one of 0 to 12, or -1 for a point without a vote,",
  },
};

/** S3DIS, one area held out: mean IoU and accuracies over 13 classes, as PVCNN publishes them. */
export const s3dis: Benchmark<NamedPair, Confusion> = {
  summary: "S3DIS indoor segmentation: mean IoU and accuracies of 13 classes",
  paths: {
    gt: "folder with AREA/ROOM/label.npy, a label 0 to 12 for each point",
    pred: "folder with AREA/ROOM/pred.npy, which may be the same",
  },
  options: {
    area: {
      value: "NAME",
      fallback: "all",
      help: "score the rooms below one folder only, e.g. Area_5",
      needed: (text) => /^[^/]+$/.test(text) ? undefined : "the name of a folder",
    },
    rule: {
      choices: ["eval", "meter"],
      fallback: "eval",
      help: "miou of a class on neither side: NaN (eval) or 1 without ground truth (meter)",
    },
  },
  reference: () => s3disMiou.reference,
  metricVersion: () => s3disMiou.version,
  plan,
  scorer: () => confusionScorer(s3disMiou, rules, npyLabels),
  merge: (_, into, from) => s3disMiou.merge(into, from),
  outcome,
};

function plan({ gt, pred, options }: Request): Plan<NamedPair> {
  const area = options["area"]!;
  const below = (path: string) => area === "all" ? path : `${path}/${area}`;
  const { pairs, warnings } = pairByName({ gt: below(gt), pred: below(pred) }, {
    endings: [".npy"],
    unpredicted: "error",
  });
  const bytes = pairs.reduce((sum, pair) => sum + sizeOf(pair.gt) + sizeOf(pair.pred), 0);
  return { items: pairs, estimatedSeconds: bytes / BYTES_PER_SECOND, warnings };
}

function outcome({ options }: Request, { items }: Plan<NamedPair>, state: Confusion): Outcome {
  const scores = s3disMiou.compute(state);
  const { iou, accuracy, truthPoints, predictedPoints } = scores;
  const points = pointsOf(state);
  const unvoted = state.counts.filter((_, i) => i % state.columns === NAMES.length)
    .reduce((a, b) => a + b, 0);
  return {
    inputs: { rooms: items.length, points },
    metrics: {
      miou: options["rule"] === "meter" ? scores.meterIou : scores.evalIou,
      macc: scores.meterClass,
      "overall_accuracy": scores.overall,
      "eval_miou": scores.evalIou,
      "meter_iou": scores.meterIou,
      "meter_class": scores.meterClass,
      "meter_overall": scores.overall,
      ...named("iou", NAMES, iou),
      ...named("accuracy", NAMES, accuracy),
    },
    perClass: byClass(NAMES, {
      iou,
      accuracy,
      "gt_points": truthPoints,
      "pred_points": predictedPoints,
    }),
    warnings: unvoted === 0 ? [] : [
      `${unvoted} points have the prediction -1, no vote: they count as predicted "clutter", as in ` +
      `the devkit`,
    ],
    work: { count: points, unit: "points" },
  };
}
