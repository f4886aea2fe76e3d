import { SHAPENET_PART } from "../../datasets/published/shapenet_part.ts";
import { shapesOfSplit, SPLITS } from "../../datasets/shapes/shapenet_splits.ts";
import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { type PartState, shapenetPartIou } from "../metrics/shapenet_part_iou.ts";
import { byClass, named } from "./confusion_benchmark.ts";
import { type NamedPair, pairByName } from "./name_pairs.ts";
import { argmax, readRows } from "./rows.ts";
import { sizeOf } from "./files.ts";

const { parts, categories } = SHAPENET_PART;
const NAMES = categories.map(({ name }) => name);
/** Category of each part. */
const CATEGORY_OF = Array.from(
  { length: parts },
  (_, part) => categories.findIndex(({ first, parts }) => part >= first && part < first + parts),
);

/** A pair of files and their place among all. */
interface Shapes extends NamedPair {
  readonly position: number;
}

/** Shapes of one file come before those of the next, however many a file has. */
const SHAPES_A_FILE = 2 ** 32;
/** Opening two files, and reading and counting a shape of 2,048 points. */
const SECONDS_PER_FILE = 1.5e-4;
const BYTES_PER_SECOND = 3e8;

/** ShapeNet-Part: mean part IoU over shapes and over categories. */
export const shapenetPart: Benchmark<Shapes, PartState> = {
  summary: "ShapeNet-Part segmentation: instance and class mean IoU of 16 categories",
  paths: {
    gt: "folder of .npy files of part ids 0 to 49, a shape a file or a row, or of SYNSET/SHAPE.txt",
    pred: "folder of .npy or .txt files of the same names: part ids, or 50 scores a point",
  },
  options: {
    split: {
      choices: ["all", ...SPLITS],
      fallback: "all",
      help: "score the shapes of one list in --gt/train_test_split only",
    },
  },
  reference: () => shapenetPartIou.reference,
  metricVersion: () => shapenetPartIou.version,
  plan,
  scorer() {
    const state = shapenetPartIou.create(categories);
    return { state, score: (pair) => score(state, pair) };
  },
  merge: (_, into, from) => shapenetPartIou.merge(into, from),
  outcome,
};

async function plan(request: Request): Promise<Plan<Shapes>> {
  const split = request.options["split"]!;
  const { pairs, warnings } = pairByName(request, {
    endings: [".npy", ".txt"],
    unpredicted: "error",
    skip: ["synsetoffset2category.txt"],
    ...split !== "all" && { only: new Set(await shapesOfSplit(request.gt, split)) },
  });
  const bytes = pairs.length * (sizeOf(pairs[0]!.gt) + sizeOf(pairs[0]!.pred));
  return {
    items: pairs.map((pair, position) => ({ ...pair, position })),
    estimatedSeconds: pairs.length * SECONDS_PER_FILE + bytes / BYTES_PER_SECOND,
    warnings,
  };
}

function score(state: PartState, pair: Shapes): void {
  readRows(pair, { choose: chooseOfCategory, classes: parts }, ({ row, truth, predicted }) => {
    const bad = truth.findIndex((part) => part < 0 || part >= parts);
    if (bad >= 0 || truth.length === 0) {
      const found = bad < 0 ? "no point" : `the part ${truth[bad]} at point ${bad}`;
      throw new InputError(
        `Cannot score "${pair.gt}": shape ${row} has ${found}, and parts 0 to ${
          parts - 1
        } are needed`,
      );
    }
    const index = pair.position * SHAPES_A_FILE + row;
    const category = CATEGORY_OF[truth[0]!]!;
    shapenetPartIou.update(state, { index, category, truth, predicted });
  });
}

/** The best of the parts of the shape's category, which is that of its first label. */
function chooseOfCategory(scores: Float64Array, from: number, _: number, truth: Int32Array) {
  const category = categories[CATEGORY_OF[truth[0]!] ?? -1];
  if (category === undefined) return -1; // The label is refused before the shape is scored.
  const first = from + category.first;
  return argmax(scores, first, first + category.parts) - from;
}

function outcome(_: Request, { items }: Plan<Shapes>, state: PartState): Outcome {
  const result = shapenetPartIou.compute(state);
  const { iou, shapes } = result;
  const absent = NAMES.filter((_, k) => shapes[k] === 0);
  const points = state.seen.reduce((a, b) => a + b, 0);
  return {
    inputs: { files: items.length, shapes: state.iou.length, points },
    metrics: {
      "instance_miou": result.instanceMiou,
      "class_miou": result.classMiou,
      accuracy: result.accuracy,
      "class_miou_present": result.classMiouOfPresent,
      "part_accuracy": result.partAccuracy,
      "meter_miou": result.meterMiou,
      "eval_miou": result.evalMiou,
      ...named("iou", NAMES, iou),
    },
    perClass: byClass(NAMES, { iou, shapes }),
    warnings: absent.length === 0 ? [] : [
      `There is no shape of ${absent.join(", ")}: class_miou is not a number, as in the devkit; ` +
      `class_miou_present is the mean of the others`,
    ],
    work: { count: points, unit: "points" },
  };
}
