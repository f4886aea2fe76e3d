/** A KITTI frame as the metric keeps it: objects, and the overlaps that can decide anything. */
import { CORNERS, cornersArea, intersectionArea, writeCorners } from "./rectangles.ts";

/** What an object's type means to the metric, in any case of its letters. */
export const KINDS = ["car", "pedestrian", "cyclist", "van", "person_sitting", "dontcare"] as const;
/** A type that no class is compared with. */
export const OTHER = KINDS.length;
const DONT_CARE = KINDS.indexOf("dontcare");

/** Columns of an object as the files have them, after its type. */
export const FIELDS = {
  truncation: 0,
  occlusion: 1,
  alpha: 2,
  x1: 3,
  y1: 4,
  x2: 5,
  y2: 6,
  h: 7,
  w: 8,
  l: 9,
  x: 10,
  y: 11,
  z: 12,
  ry: 13,
  score: 14,
} as const;
export const FIELD_COUNT = 15;

/** Objects of a file, in its order: a kind and 15 numbers each. */
export interface KittiObjects {
  readonly kinds: Uint8Array;
  readonly fields: Float64Array;
}

export interface KittiFrame {
  /** Number in the file's name. */
  readonly index: number;
  readonly truth: KittiObjects;
  readonly detections: KittiObjects;
}

/** Overlaps by metric: in the image, on the ground, in space. */
export const OVERLAPS = ["2d", "bev", "3d"] as const;
/** No class matches at a smaller overlap than this. */
const LEAST_OVERLAP = 0.5;

/** Ground truth rows of a packed frame. */
export const TRUTH = { kind: 0, occlusion: 1, truncation: 2, height: 3, alpha: 4, ry: 5 } as const;
export const TRUTH_ROW = 6;
/** Detection rows: `dontCare` holds, by metric, the largest share of it in a DontCare box. */
export const DETECTION = { kind: 0, height: 1, score: 2, alpha: 3, ry: 4, dontCare: 5 } as const;
export const DETECTION_ROW = 8;
/** Rows of overlaps: positions of ground truth and detection, overlap. In the order of both. */
export const PAIR_ROW = 3;
/** A packed frame begins with its index and the counts of truth, detections and pairs by metric. */
export const HEADER = 3 + OVERLAPS.length;

/**
 * Everything of a frame that its score can depend on, in one array that crosses threads cheaply:
 * the header, then the rows of ground truth, of detections, and of each metric's pairs.
 */
export function packFrame({ index, truth, detections }: KittiFrame): Float64Array {
  const shapes = [shapesOf(truth), shapesOf(detections)] as const;
  const rows: number[] = [];
  const gts = [...truth.kinds.keys()].filter((i) => truth.kinds[i]! < DONT_CARE);
  const dontCare = [...truth.kinds.keys()].filter((i) => truth.kinds[i] === DONT_CARE);
  for (const i of gts) pushTruth(rows, truth, i);
  for (let j = 0; j < detections.kinds.length; j++) {
    pushDetection(rows, detections, j);
    for (let metric = 0; metric < OVERLAPS.length; metric++) {
      let most = 0;
      for (const i of dontCare) most = Math.max(most, overlapOf(metric, shapes, i, j, true) || 0);
      rows.push(most);
    }
  }
  const counts = OVERLAPS.map((_, metric) => pushPairs(rows, metric, shapes, gts));
  return Float64Array.of(index, gts.length, detections.kinds.length, ...counts, ...rows);
}

function pushTruth(rows: number[], { kinds, fields }: KittiObjects, i: number): void {
  const at = i * FIELD_COUNT;
  rows.push(
    kinds[i]!,
    fields[at + FIELDS.occlusion]!,
    fields[at + FIELDS.truncation]!,
    fields[at + FIELDS.y2]! - fields[at + FIELDS.y1]!,
    fields[at + FIELDS.alpha]!,
    fields[at + FIELDS.ry]!,
  );
}

function pushDetection(rows: number[], { kinds, fields }: KittiObjects, j: number): void {
  const at = j * FIELD_COUNT;
  rows.push(
    kinds[j]!,
    asInt32(Math.abs(fields[at + FIELDS.y1]! - fields[at + FIELDS.y2]!)),
    fields[at + FIELDS.score]!,
    fields[at + FIELDS.alpha]!,
    fields[at + FIELDS.ry]!,
  );
}

/** As C++ on x86 converts a double that is not negative. */
function asInt32(value: number): number {
  return value < 2147483648 ? Math.trunc(value) : -2147483648;
}

function pushPairs(
  rows: number[],
  metric: number,
  shapes: readonly [Shapes, Shapes],
  gts: readonly number[],
): number {
  const before = rows.length;
  const detections = shapes[1].fields.length / FIELD_COUNT;
  gts.forEach((i, position) => {
    for (let j = 0; j < detections; j++) {
      const overlap = overlapOf(metric, shapes, i, j, false);
      if (overlap > LEAST_OVERLAP) rows.push(position, j, overlap);
    }
  });
  return (rows.length - before) / PAIR_ROW;
}

/** Objects with what every overlap of theirs needs. */
interface Shapes {
  readonly fields: Float64Array;
  /** On the ground: first axis x, second z. */
  readonly corners: Float64Array;
  readonly areas: Float64Array;
  /** Half of the diagonal. */
  readonly radii: Float64Array;
}

function shapesOf({ kinds, fields }: KittiObjects): Shapes {
  const corners = new Float64Array(kinds.length * CORNERS);
  const areas = new Float64Array(kinds.length);
  const radii = new Float64Array(kinds.length);
  for (let i = 0; i < kinds.length; i++) {
    const at = i * FIELD_COUNT;
    const ry = fields[at + FIELDS.ry]!;
    const length = fields[at + FIELDS.l]!;
    const width = fields[at + FIELDS.w]!;
    writeCorners(corners, i * CORNERS, {
      x: fields[at + FIELDS.x]!,
      y: fields[at + FIELDS.z]!,
      length,
      width,
      // In a left-handed pair of axes the angle turns the other way.
      cos: Math.cos(ry),
      sin: -Math.sin(ry),
    });
    areas[i] = cornersArea(corners, i * CORNERS);
    radii[i] = Math.sqrt(length * length + width * width) / 2;
  }
  return { fields, corners, areas, radii };
}

/**
 * Overlap of ground truth `i` and detection `j`: intersection over union, or over the detection
 * alone where `ofDetection`. NaN where a number of them is, which no comparison takes for overlap.
 */
function overlapOf(
  metric: number,
  shapes: readonly [Shapes, Shapes],
  i: number,
  j: number,
  ofDetection: boolean,
): number {
  if (metric === 0) return imageOverlap(shapes, i, j, ofDetection);
  const [truth, detections] = shapes;
  const g = i * FIELD_COUNT;
  const d = j * FIELD_COUNT;
  const dx = truth.fields[g + FIELDS.x]! - detections.fields[d + FIELDS.x]!;
  const dz = truth.fields[g + FIELDS.z]! - detections.fields[d + FIELDS.z]!;
  const reach = truth.radii[i]! + detections.radii[j]!;
  if (dx * dx + dz * dz > reach * reach) return 0;
  const area = intersectionArea(truth.corners, i * CORNERS, detections.corners, j * CORNERS);
  if (metric === 1) {
    const all = detections.areas[j]!;
    return area / (ofDetection ? all : truth.areas[i]! + all - area);
  }
  return spaceOverlap(shapes, area, i, j, ofDetection);
}

function spaceOverlap(
  [{ fields: a }, { fields: b }]: readonly [Shapes, Shapes],
  area: number,
  i: number,
  j: number,
  ofDetection: boolean,
): number {
  const g = i * FIELD_COUNT;
  const d = j * FIELD_COUNT;
  const bottom = min(b[d + FIELDS.y]!, a[g + FIELDS.y]!);
  const top = max(b[d + FIELDS.y]! - b[d + FIELDS.h]!, a[g + FIELDS.y]! - a[g + FIELDS.h]!);
  const volume = area * max(0, bottom - top);
  const detection = b[d + FIELDS.h]! * b[d + FIELDS.l]! * b[d + FIELDS.w]!;
  if (ofDetection) return volume / detection;
  const truth = a[g + FIELDS.h]! * a[g + FIELDS.l]! * a[g + FIELDS.w]!;
  return volume / (detection + truth - volume);
}

/** `std::max`: the first where one is NaN. */
function max(a: number, b: number): number {
  return a < b ? b : a;
}

/** `std::min`: the first where one is NaN. */
function min(a: number, b: number): number {
  return b < a ? b : a;
}

/** Boxes in the image have no "+1"; an empty intersection is 0. */
function imageOverlap(
  [{ fields: a }, { fields: b }]: readonly [Shapes, Shapes],
  i: number,
  j: number,
  ofDetection: boolean,
): number {
  const g = i * FIELD_COUNT;
  const d = j * FIELD_COUNT;
  const [gx1, gy1] = [a[g + FIELDS.x1]!, a[g + FIELDS.y1]!];
  const [gx2, gy2] = [a[g + FIELDS.x2]!, a[g + FIELDS.y2]!];
  const [dx1, dy1] = [b[d + FIELDS.x1]!, b[d + FIELDS.y1]!];
  const [dx2, dy2] = [b[d + FIELDS.x2]!, b[d + FIELDS.y2]!];
  const w = min(dx2, gx2) - max(dx1, gx1);
  const h = min(dy2, gy2) - max(dy1, gy1);
  if (w <= 0 || h <= 0) return 0;
  const shared = w * h;
  const detection = (dx2 - dx1) * (dy2 - dy1);
  if (ofDetection) return shared / detection;
  return shared / (detection + (gx2 - gx1) * (gy2 - gy1) - shared);
}
