/**
 * Vega-Lite charts as SVG text: no DOM, no font on the machine, no clock, so the same data give
 * the same bytes. Charts bring a white ground: they read the same on a light and a dark page.
 */
import type { TopLevelSpec } from "vega-lite";
import { GENERATED_MARK } from "./markdown.ts";

/** A Vega-Lite chart: plain data until {@linkcode drawSvg}. */
export type ChartSpec = TopLevelSpec;

/** The colours of all charts, told apart also without red and green. */
export const COLORS = {
  text: "#24292f",
  muted: "#6e7781",
  grid: "#e4e7eb",
  faster: "#2f6db5",
  same: "#a8c3e2",
  slower: "#d9782d",
  baseline: "#9aa1a9",
  limit: "#24292f",
  /** For points of several variants. */
  series: ["#2f6db5", "#d9782d", "#3a8f6a", "#8a4fae", "#b8860b", "#c2456a", "#4a9bb5", "#6e7781"],
} as const;

const FONT = "Helvetica, Arial, 'DejaVu Sans', sans-serif";

const CONFIG = {
  background: "white",
  padding: 14,
  font: FONT,
  // Screen readers get the alt text of the page; the marks' own would double the file.
  aria: false,
  view: { stroke: null },
  title: {
    anchor: "start",
    frame: "group",
    fontSize: 13,
    fontWeight: "bold",
    color: COLORS.text,
    subtitleColor: COLORS.muted,
    subtitleFontSize: 11,
    subtitlePadding: 4,
    offset: 10,
  },
  axis: {
    labelFontSize: 11,
    titleFontSize: 11,
    titleFontWeight: "normal",
    titleColor: COLORS.muted,
    labelColor: COLORS.text,
    gridColor: COLORS.grid,
    domainColor: COLORS.baseline,
    tickColor: COLORS.baseline,
    labelLimit: 400,
  },
  legend: { labelLimit: 400 },
  concat: { spacing: 14 },
} as const;

/** Draws a chart. Vega is loaded on the first call: 0.3 s that a run without charts does not pay. */
export async function drawSvg(spec: ChartSpec): Promise<string> {
  const [vega, lite] = await Promise.all([import("vega"), import("vega-lite")]);
  const compiled = lite.compile(spec, { config: CONFIG }).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: "none" });
  try {
    return `${GENERATED_MARK}${ownIds(shortNumbers(await view.toSVG()))}\n`;
  } finally {
    view.finalize();
  }
}

/**
 * Coordinates to two decimals: a smaller file, and the last bits of a logarithm, which may differ
 * between engines, never reach it. Text between tags is left as it is.
 */
function shortNumbers(svg: string): string {
  return svg.replaceAll(
    /<[^>]*>/g,
    (tag) =>
      tag.replaceAll(/-?\d+\.\d{3,}(e-\d+)?/g, (number) => String(+(+number).toFixed(2) || 0)),
  );
}

/** Vega counts clip paths over all charts of a process: count them from 1 in each. */
function ownIds(svg: string): string {
  const found = [...new Set([...svg.matchAll(/id="(clip\d+)"/g)].map((match) => match[1]!))];
  return svg.replaceAll(
    /(id="|url\(#)(clip\d+)/g,
    (_, before: string, id: string) => `${before}clip${found.indexOf(id) + 1}`,
  );
}
