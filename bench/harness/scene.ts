/**
 * The scan that benches run on, as MinkUNet sees it: voxels of 5 cm and four halvings of their
 * resolution. Everything is made with the CPU library and kept as host arrays.
 */
import { openScans } from "../../datasets/arrow_scans.ts";
import type { Scan } from "../../datasets/scan.ts";
import {
  type Context,
  downsample,
  type Geometry,
  geometry,
  groupVoxels,
  KernelError,
  KernelMap,
  outputCoords,
  quantize,
} from "../../ffi/mod.ts";
import type { BenchContext } from "../../reports/schema.ts";
import { InputError } from "../../std/errors.ts";
import { pointsInSector, WHOLE } from "./sector.ts";

/** Voxel size of SPVNAS and of most published SemanticKITTI tables. */
export const VOXEL_METERS = 0.05;
/** MinkUNet's levels: the voxels and four downsamplings. */
export const LEVELS = 5;

/** The kinds of layer that the benches build maps for; `up2` starts at the coarser level. */
export const LAYERS = {
  subm3: geometry(3),
  subm5: geometry(5),
  down2: geometry(2, 2),
  down3: geometry(3, 2),
  up2: geometry(2, 2),
} as const satisfies Record<string, Geometry>;
export type LayerKind = keyof typeof LAYERS;

/** The kernel map of a layer, on the host. */
export interface LayerMap {
  readonly layer: Geometry;
  /** [KV, outputs]. */
  readonly map: Int32Array;
  readonly inputs: number;
  readonly outputs: number;
  /** Pairs of input and output. */
  readonly pairs: number;
}

/** A scan, quantized. */
export class Scene {
  readonly #maps = new Map<string, LayerMap>();

  /**
   * @param points [N, 4]: x, y, z in metres, intensity
   * @param coords [N, 4]: the voxel of each point, (0, x, y, z), lowest 0
   * @param positions [N, 4]: the same before rounding
   * @param levels coordinates [M, 4] of each level, in units of its own stride
   * @param degrees of the turn that the points are of
   */
  constructor(
    private readonly cpu: Context,
    readonly points: Float32Array,
    readonly coords: Int32Array,
    readonly positions: Float32Array,
    readonly levels: readonly Int32Array[],
    readonly data: BenchContext["data"],
    readonly degrees = WHOLE,
  ) {}

  get pointCount(): number {
    return this.points.length / 4;
  }

  /** Coordinates of a level, [M, 4]. */
  level(level: number): Int32Array {
    const coords = this.levels[level];
    if (coords === undefined) throw new RangeError(`Cannot use level ${level} of ${LEVELS}`);
    return coords;
  }

  /** Number of voxels of a level. */
  rows(level: number): number {
    return this.level(level).length / 4;
  }

  /** The map of a layer that starts at `level`; made once. */
  map(kind: LayerKind, level: number): LayerMap {
    const key = `${kind}-${level}`;
    let found = this.#maps.get(key);
    if (found === undefined) this.#maps.set(key, found = this.#build(kind, level));
    return found;
  }

  /** Output coordinates of a layer that starts at `level`. */
  outputs(kind: "subm3" | "subm5" | "down2" | "down3", level: number): Int32Array {
    if (kind === "subm3" || kind === "subm5") return this.level(level);
    if (kind === "down2") return this.level(level + 1);
    using coords = this.cpu.tensorFrom("i32", [this.rows(level), 4], this.level(level));
    using out = outputCoords(coords, LAYERS[kind]);
    return out.download();
  }

  #build(kind: LayerKind, level: number): LayerMap {
    using stack = new DisposableStack();
    const upload = (coords: Int32Array) =>
      stack.use(this.cpu.tensorFrom("i32", [coords.length / 4, 4], coords));
    const layer = LAYERS[kind];
    let map: KernelMap;
    if (kind === "up2") {
      const fine = upload(this.level(level - 1));
      const forward = stack.use(KernelMap.build(fine, upload(this.level(level)), layer));
      map = stack.use(forward.transpose());
    } else {
      const from = upload(this.level(level));
      map = stack.use(KernelMap.build(from, upload(this.outputs(kind, level)), layer));
    }
    const { inputs, outputs, pairCount: pairs } = map;
    return { layer, map: map.map.download(), inputs, outputs, pairs };
  }
}

/** Reads the first scan of a data set, or a sector of it, and quantizes it. */
export async function loadScene(cpu: Context, path: string, degrees = WHOLE): Promise<Scene> {
  using source = await openScans(path);
  const scan = await source.scan(0);
  const { dataset: name, source: origin } = source.metadata;
  try {
    return buildScene(cpu, scan, { name, source: origin }, degrees);
  } catch (cause) {
    if (!(cause instanceof KernelError)) throw cause;
    throw new InputError(`Cannot bench "${path}" scan "${scan.id}": ${cause.detail}`, { cause });
  }
}

/** Quantizes a scan as SPVNAS does: round(xyz / 0.05), then the lowest of each axis becomes 0. */
export function buildScene(
  cpu: Context,
  { id, points: view }: Scan,
  origin: Pick<BenchContext["data"], "name" | "source">,
  degrees = WHOLE,
): Scene {
  // The points of a scan are a view of its file: a copy does not keep the file's bytes alive.
  const all = new Float32Array(view);
  const sector = pointsInSector(all, 4, degrees);
  // A scan of a room may have nothing around the x axis.
  const points = sector.length > 0 ? sector : all;
  const n = points.length / 4;
  const { coords, positions } = quantizePoints(cpu, points);
  const levels = [voxelsOf(cpu, coords)];
  while (levels.length < LEVELS) levels.push(halved(cpu, levels.at(-1)!));
  const data = {
    ...origin,
    scenes: 1,
    points: n,
    voxels: levels[0]!.length / 4,
    more: { scan: id, voxelMeters: VOXEL_METERS, rounding: "round" },
  };
  const seen = points === all ? WHOLE : degrees;
  return new Scene(cpu, points, coords, positions, levels, data, seen);
}

function quantizePoints(cpu: Context, points: Float32Array) {
  const n = points.length / 4;
  using device = cpu.tensorFrom("f32", [n, 4], points);
  using quantized = cpu.tensor("i32", [n, 4]);
  const cube = [VOXEL_METERS, VOXEL_METERS, VOXEL_METERS] as const;
  quantize(device, null, quantized, cube, [0, 0, 0], "round");
  const coords = quantized.download();
  const low = [Infinity, Infinity, Infinity];
  for (let i = 0; i < coords.length; i++) {
    if (i % 4 > 0) low[i % 4 - 1] = Math.min(low[i % 4 - 1]!, coords[i]!);
  }
  const positions = new Float32Array(4 * n);
  for (let i = 0; i < coords.length; i++) {
    if (i % 4 === 0) continue; // the batch, 0
    coords[i]! -= low[i % 4 - 1]!;
    // Coordinates start with the batch, points with x.
    positions[i] = points[i - 1]! / VOXEL_METERS - low[i % 4 - 1]!;
  }
  return { coords, positions };
}

function voxelsOf(cpu: Context, coords: Int32Array): Int32Array {
  using all = cpu.tensorFrom("i32", [coords.length / 4, 4], coords);
  using voxels = groupVoxels(all);
  return voxels.coords.download();
}

function halved(cpu: Context, coords: Int32Array): Int32Array {
  const rows = coords.length / 4;
  using fine = cpu.tensorFrom("i32", [rows, 4], coords);
  using coarse = cpu.tensor("i32", [rows, 4]);
  using count = cpu.tensor("i64", [1]);
  downsample(fine, coarse, count, LAYERS.down2);
  return coarse.setRows(Number(count.download()[0])).download();
}
