/**
 * The area that two boxes share on the ground, as Waymo's `polygon2d.cc` finds it: two edges chase
 * each other around the boundaries (O'Rourke et al., 1982). It differs from the true area where
 * edges lie on each other: then it may be 0, and published scores rest on that.
 */
import { cross, CROSS_EPSILON, type Point, same } from "./exact_cross.ts";
import { BOX, BOX_NUMBERS } from "./upright_boxes.ts";

/** Twice an area up to here is 0. */
const LEAST_AREA = 1e-10;

/** Four corners, counter-clockwise. */
export type Polygon = readonly Point[];

/** The outline of box `i`. */
export function outlineOf(boxes: Float64Array, i: number): Polygon {
  const at = i * BOX_NUMBERS;
  const value = (name: keyof typeof BOX) => boxes[at + BOX[name]]!;
  const [x, y, length] = [value("x"), value("y"), value("length")];
  const half = length / 2;
  const [dx, dy] = [Math.cos(value("heading")) * half, Math.sin(value("heading")) * half];
  const [x1, y1, x2, y2] = [x - dx, y - dy, x + dx, y + dy];
  const across = value("width") / 2;
  const inverse = 1 / length;
  const [wx, wy] = [-(y2 - y1) * inverse * across, (x2 - x1) * inverse * across];
  return [[x1 + wx, y1 + wy], [x1 - wx, y1 - wy], [x2 - wx, y2 - wy], [x2 + wx, y2 + wy]];
}

/** The area that two outlines share. */
export function sharedArea(p: Polygon, q: Polygon): number {
  if (!mayMeet(p, q)) return 0;
  const points = chase(p, q);
  let twice = 0;
  for (let i = 1; i + 1 < points.length; i++) {
    const [a, b, c] = [points[0]!, points[i]!, points[i + 1]!];
    twice += (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
  }
  return Math.abs(twice) <= LEAST_AREA ? 0 : twice * 0.5;
}

function mayMeet(p: Polygon, q: Polygon): boolean {
  for (const axis of [0, 1] as const) {
    const [a, b] = [p.map((point) => point[axis]), q.map((point) => point[axis])];
    if (Math.min(...a) > Math.max(...b) || Math.min(...b) > Math.max(...a)) return false;
  }
  return true;
}

/** Corners of the intersection. */
function chase(p: Polygon, q: Polygon): readonly Point[] {
  const total = p.length + q.length;
  const found: Point[] = [];
  const append = (point: Point) => {
    if (found.length > 0 && (same(point, found[0]!) || same(point, found.at(-1)!))) return;
    found.push(point);
  };
  let inside: "p" | "q" | undefined;
  let [i, j] = [0, 0];
  for (let step = 0; step < 2 * total; step++) {
    const [p0, p1] = [p[i]!, p[(i + 1) % p.length]!];
    const [q0, q1] = [q[j]!, q[(j + 1) % q.length]!];
    const turn = cross(p0, p1, q1, q0);
    const meeting = meetingPoint(p0, p1, q0, q1, turn);
    const pLeft = cross(q1, q0, p1, q0);
    if (meeting !== undefined) {
      if (found.length > 2 && same(meeting, found[0]!)) return found;
      // From the first meeting on, one turn around both leads back to it.
      if (found.length === 0) step = total - 1;
      append(meeting);
      inside = pLeft >= 0 ? "p" : "q";
    }
    const advanceP = turn >= 0 ? pLeft < 0 : cross(p1, p0, q1, p0) >= 0;
    if (advanceP) {
      if (inside === "p") append(p1);
      i = (i + 1) % p.length;
    } else {
      if (inside === "q") append(q1);
      j = (j + 1) % q.length;
    }
  }
  if (found.length > 0) return [];
  if (p.every((point) => contains(q, point))) return p;
  return q.every((point) => contains(p, point)) ? q : [];
}

function contains(polygon: Polygon, [x, y]: Point): boolean {
  return polygon.every(([ax, ay], i) => {
    const [bx, by] = polygon[(i + 1) % polygon.length]!;
    return (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0;
  });
}

/** Where two edges meet; `turn` is the cross product of their directions, the second reversed. */
function meetingPoint(
  p0: Point,
  p1: Point,
  q0: Point,
  q1: Point,
  turn: number,
): Point | undefined {
  if (turn === 0) {
    if (cross(p0, p1, p0, q0) !== 0) return undefined;
    if (between(q0, q1, p0)) return p0;
    if (between(q0, q1, p1)) return p1;
    if (between(p0, p1, q0)) return q0;
    return between(p0, p1, q1) ? q1 : undefined;
  }
  const sign = Math.sign(turn);
  const size = Math.abs(turn);
  const slack = Math.max(size, 1) * CROSS_EPSILON;
  const alongP = cross(p0, q0, q1, q0);
  if (alongP * sign < 0 || alongP * sign > size + slack) return undefined;
  if (alongP * sign > size - slack && cross(p1, q1, q0, q1) * sign < 0) return undefined;
  const alongQ = cross(p0, p1, p0, q0);
  if (alongQ * sign < 0 || alongQ * sign > size + slack) return undefined;
  if (alongQ * sign > size - slack && cross(p1, p0, p1, q1) * sign < 0) return undefined;
  const t = Math.max(0, Math.min(1, alongP / turn));
  return [p0[0] + (p1[0] - p0[0]) * t, p0[1] + (p1[1] - p0[1]) * t];
}

/** Whether a point on the line of an edge lies on the edge. */
function between(a: Point, b: Point, [x, y]: Point): boolean {
  return Math.min(a[0], b[0]) <= x && x <= Math.max(a[0], b[0]) &&
    Math.min(a[1], b[1]) <= y && y <= Math.max(a[1], b[1]);
}
