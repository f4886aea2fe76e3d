import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { mean } from "../metrics/numpy.ts";
import { MAX_PARTS, partnetIou, type PartnetState } from "../metrics/partnet_iou.ts";
import { type NamedPair, pairByName } from "./name_pairs.ts";
import { argmax, readRows } from "./rows.ts";
import { sizeOf } from "./files.ts";

/** Shapes of a file, which is a category at a level; each file has sums of its own. */
interface CategoryState {
  readonly name: string;
  readonly points: number;
  readonly shapes: PartnetState;
}

interface State {
  readonly files: CategoryState[];
}

/** Measured on uint8 labels in the page cache, one thread. */
const BYTES_PER_SECOND = 2e8;

/** PartNet semantic segmentation: mean IoU over shapes and over parts, a file a category. */
export const partnet: Benchmark<NamedPair, State> = {
  summary: "PartNet semantic segmentation: shape and part mean IoU, averaged over categories",
  paths: {
    gt: "a .npy file (shapes, points) of part labels, 0 = unlabelled, or a folder of them",
    pred: "files of the same names: labels, or scores of all classes a point",
  },
  options: {
    classes: {
      value: "N",
      fallback: "auto",
      help: "classes with the unlabelled one; auto is one more than the largest label that occurs",
      needed: (text) =>
        text === "auto" || (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= MAX_PARTS + 1)
          ? undefined
          : `"auto" or a whole number from 1 to ${MAX_PARTS + 1}`,
    },
  },
  reference: () => partnetIou.reference,
  metricVersion: () => partnetIou.version,
  plan,
  scorer(request) {
    const state: State = { files: [] };
    return { state, score: (pair) => void state.files.push(score(request, pair)) };
  },
  merge: (_, into, from) => void into.files.push(...from.files),
  outcome,
};

function plan(request: Request): Plan<NamedPair> {
  const { pairs, warnings } = pairByName(request, { endings: [".npy"], unpredicted: "error" });
  const bytes = pairs.reduce((sum, { gt, pred }) => sum + sizeOf(gt) + sizeOf(pred), 0);
  return { items: pairs, estimatedSeconds: bytes / BYTES_PER_SECOND, warnings };
}

function partCount({ options }: Request): number | undefined {
  return options["classes"] === "auto" ? undefined : Number(options["classes"]) - 1;
}

function score(request: Request, pair: NamedPair): CategoryState {
  const parts = partCount(request);
  const shapes = partnetIou.create(parts);
  const choose = (scores: Float64Array, from: number, width: number) =>
    argmax(scores, from + 1, from + width) - from;
  const classes = parts === undefined ? undefined : parts + 1;
  let points = 0;
  readRows(pair, { choose, classes }, ({ row, truth, predicted }) => {
    requireLabels(pair.gt, row, truth, parts ?? MAX_PARTS);
    requireLabels(pair.pred, row, predicted, parts ?? MAX_PARTS);
    partnetIou.update(shapes, { index: row, truth, predicted });
    points += truth.length;
  });
  return { name: pair.name, points, shapes };
}

function requireLabels(path: string, row: number, labels: Int32Array, last: number): void {
  const bad = labels.findIndex((label) => label < 0 || label > last);
  if (bad < 0 && labels.length > 0) return;
  const found = bad < 0 ? "no point" : `the label ${labels[bad]} at point ${bad}`;
  throw new InputError(
    `Cannot score "${path}": shape ${row} has ${found}, and labels 0 to ${last} are needed`,
  );
}

function outcome(_: Request, { items }: Plan<NamedPair>, state: State): Outcome {
  const files = state.files.toSorted((a, b) => a.name < b.name ? -1 : 1);
  const results = files.map(({ shapes }) => partnetIou.compute(shapes));
  const average = (values: readonly number[]) => mean(Float64Array.from(values));
  const points = files.reduce((sum, file) => sum + file.points, 0);
  const metrics: Record<string, number> = {
    "instance_miou": average(results.map(({ shapeIou }) => shapeIou)),
    "class_miou": average(results.map(({ partMiou }) => partMiou)),
    accuracy: average(results.map(({ accuracy }) => accuracy)),
  };
  const perClass: Record<string, Record<string, number>> = {};
  const alone = files.length === 1;
  results.forEach(({ partIou, partMiou, shapeIou, accuracy }, i) => {
    const { name, shapes } = files[i]!;
    if (!alone) {
      perClass[name] = { iou: partMiou, "shape_iou": shapeIou, accuracy };
      metrics[`iou_${name}`] = partMiou;
    }
    partIou.forEach((iou, k) => {
      const part = alone ? String(k + 1) : `${name}/${k + 1}`;
      metrics[`iou_${part}`] = iou;
      perClass[part] = { iou };
    });
    if (shapes.shapes.length === 0) {
      const path = items.find((pair) => pair.name === name)!.gt;
      throw new InputError(`Cannot score "${path}": it has no shape, and one is needed`);
    }
  });
  return {
    inputs: { files: files.length, points },
    metrics,
    perClass,
    warnings: results.flatMap(({ partIou }, i) => absentParts(files[i]!.name, partIou)),
    work: { count: points, unit: "points" },
  };
}

function absentParts(name: string, partIou: Float32Array): string[] {
  const absent = Array.from(partIou, (iou, k) => Number.isNaN(iou) ? k + 1 : 0).filter(Boolean);
  return absent.length === 0 ? [] : [
    `${name || "The file"} has no point of the parts ${
      absent.join(", ")
    }: the mean over parts is ` +
    `not a number, as in the devkit`,
  ];
}
