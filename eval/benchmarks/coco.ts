import { InputError } from "../../std/errors.ts";
import type { Benchmark, Outcome, Plan, Request } from "../benchmark.ts";
import { cocoAp, type CocoState } from "../metrics/coco_ap.ts";
import { readResults } from "./coco_results.ts";
import { type CocoImageItem, type CocoShared, scoreImage } from "./coco_score.ts";
import { type CocoKind, type CocoTruthFile, readTruth } from "./coco_truth.ts";

/**
 * What a further thread saves a detection. Boxes are handed over in about the time that they take to
 * match, so that hardly pays; masks are decoded and compared there.
 */
const SECONDS_PER_DETECTION = { bbox: 3e-7, segm: 2e-5 };

/** COCO detection: average precision of boxes. */
export const cocoBbox = benchmarkOf("bbox");
/** COCO instance segmentation: average precision of masks. */
export const cocoSegm = benchmarkOf("segm");

function benchmarkOf(kind: CocoKind): Benchmark<CocoImageItem, Scored> {
  return {
    summary: kind === "bbox"
      ? "COCO detection: AP and AR of boxes over ten IoU thresholds"
      : "COCO instance segmentation: AP and AR of masks (polygons, RLE) over ten IoU thresholds",
    paths: { gt: "instances JSON file", pred: "results JSON file" },
    options: {},
    reference: () => `${cocoAp.reference}, ${kind}`,
    metricVersion: () => cocoAp.version,
    plan: (request) => plan(request, kind),
    scorer() {
      const state: Scored = { counts: undefined, otherSizes: 0 };
      return { state, score: (item) => scoreItem(item, state) };
    },
    merge(_request, into, from) {
      into.otherSizes += from.otherSizes;
      if (into.counts === undefined) into.counts = from.counts;
      else if (from.counts !== undefined) cocoAp.merge(into.counts, from.counts);
    },
    outcome,
  };
}

/** Counts, made when the first image tells the number of categories. */
interface Scored {
  counts: CocoState | undefined;
  /** Detections whose mask is of another size than the truth that it meets. */
  otherSizes: number;
}

function scoreItem(item: CocoImageItem, state: Scored): void {
  state.counts ??= cocoAp.create(item.shared.categories.length);
  state.otherSizes += scoreImage(item, state.counts);
}

function plan({ gt, pred }: Request, kind: CocoKind): Plan<CocoImageItem> {
  const truth = readTruth(gt, kind);
  const { detections, areasOfBoxes } = readResults(pred, kind);
  const shared: CocoShared = {
    kind,
    areasOfBoxes,
    truthPath: gt,
    resultsPath: pred,
    categories: [...truth.categories].map(([id, name]) => ({ id, name })),
  };
  const items = truth.images.map((image, index): CocoImageItem => ({
    index,
    image,
    objects: [],
    detections: [],
    shared,
  }));
  const itemOf = new Map(items.map((item) => [item.image.id, item]));
  for (const object of truth.objects) itemOf.get(object.image)?.objects.push(object);
  for (const detection of detections) {
    const item = itemOf.get(detection.image);
    if (item === undefined) {
      throw new InputError(
        `Cannot score "${pred}": detection ${detection.index} is of image ${detection.image}, and ` +
          `an image of "${gt}" is needed`,
      );
    }
    item.detections.push(detection);
  }
  return {
    items,
    estimatedSeconds: detections.length * SECONDS_PER_DETECTION[kind],
    warnings: unused(truth, detections, itemOf),
  };
}

/** Warnings of what the devkit leaves out without a word. */
function unused(
  { categories, objects }: CocoTruthFile,
  detections: readonly { readonly category: number }[],
  images: ReadonlyMap<number, unknown>,
): string[] {
  const stray = detections.filter(({ category }) => !categories.has(category));
  const lost = objects.filter(({ image, category }) =>
    !images.has(image) || !categories.has(category)
  );
  return [
    ...(stray.length === 0 ? [] : [
      `${stray.length} detections are of categories that the ground truth does not have, the first ` +
      `of category ${stray[0]!.category}; they took no part, as in the devkit`,
    ]),
    ...(lost.length === 0 ? [] : [
      `${lost.length} annotations are of images or categories that the ground truth does not list, ` +
      `the first is annotation ${lost[0]!.id}; they took no part, as in the devkit`,
    ]),
  ];
}

function outcome(_request: Request, { items }: Plan<CocoImageItem>, state: Scored): Outcome {
  const { categories } = items[0]!.shared;
  const { scores, byCategory } = cocoAp.compute(state.counts!);
  const count = (of: "objects" | "detections") =>
    items.reduce((sum, item) => sum + item[of].length, 0);
  return {
    inputs: { images: items.length, objects: count("objects"), detections: count("detections") },
    metrics: { ...scores },
    perClass: Object.fromEntries(categories.map(({ id, name }, k) => {
      const unique = categories.filter((other) => other.name === name).length === 1;
      return [unique ? name : `${name} (${id})`, { ...byCategory[k]! }];
    })),
    warnings: state.otherSizes === 0 ? [] : [
      `${state.otherSizes} pairs of masks have different sizes; they match nothing, as in the devkit`,
    ],
    work: { count: count("detections"), unit: "detections" },
  };
}
