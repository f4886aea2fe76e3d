/** What a network must know of its scan before it can convolve: coordinates, maps, points. */
import {
  type Context,
  devoxelizeMap,
  kernelMap,
  kernelMapCount,
  kernelMapPairs,
  kernelMapTranspose,
  kernelVolume,
  type Pairs,
  quantize,
  type Tensor,
  variants,
  voxelize,
} from "../../ffi/mod.ts";

import { LAYERS, LEVELS, type Scene } from "../harness/scene.ts";
import { stridedBy } from "./kernel_map.ts";
import { type MapKey, type Plan, POINTS } from "./network_plan.ts";

type I32 = Tensor<"i32">;

/** Corners of a cell. */
const TAPS = 8;

/** Rows of a level; the points of SPVCNN are the voxels of level 0. */
export function rowsOf(scene: Scene, level: number): number {
  return scene.rows(level === POINTS ? 0 : level);
}

/** Sizes of a map, known from the scene. */
export function mapSize(scene: Scene, { kind, level }: MapKey) {
  if (kind === "own") {
    const rows = rowsOf(scene, level);
    return { kv: 1, outputs: rows, pairs: rows };
  }
  const { layer, outputs, pairs } = scene.map(kind, level);
  return { kv: kernelVolume(layer), outputs, pairs };
}

/** A name for a map; two steps with the same one share it. */
export function mapName({ kind, level }: MapKey): string {
  return `${kind}-${level}`;
}

/** How points and the voxels of a level see each other. */
export interface PointMap {
  readonly index: I32;
  readonly weight: Tensor<"f32">;
  readonly order: I32;
  readonly starts: I32;
}

/**
 * All maps of a network. Every tensor is made here, at the size that the scene tells; `build` then
 * only fills them, as often as it is called.
 */
export class NetworkMaps implements Disposable {
  readonly #owned = new DisposableStack();
  readonly #maps = new Map<string, I32>();
  readonly #pairs = new Map<string, Pairs>();
  readonly #points = new Map<number, PointMap>();
  readonly #steps: (() => void)[] = [];
  #listing: (() => void)[] | null = null;

  constructor(
    private readonly ctx: Context,
    private readonly scene: Scene,
    { steps, dense }: Plan,
  ) {
    const convs = steps.flatMap((step) =>
      step.op === "conv" && !(dense && step.map.kind === "own") ? [step.map] : []
    );
    const coords = this.#planCoords();
    for (const key of distinct(convs, mapName)) this.#planMap(key, coords);
    const levels = steps.flatMap((step) =>
      step.op === "devoxelize" || step.op === "voxel_reduce" ? [step.level] : []
    );
    if (levels.length > 0) this.#planPoints(distinct(levels, String), coords);
  }

  /** Fills all maps; with `pairs` also the lists that some dataflows read. */
  build(pairs: boolean): void {
    for (const step of this.#steps) step();
    if (pairs) { for (const step of this.#listing ??= this.#planPairs()) step(); }
  }

  map(key: MapKey): I32 {
    return this.#maps.get(mapName(key))!;
  }

  /** Set once `build(true)` was called. */
  pairs(key: MapKey): Pairs {
    return this.#pairs.get(mapName(key))!;
  }

  points(level: number): PointMap {
    return this.#points.get(level)!;
  }

  /** Coordinates of all levels, the finest given, and the maps that lead from one to the next. */
  #planCoords(): I32[] {
    const { ctx, scene } = this;
    const count = this.#owned.use(ctx.tensor("i64", [1]));
    const coords = Array.from(
      { length: LEVELS },
      (_, level) => this.#owned.use(ctx.tensor("i32", [scene.rows(level), 4])),
    );
    coords[0]!.upload(scene.level(0));
    const strided = stridedBy(ctx, variants(ctx.backend, "kernel_map")[0]!);
    coords.slice(1).forEach((coarser, level) => {
      const key: MapKey = { kind: "down2", level };
      const { kv, outputs } = mapSize(scene, key);
      const map = this.#owned.use(ctx.tensor("i32", [kv, outputs]));
      this.#maps.set(mapName(key), map);
      this.#steps.push(() => strided(coords[level]!, coarser, map, count));
    });
    return coords;
  }

  #planMap(key: MapKey, coords: readonly I32[]): void {
    const { kind, level } = key;
    const { kv, outputs } = mapSize(this.scene, key);
    if (this.#maps.has(mapName(key))) return;
    const map = this.#owned.use(this.ctx.tensor("i32", [kv, outputs]));
    this.#maps.set(mapName(key), map);
    if (kind === "own") {
      map.upload(Int32Array.from({ length: outputs }, (_, i) => i));
    } else if (kind === "up2") {
      const down: MapKey = { kind: "down2", level: level - 1 };
      this.#steps.push(() => kernelMapTranspose(this.map(down), map));
    } else {
      const own = coords[level]!;
      this.#steps.push(() => kernelMap(own, own, map, LAYERS[kind]));
    }
  }

  #planPairs(): (() => void)[] {
    return [...this.#maps].map(([name, map]) => {
      const [kind, level] = name.split(/-(.*)/, 2) as [MapKey["kind"], string];
      const { kv, pairs: count } = mapSize(this.scene, { kind, level: Number(level) });
      const starts = this.#owned.use(this.ctx.tensor("i64", [kv + 1]));
      const pairs = this.#owned.use(this.ctx.tensor("i32", [2, count]));
      this.#pairs.set(name, { pairs, starts });
      return () => {
        kernelMapCount(map, starts);
        kernelMapPairs(map, starts, pairs);
      };
    });
  }

  #planPoints(levels: readonly number[], coords: readonly I32[]): void {
    const { ctx, scene } = this;
    const voxels = scene.level(0);
    const n = voxels.length / 4;
    const own = this.#owned;
    const positions = own.use(ctx.tensorFrom("f32", [n, 4], Float32Array.from(voxels)));
    const xyz = voxels.map((_, i) => i % 4 < 3 ? voxels[i + 1]! : 0);
    const points = own.use(ctx.tensorFrom("f32", [n, 4], Float32Array.from(xyz)));
    const cells = own.use(ctx.tensor("i32", [n, 4]));
    const shared = {
      voxels: own.use(ctx.tensor("i32", [n, 4])),
      inverse: own.use(ctx.tensor("i32", [n])),
      count: own.use(ctx.tensor("i64", [1])),
    };
    for (const level of levels) {
      const [index, weight] = [ctx.tensor("i32", [n, TAPS]), ctx.tensor("f32", [n, TAPS])];
      const [order, starts] = [ctx.tensor("i32", [n]), ctx.tensor("i32", [n + 1])];
      for (const tensor of [index, weight, order, starts]) own.use<Disposable>(tensor);
      this.#points.set(level, { index, weight, order, starts });
      const size = [2 ** level, 2 ** level, 2 ** level] as const;
      this.#steps.push(() => {
        devoxelizeMap(positions, coords[level]!, index, weight, 2 ** level);
        quantize(points, null, cells, size, [0, 0, 0], "floor");
        voxelize(cells, { ...shared, order, starts });
      });
    }
  }

  [Symbol.dispose](): void {
    this.#owned.dispose();
  }
}

/** The first of all items that share a name. */
function distinct<T>(items: readonly T[], nameOf: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [nameOf(item), item])).values()];
}
