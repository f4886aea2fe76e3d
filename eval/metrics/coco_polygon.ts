/** Polygons as run-length masks, by the rule of cocoapi's `rleFrPoly`. */
import { MaskError, type Rle } from "./coco_rle.ts";

/** Boundaries are traced on a grid of so many steps a pixel. */
const SCALE = 5;
/** Step of a pixel at which a boundary enters its column. */
const ENTRY = 2;
/** Largest coordinate on that grid: differences stay within 32 bits. */
const MAX_COORDINATE = 2 ** 30;
/** Columns that a polygon's boundary may cross, all together. */
const MAX_CROSSINGS = 2 ** 22;

/** Size of the image that a polygon is drawn in. */
export interface Canvas {
  readonly height: number;
  readonly width: number;
}

/**
 * The pixels inside a polygon.
 *
 * @param xy Corners [x, y, x, y, ...] in pixels; an odd last number does not count.
 * @throws {MaskError} A coordinate is out of range, or the boundary crosses too many columns.
 */
export function rleOfPolygon(xy: ArrayLike<number>, { height, width }: Canvas): Rle {
  const corners = xy.length >> 1;
  const [x, y] = [new Int32Array(corners + 1), new Int32Array(corners + 1)];
  for (let j = 0; j < corners; j++) {
    x[j] = onGrid(xy[2 * j]!);
    y[j] = onGrid(xy[2 * j + 1]!);
  }
  x[corners] = x[0]!;
  y[corners] = y[0]!;
  const crossings: number[] = [];
  for (let j = 0; j < corners; j++) {
    const edge = { xs: x[j]!, ys: y[j]!, xe: x[j + 1]!, ye: y[j + 1]! };
    crossEdge(edge, { height, width }, crossings);
    if (crossings.length > MAX_CROSSINGS) {
      throw new MaskError(`a polygon of it crosses more than ${MAX_CROSSINGS} columns`);
    }
  }
  return { height, width, counts: countsOf(crossings, height * width) };
}

/**
 * The pixels inside a box, drawn as a polygon.
 *
 * @param box [x, y, width, height] in pixels.
 */
export function rleOfBox(box: ArrayLike<number>, canvas: Canvas): Rle {
  const [x1, y1] = [box[0]!, box[1]!];
  const [x2, y2] = [x1 + box[2]!, y1 + box[3]!];
  return rleOfPolygon([x1, y1, x1, y2, x2, y2, x2, y1], canvas);
}

function onGrid(pixels: number): number {
  const steps = Math.trunc(SCALE * pixels + 0.5);
  if (Math.abs(steps) < MAX_COORDINATE) return steps;
  throw new MaskError(`a polygon of it has coordinate ${pixels}, which is out of range`);
}

interface Edge {
  readonly xs: number;
  readonly ys: number;
  readonly xe: number;
  readonly ye: number;
}

/**
 * Adds where an edge enters columns, as the index of the pixel there. The reference walks along
 * the edge in unit steps of the longer direction; here each column's step is computed.
 */
function crossEdge(edge: Edge, { height, width }: Canvas, crossings: number[]): void {
  const { xs, xe } = edge;
  const [low, high] = xs < xe ? [xs, xe] : [xe, xs];
  const first = Math.max(0, Math.ceil((low - ENTRY) / SCALE));
  const last = Math.min(width - 1, Math.floor((high - ENTRY - 1) / SCALE));
  if (first > last) return;
  const yAt = high - low >= Math.abs(edge.ye - edge.ys) ? flatEdge(edge) : steepEdge(edge);
  for (let column = first; column <= last; column++) {
    const y = (yAt(SCALE * column + ENTRY) + 0.5) / SCALE - 0.5;
    crossings.push(column * height + Math.ceil(y < 0 ? 0 : y > height ? height : y));
  }
}

/** Of an edge that is walked along x: the smaller y of the steps to `u` and `u + 1`. */
function flatEdge({ xs, ys, xe, ye }: Edge): (u: number) => number {
  const [x0, y0, y1] = xs > xe ? [xe, ye, ys] : [xs, ys, ye];
  const slope = (y1 - y0) / Math.abs(xe - xs);
  const at = (t: number) => Math.trunc(y0 + slope * t + 0.5);
  return (u) => Math.min(at(u - x0), at(u - x0 + 1));
}

/** Of an edge that is walked along y: y of the last step before x changes between `u` and `u + 1`. */
function steepEdge({ xs, ys, xe, ye }: Edge): (u: number) => number {
  const [x0, y0, x1] = ys > ye ? [xe, ye, xs] : [xs, ys, xe];
  const slope = (x1 - x0) / Math.abs(ye - ys);
  const at = (t: number) => Math.trunc(x0 + slope * t + 0.5);
  return (u) => {
    const passed = (t: number) => slope > 0 ? at(t) > u : at(t) <= u;
    let t = Math.ceil((u + 0.5 - x0) / slope);
    while (passed(t - 1)) t--;
    while (!passed(t)) t++;
    return y0 + t - 1;
  };
}

/** The runs between crossings; two crossings at one pixel cancel out. */
function countsOf(crossings: readonly number[], size: number): Uint32Array {
  const ends = new Float64Array(crossings.length + 1);
  ends.set(crossings);
  ends[crossings.length] = size;
  ends.sort();
  const counts: number[] = [ends[0]!];
  for (let j = 1; j < ends.length; j++) {
    const run = ends[j]! - ends[j - 1]!;
    if (run > 0) {
      counts.push(run);
      continue;
    }
    j++;
    if (j < ends.length) counts[counts.length - 1]! += ends[j]! - ends[j - 1]!;
  }
  return Uint32Array.from(counts);
}
