import { InputError } from "../std/errors.ts";
import { openScans, scanPaths } from "./arrow_scans.ts";
import { countPixels, decodeLabelImage } from "./label_image.ts";
import { plural } from "./plural.ts";
import { firstInvalid } from "./points.ts";
import { pointCount, type Scan } from "./scan.ts";
import type { ScanMetadata } from "./metadata.ts";
import { PUBLISHED } from "./published/registry.ts";
import { occupancy } from "./voxels.ts";

/** Lowest, mean and highest of a quantity. */
export interface Range {
  readonly min: number;
  readonly mean: number;
  readonly max: number;
}

/** Points or boxes of one class. */
export interface ClassCount {
  readonly id: number;
  readonly name: string;
  readonly count: number;
}

/** What `data info` prints. */
export interface ScanInfo {
  readonly schemaVersion: 1;
  readonly path: string;
  readonly files: number;
  readonly metadata: ScanMetadata;
  readonly scans: number;
  readonly posedScans: number;
  /** Points a scan. */
  readonly points: Range & { readonly total: number };
  /** Metres, in the sensor frame, over all scans; null where they have no points. */
  readonly extent: { readonly min: readonly number[]; readonly max: readonly number[] } | null;
  readonly intensity: Range | null;
  /** Points by raw class id; empty without labels. */
  readonly labels: readonly ClassCount[];
  /** Boxes by raw class id; empty without boxes. */
  readonly boxes: readonly ClassCount[];
  /** Images with content, and texts, over all scans. */
  readonly images: number;
  readonly texts: number;
  /** Pixels of label images, and objects marked in images, by raw class id. */
  readonly pixels: readonly ClassCount[];
  readonly objects: readonly ClassCount[];
  /** Means over the scans, one entry a voxel size in metres; empty where they have no points. */
  readonly occupancy: readonly { size: number; voxels: number; neighbours: number }[];
}

/** Voxel sizes in metres at which the density of scans is usually quoted. */
const VOXEL_SIZES = [0.05, 0.1];

/** These, and the cubes that published models of the data set use. */
function voxelSizes(dataset: string): number[] {
  const grids = Object.hasOwn(PUBLISHED, dataset) ? PUBLISHED[dataset]!.grids : [];
  const cubes = grids.filter(({ voxel: [x, y, z] }) => x === y && y === z);
  return [...new Set([...cubes.map(({ voxel }) => voxel[0]), ...VOXEL_SIZES])].sort((a, b) =>
    a - b
  );
}

/**
 * Describes the scans of a file or folder.
 *
 * @throws {InputError} when they are unreadable, or a point is not finite.
 */
export async function describe(
  path: string,
  tick: (done: number, total: number) => void,
): Promise<ScanInfo> {
  const files = (await scanPaths(path)).length;
  using source = await openScans(path);
  const points = new Running();
  const axes = [new Running(), new Running(), new Running(), new Running()];
  const labels = new Map<number, number>();
  const boxes = new Map<number, number>();
  const { metadata } = source;
  const media = { images: 0, texts: 0 };
  const [pixels, objects] = [new Map<number, number>(), new Map<number, number>()];
  const densities = voxelSizes(metadata.dataset).map((size) => ({
    size,
    voxels: 0,
    neighbours: 0,
  }));
  let posedScans = 0;
  for await (const scan of source) {
    checkFinite(path, scan);
    points.add(pointCount(scan));
    axes.forEach((axis, i) => axis.addEvery(scan.points, i));
    count(labels, scan.semantic);
    count(boxes, scan.boxes?.semantic);
    if (scan.pose !== undefined) posedScans++;
    media.images += (scan.images ?? []).filter(({ length }) => length > 0).length;
    media.texts += scan.texts?.length ?? 0;
    count(objects, scan.objects?.semantic);
    countLabels(pixels, path, scan);
    for (const density of densities) addDensity(density, path, scan, source.length);
    tick(1, source.length);
  }
  const hasPoints = points.sum > 0;
  const [x, y, z, intensity] = axes.map((axis) => axis.range()) as [Range, Range, Range, Range];
  return {
    schemaVersion: 1,
    path,
    files,
    metadata,
    scans: source.length,
    posedScans,
    points: { ...points.range(), total: points.sum },
    extent: hasPoints ? { min: [x.min, y.min, z.min], max: [x.max, y.max, z.max] } : null,
    intensity: hasPoints ? intensity : null,
    labels: named(labels, metadata),
    boxes: named(boxes, metadata),
    ...media,
    pixels: named(pixels, metadata),
    objects: named(objects, metadata),
    occupancy: hasPoints ? densities : [],
  };
}

function checkFinite(path: string, { id, points }: Scan): void {
  const bad = firstInvalid(points);
  if (bad < 0) return;
  throw new InputError(
    `Cannot describe "${path}": point ${bad} of scan "${id}" is not finite; "data verify" lists ` +
      `all such scans`,
  );
}

function addDensity(
  into: { size: number; voxels: number; neighbours: number },
  path: string,
  { id, points }: Scan,
  scans: number,
): void {
  try {
    const { voxels, neighbours } = occupancy(points, into.size);
    into.voxels += voxels / scans;
    into.neighbours += neighbours / scans;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new InputError(`Cannot describe "${path}" scan "${id}": ${cause.message}`, { cause });
  }
}

function countLabels(into: Map<number, number>, path: string, { id, labelImages }: Scan): void {
  for (const image of labelImages ?? []) {
    if (image.length === 0) continue;
    const counts = countPixels(decodeLabelImage(image, `"${path}" scan "${id}", its label image`));
    for (const [id, count] of counts) into.set(id, (into.get(id) ?? 0) + count);
  }
}

/** Minimum, maximum and mean of values seen one at a time. */
class Running {
  sum = 0;
  #count = 0;
  #min = Infinity;
  #max = -Infinity;

  add(value: number): void {
    this.sum += value;
    this.#count++;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  /** Every fourth value, from `first`: one column of [N, 4]. */
  addEvery(values: Float32Array, first: number): void {
    for (let i = first; i < values.length; i += 4) this.add(values[i]!);
  }

  range(): Range {
    return { min: this.#min, mean: this.sum / this.#count, max: this.#max };
  }
}

function count(into: Map<number, number>, ids: Uint16Array = new Uint16Array(0)): void {
  const counts = new Uint32Array(0x10000);
  for (const id of ids) counts[id]!++;
  counts.forEach((n, id) => n > 0 && into.set(id, (into.get(id) ?? 0) + n));
}

function named(counts: Map<number, number>, { classes }: ScanMetadata): ClassCount[] {
  return Array.from(counts, ([id, count]) => ({ id, name: classes[id] ?? "unknown", count }))
    .sort((a, b) => a.id - b.id);
}

/** The description as the lines that people read. */
export function formatInfo(info: ScanInfo): string {
  const { metadata, points, extent, intensity } = info;
  const metres = (values: readonly number[]) => `(${values.map((v) => v.toFixed(2)).join(", ")})`;
  const lines = [
    `data set   ${metadata.dataset} version ${metadata.version}`,
    `source     ${metadata.source}`,
    `licence    ${metadata.licence}`,
    `sensor     ${metadata.sensor}`,
    `scans      ${info.scans} in ${plural(info.files, "file")}, ` +
    `${info.posedScans} with a pose`,
    `points     ${points.total}; a scan: min ${points.min}, mean ${points.mean.toFixed(0)}, ` +
    `max ${points.max}`,
    ...extent ? [`extent     ${metres(extent.min)} to ${metres(extent.max)} m`] : [],
    ...intensity
      ? [
        `intensity  min ${intensity.min.toFixed(3)}, mean ${intensity.mean.toFixed(3)}, ` +
        `max ${intensity.max.toFixed(3)}`,
      ]
      : [],
    ...info.images > 0 ? [`images     ${info.images}`] : [],
    ...info.texts > 0 ? [`texts      ${info.texts}`] : [],
    ...info.occupancy.map(({ size, voxels, neighbours }) =>
      `voxels     ${voxels.toFixed(0)} of ${size} m a scan, ${neighbours.toFixed(2)} of 27 ` +
      `neighbours occupied`
    ),
  ];
  const others = [
    ...info.pixels.length > 0 ? table("pixels", info.pixels) : [],
    ...info.objects.length > 0 ? table("objects", info.objects) : [],
  ];
  return [...lines, ...table("points", info.labels), ...table("boxes", info.boxes), ...others]
    .join("\n");
}

function table(unit: string, counts: readonly ClassCount[]): string[] {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const rows = counts.map(({ id, name, count }) =>
    `${String(id).padStart(9)}  ${name.padEnd(22)}${String(count).padStart(10)}` +
    `${(100 * count / total).toFixed(2).padStart(8)} %`
  );
  if (rows.length === 0) return [`${unit} by class: none`];
  return ["", `${"class".padStart(9)}  ${"name".padEnd(22)}${unit.padStart(10)}   share`, ...rows];
}
