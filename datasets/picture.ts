/**
 * The bird's-eye picture of a scan: x up, y left, points in the colours of their classes (of their
 * heights, without labels) and boxes as outlines with a line from the centre to the front.
 */
import type { ScanMetadata } from "./metadata.ts";
import { encodePng } from "./png.ts";
import type { Rgb } from "./published/published.ts";
import { classColour } from "./published/registry.ts";
import type { Scan } from "./scan.ts";
import { base64, css, svgPage } from "./svg_page.ts";

/** Pixels of the longer side of the map; up to twice as many where a pixel would be coarser. */
const SIDE = 1000;
/** Metres: of a car 10 pixels wide the front can be told from the back. */
const COARSEST = 0.2;

/** Where the map lies on the ground. */
interface Frame {
  /** Metres: x at the top edge, y at the left edge. */
  readonly top: number;
  readonly left: number;
  readonly metresPerPixel: number;
  readonly width: number;
  readonly height: number;
}

/** The picture as SVG: the points as an image inside, with legend and scale. */
export function birdsEyeSvg(scan: Scan, metadata: ScanMetadata): string {
  const frame = frameOf(scan);
  const { width, height } = frame;
  const png = encodePng(width, height, raster(scan, metadata, frame));
  return svgPage(scan.id, metadata, { width, height, legend: legendOf(scan, metadata) }, [
    `<image width="${width}" height="${height}" href="data:image/png;base64,${base64(png)}"/>`,
    ...boxOutlines(scan, metadata, frame).map(([corners, colour]) =>
      `<path d="M${corners.map((at) => at.map((v) => v.toFixed(1)).join(" ")).join("L")}" ` +
      `fill="none" stroke="${css(colour)}" stroke-width="1.5"/>`
    ),
    ...scaleBar(frame),
  ]);
}

/** The picture as PNG: points and boxes, without the legend. */
export function birdsEyePng(scan: Scan, metadata: ScanMetadata): Uint8Array {
  const frame = frameOf(scan);
  const pixels = raster(scan, metadata, frame);
  for (const [corners, colour] of boxOutlines(scan, metadata, frame)) {
    for (let i = 1; i < corners.length; i++) {
      line(pixels, frame, corners[i - 1]!, corners[i]!, colour);
    }
  }
  return encodePng(frame.width, frame.height, pixels);
}

/** The map that holds the boxes and all but the farthest half percent of the points each way. */
function frameOf({ points, boxes }: Scan): Frame {
  const geometry = boxes?.geometry ?? new Float32Array();
  const range = (axis: number) => {
    let [low, high] = bounds(points, axis);
    for (let at = 0; at < geometry.length; at += 7) {
      const radius = Math.hypot(geometry[at + 3]!, geometry[at + 4]!) / 2;
      const [from, to] = [geometry[at + axis]! - radius, geometry[at + axis]! + radius];
      if (!Number.isFinite(from) || !Number.isFinite(to)) continue;
      [low, high] = [Math.min(low, from), Math.max(high, to)];
    }
    return [low, high] as const;
  };
  const [bottom, top] = range(0);
  const [right, left] = range(1);
  const metres = Math.max(top - bottom, left - right);
  const metresPerPixel = Math.max(metres / (2 * SIDE), Math.min(metres / SIDE, COARSEST));
  return {
    top,
    left,
    metresPerPixel,
    width: Math.max(1, Math.ceil((left - right) / metresPerPixel)),
    height: Math.max(1, Math.ceil((top - bottom) / metresPerPixel)),
  };
}

function bounds(points: Float32Array, axis: number): [low: number, high: number] {
  const values = Float32Array.from(
    { length: points.length / 4 },
    (_, i) => points[4 * i + axis]!,
  ).sort();
  const cut = Math.floor(values.length / 200);
  const low = values[cut] ?? 0;
  const high = values[values.length - 1 - cut] ?? 0;
  const margin = 0.02 * (high - low) + 1e-3;
  return [low - margin, high + margin];
}

type Pixel = [x: number, y: number];

const toPixel = (frame: Frame, x: number, y: number): Pixel => [
  (frame.left - y) / frame.metresPerPixel,
  (frame.top - x) / frame.metresPerPixel,
];

/** The points as pixels, the highest on top. */
function raster(scan: Scan, metadata: ScanMetadata, frame: Frame): Uint8Array {
  const { points, semantic } = scan;
  const { width, height } = frame;
  const pixels = new Uint8Array(3 * width * height).fill(24);
  const heights = new Float32Array(width * height).fill(-Infinity);
  const [low, high] = bounds(points, 2);
  const colours = new Map<number, Rgb>();
  for (let i = 0; i < points.length / 4; i++) {
    const [px, py] = toPixel(frame, points[4 * i]!, points[4 * i + 1]!);
    const [column, row] = [Math.floor(px), Math.floor(py)];
    const z = points[4 * i + 2]!;
    if (!(column >= 0 && column < width && row >= 0 && row < height)) continue;
    if (z <= heights[row * width + column]!) continue;
    heights[row * width + column] = z;
    const id = semantic?.[i];
    let colour = id === undefined ? heightColour((z - low) / (high - low)) : colours.get(id);
    if (colour === undefined) {
      colours.set(id!, colour = visible(classColour(metadata.dataset, id!)));
    }
    pixels.set(colour, 3 * (row * width + column));
  }
  return pixels;
}

/** From blue (low) over white to red (high). */
function heightColour(share: number): Rgb {
  const t = Math.min(1, Math.max(0, share));
  return [
    Math.round(255 * Math.min(1, 2 * t)),
    Math.round(255 * (1 - Math.abs(2 * t - 1))),
    Math.round(255 * Math.min(1, 2 - 2 * t)),
  ];
}

/** The colour, lightened where it would vanish on the dark ground. */
export function visible(colour: Rgb): Rgb {
  const [r, g, b] = colour;
  return r + g + b < 150 ? [r + 60, g + 60, b + 60] : colour;
}

/** Of each box the corners of its rectangle, closed, and the line to its front. */
function boxOutlines(
  { boxes }: Scan,
  { dataset }: ScanMetadata,
  frame: Frame,
): [corners: Pixel[], colour: Rgb][] {
  if (boxes === undefined) return [];
  return Array.from(boxes.semantic, (id, b) => {
    const [x = 0, y = 0, , length = 0, width = 0, , yaw = 0] = boxes.geometry.subarray(7 * b);
    const [c, s] = [Math.cos(yaw), Math.sin(yaw)];
    const at = (u: number, v: number) =>
      toPixel(
        frame,
        x + (c * u * length - s * v * width) / 2,
        y + (s * u * length + c * v * width) / 2,
      );
    const outline = [at(0, 0), at(1, 0), at(1, 1), at(-1, 1), at(-1, -1), at(1, -1), at(1, 0)];
    return [outline, visible(classColour(dataset, id))];
  });
}

/** Draws a line a pixel wide; what lies outside is left out. */
function line(pixels: Uint8Array, frame: Frame, from: Pixel, to: Pixel, colour: Rgb): void {
  const steps = Math.min(4 * SIDE, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1])) + 1);
  for (let i = 0; i <= steps; i++) {
    const column = Math.round(from[0] + (to[0] - from[0]) * i / steps);
    const row = Math.round(from[1] + (to[1] - from[1]) * i / steps);
    if (column < 0 || column >= frame.width || row < 0 || row >= frame.height) continue;
    pixels.set(colour, 3 * (row * frame.width + column));
  }
}

/** A round number of metres about a fifth of the map wide, and a cross at the sensor. */
function scaleBar(frame: Frame): string[] {
  const metres = frame.width * frame.metresPerPixel / 5;
  const unit = 10 ** Math.floor(Math.log10(metres));
  const round = unit * [5, 2, 1].find((n) => n * unit <= metres)!;
  const pixels = round / frame.metresPerPixel;
  const y = frame.height - 14;
  const [sx, sy] = toPixel(frame, 0, 0);
  return [
    `<path d="M14 ${y}h${pixels.toFixed(1)}" stroke="white" stroke-width="3"/>`,
    `<text x="14" y="${y - 6}" fill="white">${Number(round.toPrecision(3))} m</text>`,
    `<path d="M${(sx - 6).toFixed(1)} ${sy.toFixed(1)}h12m-6 -6v12" stroke="white"/>`,
  ];
}

/** The classes of the scan, the most frequent first. */
function legendOf({ semantic, boxes }: Scan, { dataset, classes }: ScanMetadata): [string, Rgb][] {
  const entries = (
    ids: Uint16Array | undefined,
    unit: (count: number) => string,
  ): [string, Rgb][] => {
    const counts = new Map<number, number>();
    for (const id of ids ?? []) counts.set(id, (counts.get(id) ?? 0) + 1);
    return [...counts].sort((a, b) => b[1] - a[1]).map(([id, count]) => [
      `${classes[id] ?? `class ${id}`}: ${count}${unit(count)}`,
      visible(classColour(dataset, id)),
    ]);
  };
  return [
    ...entries(semantic, () => ""),
    ...entries(boxes?.semantic, (count) => count === 1 ? " box" : " boxes"),
  ];
}
