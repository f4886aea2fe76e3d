import { CITYSCAPES_LABELS } from "../../datasets/published/cityscapes.ts";
import { InputError } from "../../std/errors.ts";
import type { Png } from "../../std/png.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import {
  cityscapesScores,
  type CityscapesState,
  LabelError,
} from "../metrics/cityscapes_scores.ts";
import { findImages, type ImageFiles } from "./cityscapes_files.ts";
import { readIds } from "./image_files.ts";

/** Measured: three images of 2048 x 1024, decoded and counted by one thread. */
const SECONDS_PER_IMAGE = 0.03;

/** Cityscapes: pixel-level semantic labelling. */
export const cityscapes: Benchmark<ImageFiles, CityscapesState> = {
  summary: "Cityscapes pixel-level labelling: IoU of 19 classes and 7 categories, and iIoU",
  paths: {
    gt: "folder gtFine with SPLIT/CITY/*_gtFine_labelIds.png and *_instanceIds.png",
    pred: "folder with CITY_SEQUENCE_FRAME*.png, also in sub-folders, label ids (not train ids)",
  },
  options: {
    split: { choices: ["train", "val", "test"], fallback: "val", help: "folder of --gt to score" },
  },
  reference: () => cityscapesScores.reference,
  metricVersion: () => cityscapesScores.version,
  plan(request) {
    const { items, warnings } = findImages(request);
    return { items, warnings, estimatedSeconds: items.length * SECONDS_PER_IMAGE };
  },
  scorer() {
    const state = cityscapesScores.create(CITYSCAPES_LABELS);
    return { state, score: (files) => scoreImages(files, state) };
  },
  merge: (_request, into, from) => cityscapesScores.merge(into, from),
  outcome,
};

function scoreImages(files: ImageFiles, state: CityscapesState): void {
  const truth = readIds(files.truth);
  const predicted = readIds(files.predicted);
  const instances = readIds(files.instances);
  requireSize(predicted, files.predicted, truth);
  requireSize(instances, files.instances, truth);
  try {
    cityscapesScores.update(state, {
      truth: bytesOf(truth, files.truth),
      predicted: bytesOf(predicted, files.predicted),
      instances: instances.samples,
      index: files.index,
    });
  } catch (error) {
    if (!(error instanceof LabelError)) throw error;
    const { side, pixel, id } = error;
    throw badId(files[side], id, { pixel, width: truth.width });
  }
}

function requireSize({ width, height }: Png, path: string, truth: Png): void {
  if (width === truth.width && height === truth.height) return;
  throw new InputError(
    `Cannot score "${path}": it has ${width} x ${height} pixels and the ground truth has ` +
      `${truth.width} x ${truth.height}, and the same size is needed`,
  );
}

/** Ids of 16 bits as bytes; none of them can be a label from 256 on. */
function bytesOf({ samples, width }: Png, path: string): Uint8Array {
  if (samples instanceof Uint8Array) return samples;
  const pixel = samples.findIndex((id) => id > 255);
  if (pixel >= 0) throw badId(path, samples[pixel]!, { pixel, width });
  return Uint8Array.from(samples);
}

function badId(
  path: string,
  id: number,
  { pixel, width }: { readonly pixel: number; readonly width: number },
): InputError {
  const needed = path.endsWith("instanceIds.png")
    ? "a label with instances, times 1000, plus a number below 1000"
    : `a label id from 0 to ${CITYSCAPES_LABELS.length - 1}`;
  return new InputError(
    `Cannot score "${path}": the pixel in column ${pixel % width}, row ` +
      `${Math.floor(pixel / width)} has id ${id}, and ${needed} is needed`,
  );
}

function outcome(_request: Request, { items }: Plan<ImageFiles>, state: CityscapesState): Outcome {
  const result = cityscapesScores.compute(state);
  const [classes, instanceClasses, categories, instanceCategories] = result.means;
  const pixels = result.truthPixels.reduce((sum, count) => sum + count, 0);
  return {
    inputs: { images: items.length, pixels },
    metrics: {
      averageScoreClasses: classes,
      averageScoreInstClasses: instanceClasses,
      averageScoreCategories: categories,
      averageScoreInstCategories: instanceCategories,
      ...named("category_iou_", result.categories),
      ...named("category_iiou_", result.instanceCategories),
      ...named("iou_", result.classes),
      ...named("iiou_", result.instanceClasses),
    },
    perClass: Object.fromEntries(
      [...result.classes].map(([name, iou]) => {
        const iiou = result.instanceClasses.get(name);
        const k = CITYSCAPES_LABELS.findIndex((label) => label.name === name);
        return [name, {
          iou,
          ...(iiou === undefined ? {} : { iiou }),
          "gt_pixels": result.truthPixels[k]!,
        }];
      }),
    ),
    warnings: [],
    work: { count: pixels, unit: "pixels" },
  };
}

function named(prefix: string, scores: ReadonlyMap<string, number>): Record<string, number> {
  return Object.fromEntries([...scores].map(([name, score]) => [`${prefix}${name}`, score]));
}
