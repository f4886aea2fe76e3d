/** Scores one image of COCO: boxes and masks of each category, their IoUs, their areas. */
import { InputError } from "../../std/errors.ts";
import { cocoAp, type CocoState, MAX_DETECTIONS } from "../metrics/coco_ap.ts";
import { boxIous, maskIous } from "../metrics/coco_iou.ts";
import { areaOf, boxOf, MaskError, type Rle } from "../metrics/coco_rle.ts";
import { rleOfBox } from "../metrics/coco_polygon.ts";
import { maskOf, type Segmentation } from "./coco_fields.ts";
import type { CocoDetection } from "./coco_results.ts";
import type { CocoImage, CocoKind, CocoObject } from "./coco_truth.ts";

/** What all images have in common. */
export interface CocoShared {
  readonly kind: CocoKind;
  /** Whether the areas of detections are those of their boxes, not of their masks. */
  readonly areasOfBoxes: boolean;
  readonly truthPath: string;
  readonly resultsPath: string;
  /** By ascending id. */
  readonly categories: readonly { readonly id: number; readonly name: string }[];
}

/** An image with all that is in it. */
export interface CocoImageItem {
  /** Place by ascending id. */
  readonly index: number;
  readonly image: CocoImage;
  readonly objects: CocoObject[];
  readonly detections: CocoDetection[];
  readonly shared: CocoShared;
}

/**
 * Adds an image to the counts; gives the number of pairs of masks whose sizes differ.
 *
 * @throws {InputError} A mask or a box is malformed; the text names file and annotation.
 */
export function scoreImage(item: CocoImageItem, counts: CocoState): number {
  const { objects, detections, shared: { categories } } = item;
  const objectsOf = Map.groupBy(objects, ({ category }) => category);
  const detectionsOf = Map.groupBy(detections, ({ category }) => category);
  let otherSizes = 0;
  for (let k = 0; k < categories.length; k++) {
    const { id } = categories[k]!;
    const truth = objectsOf.get(id) ?? [];
    const best = highest(detectionsOf.get(id) ?? []);
    if (truth.length === 0 && best.length === 0) continue;
    const { areas, ious } = compare(item, best, truth);
    otherSizes += ious.reduce((count, iou) => count + Number(iou === -1), 0);
    cocoAp.update(counts, {
      image: item.index,
      category: k,
      scores: best.map(({ score }) => score),
      areas,
      ious,
      truth: {
        areas: truth.map(({ area }) => area),
        crowd: truth.map(({ crowd }) => crowd),
        idIsZero: truth.map((object) => object.id === 0),
      },
    });
  }
  return otherSizes;
}

/** The detections that count, by falling score; equal ones in their order, NaN last. */
function highest(detections: readonly CocoDetection[]): CocoDetection[] {
  const rank = ({ score }: CocoDetection) => Number.isNaN(score) ? -Infinity : score;
  const isNaN = ({ score }: CocoDetection) => Number(Number.isNaN(score));
  return detections
    .toSorted((a, b) => rank(a) === rank(b) ? isNaN(a) - isNaN(b) : rank(b) - rank(a))
    .slice(0, MAX_DETECTIONS);
}

/** Areas of the detections and their IoUs with the truth, [detections, truth]. */
function compare(
  item: CocoImageItem,
  detections: readonly CocoDetection[],
  truth: readonly CocoObject[],
): { areas: number[]; ious: Float64Array } {
  const { kind, areasOfBoxes } = item.shared;
  const crowd = truth.map((object) => object.crowd);
  const masks = kind === "bbox" && areasOfBoxes
    ? []
    : detections.map((detection) => detectionMask(item, detection));
  const areas = areasOfBoxes ? detections.map(({ box }) => box![2]! * box![3]!) : masks.map(areaOf);
  if (kind === "segm") {
    return { areas, ious: maskIous(masks, truth.map((one) => objectMask(item, one)), crowd) };
  }
  const boxes = new Float64Array(4 * detections.length);
  detections.forEach((detection, d) => {
    if (detection.box === undefined) boxOf(masks[d]!, boxes, 4 * d);
    else boxes.set(whole(detection.box, resultPlace(item, detection)), 4 * d);
  });
  const trueBoxes = truth.flatMap((one) => whole(one.box!, objectPlace(item, one)));
  return { areas, ious: boxIous(boxes, Float64Array.from(trueBoxes), crowd) };
}

function whole(box: readonly number[], place: string): readonly number[] {
  if (box.length === 4) return box;
  throw new InputError(`${place}: its bbox is empty, and 4 numbers are needed`);
}

function detectionMask(item: CocoImageItem, detection: CocoDetection): Rle {
  return drawn(
    item.image,
    resultPlace(item, detection),
    (canvas) =>
      detection.mask === undefined
        ? rleOfBox(detection.box!, canvas())
        : drawMask(detection.mask, canvas),
  );
}

function objectMask(item: CocoImageItem, object: CocoObject): Rle {
  return drawn(item.image, objectPlace(item, object), (canvas) => drawMask(object.mask!, canvas));
}

function drawMask(mask: Segmentation, canvas: () => Size): Rle {
  return "counts" in mask ? maskOf(mask, NO_SIZE) : maskOf(mask, canvas());
}

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Runs carry their own size. */
const NO_SIZE: Size = { height: 0, width: 0 };

function drawn({ id, height, width }: CocoImage, place: string, draw: (canvas: () => Size) => Rle) {
  try {
    return draw(() => {
      if (height !== undefined && width !== undefined && height * width < 2 ** 31) {
        return { height, width };
      }
      throw new MaskError(`image ${id} has size ${height} x ${width}, and a size is needed`);
    });
  } catch (error) {
    if (!(error instanceof MaskError)) throw error;
    throw new InputError(`${place}: ${error.message}`, { cause: error });
  }
}

function resultPlace({ shared: { resultsPath } }: CocoImageItem, { index }: CocoDetection): string {
  return `Cannot score "${resultsPath}", detection ${index} (counted from 0)`;
}

function objectPlace({ shared: { truthPath } }: CocoImageItem, { id }: CocoObject): string {
  return `Cannot score "${truthPath}", annotation ${id}`;
}
