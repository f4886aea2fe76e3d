import { SCANNET_CLASSES } from "../../datasets/published/scannet.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { type Confusion, labelTable } from "../metrics/confusion.ts";
import { scannetMiou } from "../metrics/scannet_miou.ts";
import {
  byClass,
  confusionScorer,
  type LabelRules,
  named,
  pointsOf,
} from "./confusion_benchmark.ts";
import { textLabels } from "./label_sources.ts";
import { type NamedPair, pairByName } from "./name_pairs.ts";
import { sizeOf } from "./files.ts";

const NAMES = SCANNET_CLASSES.map(({ name }) => name);
const IDS = SCANNET_CLASSES.map(({ id }) => id);
/** Largest of `IDS`. */
const LAST_ID = 39;

/** Measured on text in the page cache, one thread: reading and counting. */
const BYTES_PER_SECOND = 3e8;

const rules: LabelRules = {
  tables: {
    truth: labelTable({ classes: NAMES.length, low: 0, high: LAST_ID, outside: "skip" }, (id) => {
      const k = IDS.indexOf(id);
      return k < 0 ? "skip" : k;
    }),
    // One column more takes every other prediction.
    predicted: labelTable(
      { classes: NAMES.length + 1, low: 0, high: LAST_ID, outside: NAMES.length },
      (id) => {
        const k = IDS.indexOf(id);
        return k < 0 ? NAMES.length : k;
      },
    ),
  },
  needed: { truth: "a class id", predicted: "a class id" },
};

/** ScanNet 3D semantic labels: mean IoU over 20 classes, from text files of a label a vertex. */
export const scannetSemantic: Benchmark<NamedPair, Confusion> = {
  summary: "ScanNet 3D semantic segmentation: mean IoU of 20 classes",
  paths: {
    gt: "folder of SCENE.txt, an NYU40 id a line for each vertex",
    pred: "folder of files of the same names",
  },
  options: {},
  reference: () => scannetMiou.reference,
  metricVersion: () => scannetMiou.version,
  plan,
  scorer: () => confusionScorer(scannetMiou, rules, textLabels),
  merge: (_, into, from) => scannetMiou.merge(into, from),
  outcome,
};

function plan(request: Request): Plan<NamedPair> {
  const { pairs, warnings } = pairByName(request, {
    endings: [".txt"],
    // The script lists the predictions and looks their ground truth up.
    unpredicted: "warn",
    skip: ["semantic_label_evaluation.txt"],
  });
  const bytes = 2 * pairs.length * sizeOf(pairs[0]!.gt);
  return { items: pairs, estimatedSeconds: bytes / BYTES_PER_SECOND, warnings };
}

function outcome(_: Request, { items }: Plan<NamedPair>, state: Confusion): Outcome {
  const { iou, mean, meanOfPresent, hits, unions } = scannetMiou.compute(state);
  const absent = NAMES.filter((_, k) => unions[k] === 0);
  const points = pointsOf(state);
  return {
    inputs: { files: items.length, points },
    metrics: { "iou_mean": mean, "iou_mean_present": meanOfPresent, ...named("iou", NAMES, iou) },
    perClass: byClass(NAMES, { iou, hits, union: unions }),
    warnings: absent.length === 0 ? [] : [
      `Neither side has a vertex of ${absent.join(", ")}: the IoU is not a number and so is ` +
      `iou_mean, where the devkit ends with a TypeError; iou_mean_present is the mean of the others`,
    ],
    work: { count: points, unit: "points" },
  };
}
