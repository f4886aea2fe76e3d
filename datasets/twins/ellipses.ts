/** Ellipses as the outlines of synthetic objects: pixels, polygons and run-length masks. */
import type { Random } from "../synth/random.ts";

/** Centre and half axes, in pixels. */
export interface Ellipse {
  readonly x: number;
  readonly y: number;
  readonly a: number;
  readonly b: number;
}

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** An ellipse of a size that real objects have, most of them small, inside the image. */
export function randomEllipse(random: Random, { width, height }: ImageSize): Ellipse {
  const scale = 0.02 + 0.28 * random.next() ** 2;
  const a = Math.max(3, width * scale * random.range(0.5, 1.2));
  const b = Math.max(3, height * scale * random.range(0.5, 1.2));
  return { x: random.range(a, width - a), y: random.range(b, height - b), a, b };
}

/** The ellipse as a detector finds it: moved and scaled by up to `share` of its size. */
export function jitter(random: Random, { x, y, a, b }: Ellipse, share: number): Ellipse {
  const by = () => random.range(-share, share);
  return { x: x + a * by(), y: y + b * by(), a: a * (1 + by()), b: b * (1 + by()) };
}

/** [x, y, width, height] of the box around it, with two decimals. */
export function boxOf({ x, y, a, b }: Ellipse): number[] {
  return [x - a, y - b, 2 * a, 2 * b].map(hundredths);
}

/** Corners [x, y, x, y, ...] on it, with two decimals. */
export function polygonOf({ x, y, a, b }: Ellipse, corners: number): number[] {
  return Array.from({ length: corners }, (_, k) => {
    // A quadratic sine: the same digits on every machine, and round enough.
    const [cos, sin] = [wave(k / corners + 0.25), wave(k / corners)];
    return [hundredths(x + a * cos), hundredths(y + b * sin)];
  }).flat();
}

/** A wave of period 1 between -1 and 1, made of parabolas. */
function wave(turns: number): number {
  const t = turns - Math.floor(turns);
  return t < 0.5 ? 16 * t * (0.5 - t) : 16 * (t - 0.5) * (t - 1);
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Calls `visit` with each column of the ellipse and the rows in it, first and after the last. */
export function eachColumn(
  { x, y, a, b }: Ellipse,
  { width, height }: ImageSize,
  visit: (column: number, top: number, bottom: number) => void,
): void {
  const last = Math.min(width - 1, Math.floor(x + a));
  for (let column = Math.max(0, Math.ceil(x - a)); column <= last; column++) {
    const half = b * Math.sqrt(Math.max(0, 1 - ((column - x) / a) ** 2));
    const top = Math.max(0, Math.ceil(y - half));
    const bottom = Math.min(height, Math.floor(y + half) + 1);
    if (bottom > top) visit(column, top, bottom);
  }
}

/** Lengths of the runs of 0 and 1 in turn, down the columns, and the pixels inside. */
export function runsOf(ellipse: Ellipse, size: ImageSize): { counts: number[]; area: number } {
  const counts: number[] = [];
  let end = 0;
  let area = 0;
  eachColumn(ellipse, size, (column, top, bottom) => {
    const start = column * size.height + top;
    const length = bottom - top;
    if (start === end && counts.length > 0) counts[counts.length - 1]! += length;
    else counts.push(start - end, length);
    end = start + length;
    area += length;
  });
  const rest = size.width * size.height - end;
  if (rest > 0) counts.push(rest);
  return { counts, area };
}

/** COCO's text form of runs: six bits a character, differences to the run two before. */
export function textOf(counts: readonly number[]): string {
  let text = "";
  for (const [i, count] of counts.entries()) {
    let value = i > 2 ? count - counts[i - 2]! : count;
    for (let more = true; more;) {
      const bits = value & 31;
      value >>= 5;
      more = (bits & 16) !== 0 ? value !== -1 : value !== 0;
      text += String.fromCharCode(48 + (more ? bits | 32 : bits));
    }
  }
  return text;
}
