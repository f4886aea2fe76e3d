import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import {
  cocoPanopticPq,
  type PanopticResult,
  type PanopticState,
  type PredictedSegment,
  SegmentError,
  type TrueSegment,
} from "../metrics/coco_panoptic_pq.ts";
import {
  type Annotation,
  type Category,
  imagePath,
  type PanopticFile,
  readPanoptic,
} from "./coco_panoptic_files.ts";
import { readPng } from "./image_files.ts";

/** Measured: two RGB images of 640 x 480, decoded and counted by one thread. */
const SECONDS_PER_IMAGE = 0.012;

/** The two PNG files of an image and their segments. */
interface ImagePair {
  readonly index: number;
  readonly image: number | string;
  readonly truth: string;
  readonly predicted: string;
  readonly trueSegments: readonly TrueSegment[];
  readonly predictedSegments: readonly PredictedSegment[];
  readonly categories: readonly Category[];
}

/** COCO panoptic segmentation. */
export const cocoPanoptic: Benchmark<ImagePair, State> = {
  summary: "COCO panoptic segmentation: PQ, SQ, RQ of all, things and stuff",
  paths: {
    gt: "NAME.json, with its PNG files in the folder NAME beside it",
    pred: "the same for the predictions",
  },
  options: {},
  reference: () => cocoPanopticPq.reference,
  metricVersion: () => cocoPanopticPq.version,
  plan,
  scorer() {
    const state: State = { counts: undefined, pixels: 0 };
    return { state, score: (pair) => scorePair(pair, state) };
  },
  merge(_request, into, from) {
    into.pixels += from.pixels;
    if (into.counts === undefined) into.counts = from.counts;
    else if (from.counts !== undefined) cocoPanopticPq.merge(into.counts, from.counts);
  },
  outcome,
};

/** Counts, made when the first image tells the number of categories. */
interface State {
  counts: PanopticState | undefined;
  pixels: number;
}

function plan({ gt, pred }: Request): Plan<ImagePair> {
  const truth = readPanoptic("--gt", gt);
  const predictions = readPanoptic("--pred", pred);
  const { categories } = truth;
  if (categories === undefined) {
    throw new InputError(
      `Cannot read "${truth.path}": it has no "categories", and they are needed`,
    );
  }
  if (truth.annotations.length === 0) {
    throw new InputError(`Cannot read "${truth.path}": it has no annotations, and one is needed`);
  }
  const byImage = new Map(predictions.annotations.map((entry) => [entry.image, entry]));
  const indexOf = new Map(categories.map(({ id }, k) => [id, k]));
  const items = truth.annotations.map((annotation, index): ImagePair => {
    const prediction = byImage.get(annotation.image);
    if (prediction === undefined) throw noPrediction(predictions, annotation);
    return {
      index,
      image: annotation.image,
      truth: imagePath(truth, annotation),
      predicted: imagePath(predictions, prediction),
      trueSegments: trueSegments(truth, annotation, indexOf),
      predictedSegments: predictedSegments(predictions, prediction, indexOf),
      categories,
    };
  });
  const extra = predictions.annotations.length - items.length;
  return {
    items,
    estimatedSeconds: items.length * SECONDS_PER_IMAGE,
    warnings: extra === 0 ? [] : [
      `${extra} predictions are of images that the ground truth does not have; they took no part, ` +
      `as in the devkit`,
    ],
  };
}

function noPrediction({ path }: PanopticFile, { image }: Annotation): InputError {
  return new InputError(
    `Cannot score "${path}": it has no prediction for image ${image}, and one is needed`,
  );
}

function trueSegments(
  { path }: PanopticFile,
  { image, segments }: Annotation,
  indexOf: ReadonlyMap<number, number>,
): TrueSegment[] {
  return segments.map(({ id, category, area, crowd }) => {
    if (area === undefined || crowd === undefined) {
      throw new InputError(
        `Cannot read "${path}": segment ${id} of image ${image} lacks area or iscrowd, and both ` +
          `are needed`,
      );
    }
    return { id, category: indexOf.get(category) ?? -1, area, crowd };
  });
}

function predictedSegments(
  { path }: PanopticFile,
  { image, segments }: Annotation,
  indexOf: ReadonlyMap<number, number>,
): PredictedSegment[] {
  return segments.map(({ id, category }) => {
    const index = indexOf.get(category);
    if (index !== undefined) return { id, category: index };
    throw new InputError(
      `Cannot score "${path}": segment ${id} of image ${image} has category ${category}, and one ` +
        `of the ground truth's is needed`,
    );
  });
}

function scorePair(pair: ImagePair, state: State): void {
  const truth = readSegmentIds(pair.truth);
  const predicted = readSegmentIds(pair.predicted);
  if (truth.width !== predicted.width || truth.height !== predicted.height) {
    throw new InputError(
      `Cannot score "${pair.predicted}": it has ${predicted.width} x ${predicted.height} pixels ` +
        `and the ground truth has ${truth.width} x ${truth.height}, and the same size is needed`,
    );
  }
  state.counts ??= cocoPanopticPq.create(pair.categories.length);
  state.pixels += truth.ids.length;
  try {
    cocoPanopticPq.update(state.counts, { ...pair, truth: truth.ids, predicted: predicted.ids });
  } catch (error) {
    if (!(error instanceof SegmentError)) throw error;
    throw new InputError(
      `Cannot score "${pair[error.side]}" (image ${pair.image}): ${error.message}`,
      { cause: error },
    );
  }
}

/** The ids of an RGB image, [height, width]: R + 256 G + 65536 B. */
function readSegmentIds(path: string): { width: number; height: number; ids: Uint32Array } {
  const { width, height, colour, bitDepth, channels, samples } = readPng(path);
  if (channels < 3 || bitDepth !== 8) {
    throw new InputError(
      `Cannot score "${path}": it is ${colour} of ${bitDepth} bits, and RGB of 8 bits is needed`,
    );
  }
  const ids = new Uint32Array(width * height);
  for (let i = 0; i < ids.length; i++) {
    const j = i * channels;
    ids[i] = samples[j]! | samples[j + 1]! << 8 | samples[j + 2]! << 16;
  }
  return { width, height, ids };
}

function outcome(_request: Request, { items }: Plan<ImagePair>, state: State): Outcome {
  const { categories } = items[0]!;
  const counts = state.counts!;
  const result = cocoPanopticPq.compute(counts);
  const groups = [
    ["all", categories.map(() => true)],
    ["things", categories.map(({ thing }) => thing)],
    ["stuff", categories.map(({ thing }) => !thing)],
  ] as const;
  return {
    inputs: { images: items.length, pixels: state.pixels },
    metrics: Object.assign({}, ...groups.map(([name, taken]) => averages(name, taken, result))),
    perClass: Object.fromEntries(categories.map(({ id, name }, k) => {
      const unique = categories.filter((other) => other.name === name).length === 1;
      return [unique ? name : `${name} (${id})`, {
        pq: result.pq[k]!,
        sq: result.sq[k]!,
        rq: result.rq[k]!,
        tp: counts.hits[k]!,
        fp: counts.falsePositives[k]!,
        fn: counts.falseNegatives[k]!,
      }];
    })),
    warnings: [],
    work: { count: state.pixels, unit: "pixels" },
  };
}

/** Means over the categories of a group that have segments; NaN if none has. */
function averages(
  name: string,
  taken: readonly boolean[],
  { pq, sq, rq, scored }: PanopticResult,
): Record<string, number> {
  const valid = [...taken.keys()].filter((k) => taken[k]! && scored[k]!);
  const average = (scores: Float64Array) =>
    valid.reduce((sum, k) => sum + scores[k]!, 0) / valid.length;
  return {
    [`${name}_pq`]: average(pq),
    [`${name}_sq`]: average(sq),
    [`${name}_rq`]: average(rq),
    [`${name}_n`]: valid.length,
  };
}
