/** The page that all pictures of a scan stand on: title, legend on the right. */
import type { ScanMetadata } from "./metadata.ts";
import type { Rgb } from "./published/published.ts";

/** Pixels of the legend's width. */
export const LEGEND = 320;

/** What stands where on a page. */
interface Layout {
  /** Of the picture, pixels. */
  readonly width: number;
  readonly height: number;
  /** Lines of the legend and their colours. */
  readonly legend: readonly (readonly [string, Rgb])[];
}

/** An SVG of a picture, whose elements are `body`, and its legend. */
export function svgPage(
  id: string,
  { dataset }: ScanMetadata,
  { width, height, legend }: Layout,
  body: readonly string[],
): string {
  const full = Math.max(height, 60 + 16 * legend.length);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width + LEGEND}" height="${full}" ` +
    `font-family="sans-serif" font-size="12">`,
    `<title>${escapeXml(`${dataset}: ${id}`)}</title>`,
    `<rect width="100%" height="100%" fill="white"/>`,
    ...body,
    `<text x="${width + 10}" y="18" font-weight="bold">${escapeXml(id)}</text>`,
    ...legend.flatMap(([text, colour], i) => [
      `<rect x="${width + 10}" y="${30 + 16 * i}" width="11" height="11" fill="${css(colour)}"/>`,
      `<text x="${width + 26}" y="${40 + 16 * i}">${escapeXml(text)}</text>`,
    ]),
    "</svg>",
    "",
  ].join("\n");
}

export const css = (colour: Rgb) => `rgb(${colour.join(",")})`;

const escapeXml = (text: string) =>
  text.replace(/[<>&"\p{Cc}]/gu, (c) => `&#${Math.max(32, c.codePointAt(0)!)};`);

/** In pieces: a call can take only so many arguments. */
export function base64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  }
  return btoa(text);
}
