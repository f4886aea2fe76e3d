import { openScans } from "../../datasets/arrow_scans.ts";
import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request, Scorer } from "../benchmark.ts";
import { type Confusion, type LabelClass, labelTable, MAX_CLASSES } from "../metrics/confusion.ts";
import { type AbsentRule, ignoredClass, segMiou } from "../metrics/seg_miou.ts";
import {
  byClass,
  confusionScorer,
  type LabelRules,
  named,
  pointsOf,
} from "./confusion_benchmark.ts";
import { arrayLabels, type LabelSource, npyLabels } from "./label_sources.ts";
import { type NamedPair, pairByName } from "./name_pairs.ts";
import { sizeOf } from "./files.ts";

/** Measured on int32 files in the page cache, one thread: reading and counting. */
const BYTES_PER_SECOND = 2e9;

/** Any segmentation with integer labels: mean IoU, mean class accuracy, accuracy. */
export const seg: Benchmark<NamedPair, Confusion> = {
  summary: "any segmentation: mean IoU, mean class accuracy and accuracy of N classes",
  paths: {
    gt: "folder of .npy files with a label for each point, or of .arrow scan files; or one file",
    pred: "folder of files of the same names, or one file",
  },
  options: {
    classes: {
      value: "N",
      help: `how many classes there are, labels 0 to N - 1, N at most ${MAX_CLASSES}`,
      needed: (text) =>
        /^[1-9]\d{0,5}$/.test(text) && Number(text) <= MAX_CLASSES
          ? undefined
          : `a whole number from 1 to ${MAX_CLASSES}`,
    },
    ignore: {
      value: "K,...",
      fallback: "none",
      help:
        "true labels that are left out; other labels beyond the classes are left out with a note",
      needed: (text) =>
        text === "none" || /^-?\d{1,9}(,-?\d{1,9})*$/.test(text)
          ? undefined
          : `"none" or whole numbers with commas between them`,
    },
    absent: {
      choices: ["nan", "zero", "one"],
      fallback: "nan",
      help: "a class without points: left out (nan, mmdetection3d), 0, or 1 without ground truth",
    },
  },
  reference: (request) => metricOf(request).reference,
  metricVersion: (request) => metricOf(request).version,
  plan,
  scorer,
  merge: (request, into, from) => metricOf(request).merge(into, from),
  outcome,
};

const classCount = ({ options }: Request) => Number(options["classes"]);

function ignored({ options }: Request): number[] {
  const text = options["ignore"] ?? "none";
  return text === "none" ? [] : text.split(",").map(Number);
}

const absentRule = ({ options }: Request) => (options["absent"] ?? "nan") as AbsentRule;

function metricOf(request: Request) {
  return segMiou(absentRule(request), ignored(request));
}

/** What a negative label takes out beside its points. */
function countedFromEnd(request: Request): string[] {
  return ignored(request).flatMap((label) => {
    const k = ignoredClass(absentRule(request), label, classCount(request));
    return label >= 0 || k < 0 ? [] : [
      `--ignore ${label} takes class ${k} out of miou: the tool counts negative indices from the ` +
      `end. Labels outside the classes are left out without it`,
    ];
  });
}

function rulesOf(request: Request): LabelRules {
  const classes = classCount(request);
  const skipped = new Set(ignored(request));
  const range = { classes, low: 0, high: classes - 1 };
  return {
    tables: {
      truth: labelTable(
        { ...range, outside: "skip" },
        (k): LabelClass => skipped.has(k) ? "skip" : k,
      ),
      predicted: labelTable({ ...range, outside: "error" }, (k) => k),
    },
    needed: { truth: "a label", predicted: `a label from 0 to ${classes - 1}` },
  };
}

function plan(request: Request): Plan<NamedPair> {
  const { pairs, warnings } = pairByName(request, {
    endings: [".npy", ".arrow"],
    unpredicted: "error",
  });
  const bytes = pairs.reduce((sum, { gt, pred }) => sum + sizeOf(gt) + sizeOf(pred), 0);
  return { items: pairs, estimatedSeconds: bytes / BYTES_PER_SECOND, warnings };
}

function scorer(request: Request): Scorer<NamedPair, Confusion> {
  const metric = metricOf(request);
  let opened: ReadonlyMap<string, LabelSource> = new Map();
  const open = (path: string) => opened.get(path) ?? npyLabels(path);
  const { state, score } = confusionScorer(metric, rulesOf(request), open);
  return {
    state,
    async score(pair) {
      if (!pair.gt.endsWith(".arrow")) return score(pair);
      for await (const [truth, predicted] of scanLabels(pair)) {
        opened = new Map([[truth.path, truth], [predicted.path, predicted]]);
        score({ gt: truth.path, pred: predicted.path });
      }
    },
  };
}

/** The labels of each scan of two scan files, as sources named after file and scan. */
async function* scanLabels({ gt, pred }: NamedPair): AsyncGenerator<[LabelSource, LabelSource]> {
  using truth = await openScans(gt);
  using predicted = await openScans(pred);
  if (truth.length !== predicted.length) {
    throw new InputError(
      `Cannot score "${pred}" against "${gt}": it has ${predicted.length} scans and the ground ` +
        `truth has ${truth.length}, and the same number is needed`,
    );
  }
  for (let i = 0; i < truth.length; i++) {
    const [label, prediction] = [await truth.scan(i), await predicted.scan(i)];
    if (label.id !== prediction.id) {
      throw new InputError(
        `Cannot score "${pred}" against "${gt}": scan ${i} is "${prediction.id}" in one and ` +
          `"${label.id}" in the other, and the same scans in the same order are needed`,
      );
    }
    yield [semanticOf(gt, label), semanticOf(pred, prediction)];
  }
}

function semanticOf(
  path: string,
  { id, semantic }: { readonly id: string; readonly semantic?: Uint16Array },
): LabelSource {
  if (semantic !== undefined) return arrayLabels(`${path}#${id}`, semantic);
  throw new InputError(
    `Cannot score "${path}": scan "${id}" has no labels, and one a point is needed`,
  );
}

function outcome(request: Request, { items }: Plan<NamedPair>, state: Confusion): Outcome {
  const { iou, accuracy, miou, macc, acc, truthPoints, predictedPoints } = metricOf(request)
    .compute(state);
  const names = Array.from(iou, (_, k) => String(k));
  const points = pointsOf(state);
  return {
    inputs: { files: items.length, points, "points_left_out": state.skipped[0]! },
    metrics: { miou, macc, acc, ...named("iou", names, iou) },
    perClass: byClass(names, {
      iou,
      accuracy,
      "gt_points": truthPoints,
      "pred_points": predictedPoints,
    }),
    warnings: countedFromEnd(request),
    work: { count: points, unit: "points" },
  };
}
