/**
 * Roofline: arithmetic intensity against speed on logarithmic axes. The roof is what this machine
 * reached in the same run, so a point's distance from it is what is left to gain.
 */
import { formatNumber } from "./numbers.ts";
import type { BenchCase, BenchRoofline } from "./schema.ts";
import { type ChartSpec, COLORS } from "./svg.ts";

const WIDTH = 560;
const HEIGHT = 320;
/** Pixels between two labels that stand near one another. */
const LABEL_GAP = 14;

interface Point {
  readonly variant: string;
  readonly intensity: number;
  readonly gflops: number;
  readonly color: string;
}

interface Frame {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
}

/** The roofline of an op; null when no case counts both operations and bytes. */
export function rooflineChart(
  op: string,
  cases: readonly BenchCase[],
  roofline: BenchRoofline,
): ChartSpec | null {
  const points = pointsOf(cases);
  if (points.length === 0) return null;
  const peak = peakOf(cases, roofline);
  const frame = frameOf(points, peak, roofline);
  return {
    title: { text: `${op}: roofline`, subtitle: subtitleOf(roofline, peak) },
    width: WIDTH,
    height: HEIGHT,
    encoding: {
      x: logChannel("intensity", "operations per byte (flop/B)", frame.x),
      y: logChannel("gflops", "GFLOP/s", frame.y),
    },
    layer: [
      roofLayer(roof(frame, roofline.triadGbps, peak), []),
      ...(roofline.gatherGbps === undefined
        ? []
        : [roofLayer(roof(frame, roofline.gatherGbps, peak), [4, 3])]),
      {
        data: { values: points.map((point) => ({ ...point })) },
        mark: { type: "point", filled: true, size: 70, opacity: 0.9 },
        encoding: { color: { field: "color", type: "nominal", scale: null } },
      },
      {
        data: { values: labelsOf(points, frame) },
        mark: { type: "text", align: "left", baseline: "middle", dx: 8, fontSize: 11 },
        encoding: {
          text: { field: "variant", type: "nominal" },
          color: { field: "color", type: "nominal", scale: null },
        },
      },
    ],
  };
}

interface LogChannel {
  field: string;
  type: "quantitative";
  scale: { type: "log"; domain: number[]; nice: false };
  axis: { title: string; values: number[]; format: string };
}

function logChannel(field: string, title: string, domain: readonly [number, number]): LogChannel {
  return {
    field,
    type: "quantitative",
    scale: { type: "log", domain: [...domain], nice: false },
    axis: { title, values: ticksOf(domain), format: "~g" },
  };
}

/** Ticks at 1, 2 and 5 of each decade, at 1 only where that would be too many. */
function ticksOf([low, high]: readonly [number, number]): number[] {
  const first = Math.floor(Math.log10(low));
  const decades = Array.from(
    { length: Math.ceil(Math.log10(high)) - first + 1 },
    (_, i) => first + i,
  );
  const steps = decades.length > 5 ? [1] : [1, 2, 5];
  return decades.flatMap((decade) => steps.map((step) => Number(`${step}e${decade}`)))
    .filter((value) => value >= low && value <= high);
}

type Layer = Extract<ChartSpec, { layer: unknown }>["layer"][number];

function roofLayer(values: { intensity: number; gflops: number }[], dash: number[]): Layer {
  return {
    data: { values },
    mark: { type: "line", color: COLORS.limit, strokeWidth: 1.5, strokeDash: dash, clip: true },
  };
}

function pointsOf(cases: readonly BenchCase[]): Point[] {
  const variants = [...new Set(cases.map(({ variant }) => variant))];
  return cases.flatMap(({ variant, gflops, gbps }) => {
    if (gflops === null || gbps === null || gflops <= 0 || gbps <= 0) return [];
    const color = COLORS.series[variants.indexOf(variant) % COLORS.series.length]!;
    return [{ variant, intensity: gflops / gbps, gflops, color }];
  });
}

/** The highest peak that one of the dtypes may reach. */
function peakOf(cases: readonly BenchCase[], roofline: BenchRoofline): number {
  const peaks = cases.map(({ dtype }) => roofline.matrixGflops?.[dtype] ?? roofline.fmaGflops);
  return Math.max(...peaks);
}

function frameOf(points: readonly Point[], peak: number, { triadGbps }: BenchRoofline): Frame {
  const ridge = peak / triadGbps;
  const intensities = [...points.map(({ intensity }) => intensity), ridge];
  const speeds = points.map(({ gflops }) => gflops);
  return {
    // Wider at the right: labels stand there.
    x: [Math.min(...intensities) / 2, Math.max(...intensities) * 4],
    y: [Math.min(...speeds) / 2, Math.max(peak, ...speeds) * 1.8],
  };
}

function roof(
  { x, y }: Frame,
  gbps: number,
  peak: number,
): { intensity: number; gflops: number }[] {
  // Starts where the slope enters the frame from below or from the left.
  const start = Math.max(x[0], y[0] / gbps);
  return [start, Math.min(Math.max(start, peak / gbps), x[1]), x[1]]
    .map((intensity) => ({ intensity, gflops: Math.min(peak, intensity * gbps) }));
}

/** One label a variant, at its fastest point, moved down where two would cover one another. */
function labelsOf(points: readonly Point[], frame: Frame): Record<string, string | number>[] {
  const best = new Map<string, Point>();
  for (const point of points) {
    if (point.gflops > (best.get(point.variant)?.gflops ?? 0)) best.set(point.variant, point);
  }
  const placed: { x: number; y: number; width: number }[] = [];
  const [bottom, top] = frame.y.map(Math.log) as [number, number];
  const [left, right] = frame.x.map(Math.log) as [number, number];
  return [...best.values()].sort((a, b) => b.gflops - a.gflops).map((point) => {
    const x = (WIDTH * (Math.log(point.intensity) - left)) / (right - left);
    let y = (HEIGHT * (top - Math.log(point.gflops))) / (top - bottom);
    const width = 8 + point.variant.length * 6.5;
    for (const other of placed) {
      const apart = x + width < other.x || other.x + other.width < x;
      if (!apart && y < other.y + LABEL_GAP) y = other.y + LABEL_GAP;
    }
    placed.push({ x, y, width });
    return { ...point, gflops: Math.exp(top - (y / HEIGHT) * (top - bottom)) };
  });
}

function subtitleOf({ triadGbps, gatherGbps }: BenchRoofline, peak: number): string[] {
  const gather = gatherGbps === undefined
    ? []
    : [`dashed: gather ${formatNumber(gatherGbps)} GB/s`];
  const roof = `${formatNumber(peak)} GFLOP/s, triad ${formatNumber(triadGbps)} GB/s`;
  return [`roof measured in the same run: ${roof}`, ...gather];
}
