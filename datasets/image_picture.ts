/**
 * The picture of a sample that is an image: its label image laid over it in the colours of the
 * classes, and its objects as boxes and outlines.
 */
import { decodePng, PngError } from "../std/png.ts";
import { imageSize, type Size } from "./encoded_image.ts";
import { countPixels, decodeLabelImage } from "./label_image.ts";
import type { ScanMetadata } from "./metadata.ts";
import { visible } from "./picture.ts";
import { encodePng } from "./png.ts";
import type { Rgb } from "./published/published.ts";
import { classColour } from "./published/registry.ts";
import type { Scan } from "./scan.ts";
import { base64, css, svgPage } from "./svg_page.ts";

/** Share of the labels' colours where there is an image below them. */
const OPACITY = 0.6;

/** Size of the first image, or of its labels where images were left out. */
function sizeOf({ id, images, labelImages }: Scan): Size {
  const image = [...images ?? [], ...labelImages ?? []].find(({ length }) => length > 0);
  return image === undefined ? [1, 1] : imageSize(image, `image of "${id}"`);
}

/** The picture as SVG, with a legend; images of any kind are kept as they are. */
export function imageSvg(scan: Scan, metadata: ScanMetadata): string {
  const [width, height] = sizeOf(scan);
  const image = scan.images?.[0];
  const labels = labelColours(scan, metadata);
  const embed = (bytes: Uint8Array, kind: string, opacity: number) =>
    `<image width="${width}" height="${height}" opacity="${opacity}" ` +
    `href="data:image/${kind};base64,${base64(bytes)}"/>`;
  const hasImage = image !== undefined && image.length > 0;
  return svgPage(scan.id, metadata, { width, height, legend: legendOf(scan, metadata) }, [
    ...hasImage ? [embed(image, image[0] === 0xff ? "jpeg" : "png", 1)] : [],
    ...labels ? [embed(encodePng(width, height, labels), "png", hasImage ? OPACITY : 1)] : [],
    ...objectShapes(scan, metadata),
  ]);
}

/** The picture as PNG; a JPEG image is left dark below its labels and boxes. */
export function imagePng(scan: Scan, metadata: ScanMetadata): Uint8Array {
  const [width, height] = sizeOf(scan);
  const base = decodedRgb(scan.images?.[0]);
  const labels = labelColours(scan, metadata);
  const share = base && labels ? OPACITY : labels ? 1 : 0;
  const pixels = Uint8Array.from(
    { length: 3 * width * height },
    (_, i) => (1 - share) * (base?.[i] ?? 24) + share * (labels?.[i] ?? 0),
  );
  const { boxes, semantic } = scan.objects ?? { boxes: [], semantic: [] };
  for (let o = 0; o < semantic.length; o++) {
    const rectangle = Array.from(boxes.slice(4 * o, 4 * o + 4));
    outline(pixels, [width, height], rectangle, classColour(metadata.dataset, semantic[o]!));
  }
  return encodePng(width, height, pixels);
}

/** Red, green, blue of a PNG of 8 bits; undefined for other images. */
function decodedRgb(image: Uint8Array | undefined): Uint8Array | undefined {
  try {
    if (image === undefined || image[0] !== 0x89) return undefined;
    const { samples, channels, colour, width, height } = decodePng(image);
    if (!(samples instanceof Uint8Array) || colour === "palette") return undefined;
    const step = channels < 3 ? 0 : 1;
    return Uint8Array.from(
      { length: 3 * width * height },
      (_, i) => samples[Math.floor(i / 3) * channels + step * (i % 3)]!,
    );
  } catch (error) {
    if (error instanceof PngError) return undefined;
    throw error;
  }
}

/** The label image in the colours of its classes. */
function labelColours(
  { id, labelImages }: Scan,
  { dataset }: ScanMetadata,
): Uint8Array | undefined {
  const labels = labelImages?.[0];
  if (labels === undefined || labels.length === 0) return undefined;
  const { samples } = decodeLabelImage(labels, `label image of "${id}"`);
  const colours = new Map<number, Rgb>();
  const pixels = new Uint8Array(3 * samples.length);
  samples.forEach((label, i) => {
    let colour = colours.get(label);
    if (colour === undefined) colours.set(label, colour = classColour(dataset, label));
    pixels.set(colour, 3 * i);
  });
  return pixels;
}

/** Box and polygons of each object. */
function objectShapes({ objects }: Scan, { dataset }: ScanMetadata): string[] {
  if (objects === undefined) return [];
  return Array.from(objects.semantic).flatMap((id, o) => {
    const colour = css(visible(classColour(dataset, id)));
    const [x, y, width, height] = objects.boxes.subarray(4 * o, 4 * o + 4);
    return [
      `<rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" ` +
      `stroke="${colour}" stroke-width="1.5"/>`,
      ...polygons(objects.masks[o] ?? "").map((points) =>
        `<polygon points="${points.join(" ")}" fill="${colour}" fill-opacity="0.35"/>`
      ),
    ];
  });
}

/** The polygons of a mask; none where it is run-length encoded. */
function polygons(mask: string): number[][] {
  try {
    const parsed: unknown = mask === "" ? [] : JSON.parse(mask);
    return (Array.isArray(parsed) ? parsed : []).filter((polygon): polygon is number[] =>
      Array.isArray(polygon) && polygon.every((v) => typeof v === "number")
    );
  } catch {
    return [];
  }
}

function outline(
  pixels: Uint8Array,
  [width, height]: Size,
  [left = 0, top = 0, w = 0, h = 0]: readonly number[],
  colour: Rgb,
): void {
  const clamp = (value: number, end: number) => Math.min(end - 1, Math.max(0, Math.round(value)));
  const [x0, x1] = [clamp(left, width), clamp(left + w, width)];
  const [y0, y1] = [clamp(top, height), clamp(top + h, height)];
  const set = (x: number, y: number) => pixels.set(colour, 3 * (y * width + x));
  for (let x = x0; x <= x1; x++) [y0, y1].forEach((y) => set(x, y));
  for (let y = y0; y <= y1; y++) [x0, x1].forEach((x) => set(x, y));
}

function legendOf({ id, labelImages, objects }: Scan, metadata: ScanMetadata): [string, Rgb][] {
  const labels = labelImages?.[0];
  const pixels = labels === undefined || labels.length === 0
    ? new Map<number, number>()
    : countPixels(decodeLabelImage(labels, `label image of "${id}"`));
  const counts = new Map<number, number>();
  for (const id of objects?.semantic ?? []) counts.set(id, (counts.get(id) ?? 0) + 1);
  const entries = (of: ReadonlyMap<number, number>, unit: string): [string, Rgb][] =>
    [...of].sort((a, b) => b[1] - a[1]).map(([id, count]) => [
      `${metadata.classes[id] ?? `class ${id}`}: ${count} ${unit}`,
      classColour(metadata.dataset, id),
    ]);
  return [...entries(pixels, "pixels"), ...entries(counts, "objects")];
}
