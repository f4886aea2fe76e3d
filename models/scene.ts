/** What a network must know of a scan before it can convolve: coordinates, maps, neighbours. */
import {
  type Context,
  cutLevels,
  devoxelizeMap,
  downsample,
  kernelMap,
  kernelMapCount,
  kernelMapOrder,
  kernelMapPairs,
  kernelMapTranspose,
  kernelVolume,
  networkMaps,
  type Pairs,
  quantize,
  type RowOrder,
  stridedMap,
  type Tensor,
  voxelize,
} from "../ffi/mod.ts";
import {
  alignedCoords,
  boundsOf,
  cubicStride,
  gridCells,
  groupedRows,
  mostOutputs,
  splitBatch,
} from "./coords.ts";
import { isPartition, type MapLevels } from "./map_levels.ts";
import { Pool } from "./pool.ts";
import {
  type GridSpace,
  type MapKey,
  mapName,
  type PointSpace,
  type Space,
  strideName,
  type VoxelSpace,
} from "./value.ts";

type I32 = Tensor<"i32">;

/** Corners of a cell. */
const TAPS = 8;

/** The voxels of a scan, on the device. The scene reads them and does not own them. */
export interface SceneInput {
  /** [M, 4]: batch, x, y, z; distinct, and sorted where the network has points. */
  readonly coords: I32;
  /** [N, 4]: batch, x, y, z of every point in input voxels; the voxels themselves by default. */
  readonly positions?: Tensor<"f32">;
  /** Scans in the batch; 1 by default. */
  readonly batches?: number;
  /** That only some of the rows are there; all by default. */
  readonly counted?: CountedRows;
}

/**
 * Voxels whose number only the device knows: a pass over them that was recorded takes other scans.
 * There is room for all rows of `coords`, and layers run over all of them. Only networks whose maps
 * are made in one call (map_levels.ts) can use them, in dataflows without lists of pairs.
 */
export interface CountedRows {
  /** [1]: how many rows of the coordinates there are. */
  readonly rows: Tensor<"i64">;
  /** Rows that each strided level has room for, from the first on. */
  readonly room: readonly number[];
}

/** How a scene is made; nothing here changes a result. */
export interface SceneOptions {
  /** Variant of kernel_map; the backend's default when not given. */
  readonly maps?: string;
}

/** Trilinear neighbours of every point: voxel rows and weights [N, 8]. */
export interface Neighbours {
  readonly index: I32;
  readonly weight: Tensor<"f32">;
}

/** The points of every voxel, for means. */
export interface Grouping {
  readonly order: I32;
  readonly starts: I32;
}

/**
 * A scan as networks see it. Everything is made when a layer first asks for it, from the pool, and
 * kept until `forget`: layers that share a space and a kernel share a map.
 */
export class Scene implements Disposable {
  readonly batches: number;
  readonly #pool: Pool;
  readonly #owned: boolean;
  readonly #mapVariant: number;
  readonly #lent: Tensor[] = [];
  /** Maps that have fewer columns than they were made with, and these. */
  readonly #cut = new Map<I32, number>();
  readonly #coords = new Map<string, I32>();
  readonly #maps = new Map<string, I32>();
  readonly #pairs = new Map<I32, Pairs>();
  readonly #rowOrders = new Map<I32, Map<number, RowOrder>>();
  readonly #pairCounts = new Map<string, number>();
  readonly #neighbours = new Map<string, Neighbours>();
  readonly #groupings = new Map<string, Grouping>();
  #positions: Tensor<"f32"> | null = null;

  /** @param pool where tensors come from; one of its own when not given */
  constructor(
    readonly ctx: Context,
    private readonly input: SceneInput,
    pool?: Pool,
    { maps }: SceneOptions = {},
  ) {
    this.#mapVariant = maps === undefined ? 0 : ctx.variant("kernel_map", maps);
    this.#pool = pool ?? new Pool(ctx);
    this.#owned = pool === undefined;
    this.batches = input.batches ?? 1;
  }

  /** Rows of a value of `space`. */
  rows(space: Space): number {
    if (space.kind === "voxels") return this.coords(space).rows;
    if (space.kind === "points") return this.input.positions?.rows ?? this.input.coords.rows;
    return space.size.reduce((product, n) => product * n, this.batches * (space.copies ?? 1));
  }

  /** Coordinates [M, 4] of voxels, in units of their own stride. */
  coords(space: VoxelSpace): I32 {
    if (space.made === null) return this.input.coords;
    return memo(this.#coords, space.name, () => this.#stridden(space));
  }

  /** The kernel map [KV, M] of a layer; a 1x1x1 layer has one as well. */
  map(key: MapKey): I32 {
    return memo(this.#maps, mapName(key), () => this.#buildMap(key));
  }

  /**
   * Makes the coordinates and maps of all levels in one call, where the device would wait for the
   * size of every level, or where it alone knows how many voxels there are; what is made one by one
   * stays as it is.
   */
  makeLevels({ first, levels }: MapLevels): void {
    const { coords, counted } = this.input;
    const fresh = this.#coords.size === 0 && this.#maps.size === 0;
    // Only the default search of the CUDA library takes sizes that the host does not know.
    const waits = this.ctx.backend !== "cpu" && this.#mapVariant === 0;
    if (!fresh || !(waits || counted)) return;
    const mapOf = ({ by }: MapKey, room: number) => {
      const map = this.#take("i32", [kernelVolume(by.layer), room], false);
      if (!counted) this.#cut.set(map, room);
      return map;
    };
    const made = levels.map(({ strided, own }, i) => {
      const room = counted?.room[i] ?? coords.rows;
      return {
        coords: this.#take("i32", [room, 4]),
        stride: strided.by.layer,
        strided: mapOf(strided, room),
        layer: own.by.layer,
        map: mapOf(own, room),
      };
    });
    const map = mapOf(first, coords.rows);
    const counts = this.#pool.take("i64", [levels.length]);
    const options = { variant: this.#mapVariant, ...(counted && { rows: counted.rows }) };
    networkMaps(coords, { layer: first.by.layer, map }, made, counts, options);
    if (!counted) cutLevels(made, counts);
    this.#pool.give(counts as unknown as Tensor);
    this.#maps.set(mapName(first), map);
    levels.forEach(({ space, strided, own }, i) => {
      this.#coords.set(space.name, made[i]!.coords);
      this.#maps.set(mapName(strided), made[i]!.strided);
      this.#maps.set(mapName(own), made[i]!.map);
    });
  }

  /** The map [KV, cells] of a layer from voxels to the cells (x, y, 0) of a grid. */
  gridMap(from: VoxelSpace, grid: GridSpace, by: MapKey["by"]): I32 {
    return memo(this.#maps, `${from.name}>${grid.name}:${strideName(by)}`, () => {
      const cells = memo(this.#coords, `cells of ${grid.name}`, () => {
        const coords = gridCells(grid.size, this.batches);
        return this.#take("i32", [coords.length / 4, 4], false).upload(coords);
      });
      const map = this.#take("i32", [kernelVolume(by.layer), cells.rows], false);
      kernelMap(this.#aligned(from, by), cells, map, by.layer, this.#mapVariant);
      return map;
    });
  }

  /** The map of a layer in which every row reads itself, [1, M]. */
  identity(space: Space): I32 {
    return memo(this.#maps, `${space.name}:own`, () => {
      const rows = this.rows(space);
      return this.#take("i32", [1, rows], false)
        .upload(Int32Array.from({ length: rows }, (_, i) => i));
    });
  }

  /** The pairs of a map, for the dataflows that work offset by offset. */
  pairs(map: I32): Pairs {
    return memo(this.#pairs, map, () => {
      this.#expectKnown("list the pairs of a map");
      const starts = this.#take("i64", [map.rows + 1], false);
      kernelMapCount(map, starts);
      const pairs = this.#take("i32", [2, Number(starts.download().at(-1))], false);
      kernelMapPairs(map, starts, pairs);
      return { pairs, starts };
    });
  }

  /** A map sorted in so many parts, for the dataflows that work on rows with like neighbours. */
  rowOrder(map: I32, parts: number): RowOrder {
    const [kv, rows] = map.shape as [number, number];
    const count = Math.min(parts, kv);
    const orders = memo(this.#rowOrders, map, () => new Map<number, RowOrder>());
    return memo(orders, count, () => {
      const made = {
        order: this.#take("i32", [count, rows], false),
        ordered: this.#take("i32", [kv, rows], false),
      };
      kernelMapOrder(map, made);
      return made;
    });
  }

  /** Number of (input, output) pairs of a map: its size as papers count it. */
  pairCount(key: MapKey): number {
    return memo(this.#pairCounts, mapName(key), () => {
      const map = this.map(key);
      using starts = this.ctx.tensor("i64", [map.rows + 1]);
      kernelMapCount(map, starts);
      return Number(starts.download().at(-1));
    });
  }

  /** The voxels of `space` around every point. */
  neighbours(space: VoxelSpace): Neighbours {
    return memo(this.#neighbours, space.name, () => {
      const n = this.rows(POINTS);
      const index = this.#take("i32", [n, TAPS]);
      const weight = this.#take("f32", [n, TAPS]);
      devoxelizeMap(this.positions, this.coords(space), index, weight, cubicStride(space));
      return { index, weight };
    });
  }

  /**
   * The points in every voxel of `space`. All voxels of a space without borders have some, as it
   * was made of them; with padding there are voxels without points, and points without voxels.
   */
  grouping(space: VoxelSpace): Grouping {
    return memo(
      this.#groupings,
      space.name,
      () => space.shape === null ? this.#group(space) : this.#lookUp(space),
    );
  }

  /** [N, 4]: batch, x, y, z of the points in input voxels. */
  get positions(): Tensor<"f32"> {
    this.#expectKnown("place points");
    const { positions, coords } = this.input;
    if (positions !== undefined) return positions;
    if (this.#positions === null) {
      this.#positions = this.#take("f32", [coords.rows, 4]);
      this.#positions.upload(Float32Array.from(coords.download()));
    }
    return this.#positions;
  }

  /** Gives everything that was made back, so that the next pass makes it again. */
  forget(): void {
    // The pool knows tensors by the columns that they were made with.
    for (const [map, columns] of this.#cut) map.setColumns(columns);
    this.#cut.clear();
    for (const tensor of this.#lent) this.#pool.give(tensor);
    this.#lent.length = 0;
    const all = [this.#coords, this.#maps, this.#pairs, this.#rowOrders];
    for (const made of [...all, this.#neighbours, this.#groupings]) made.clear();
    this.#positions = null;
  }

  [Symbol.dispose](): void {
    this.forget();
    if (this.#owned) this.#pool[Symbol.dispose]();
  }

  #take<T extends "i32" | "i64" | "f32">(dtype: T, shape: readonly number[], spare = true) {
    const tensor = this.#pool.take(dtype, shape, spare);
    this.#lent.push(tensor as unknown as Tensor);
    return tensor;
  }

  /** Throws where the host does not know how many voxels there are. */
  #expectKnown(purpose: string): void {
    if (this.input.counted === undefined) return;
    throw new RangeError(
      `Cannot ${purpose} where only the device knows how many voxels there are: the maps of one ` +
        "call are all that is made of them",
    );
  }

  #stridden(space: VoxelSpace): I32 {
    const { from, by } = space.made!;
    const inputs = this.#aligned(from, by);
    const count = this.#pool.take("i64", [1]);
    const bounds = boundsOf(space.shape);
    const coords = this.#take("i32", [inputs.rows * mostOutputs(by.layer), 4]);
    if (isPartition(by.layer)) {
      // Outputs and map in one pass; there are at most as many outputs as inputs.
      const map = this.#take("i32", [kernelVolume(by.layer), inputs.rows], false);
      this.#cut.set(map, inputs.rows);
      stridedMap(inputs, coords, map, count, by.layer, "reached", bounds);
      map.setColumns(Number(count.download()[0]));
      this.#maps.set(mapName({ from, to: space, by, transposed: false }), map);
    } else {
      downsample(inputs, coords, count, by.layer, "reached", bounds);
    }
    coords.setRows(Number(count.download()[0]));
    this.#pool.give(count as unknown as Tensor);
    return coords;
  }

  /** Coordinates moved so that the layer's padding is that of voxmark.h. */
  #aligned(space: VoxelSpace, by: MapKey["by"]): I32 {
    this.#expectKnown(`make a map of ${space.name}, ${strideName(by)},`);
    const coords = this.coords(space);
    const moved = alignedCoords(coords, by);
    return moved === null ? coords : this.#take("i32", [coords.rows, 4]).upload(moved);
  }

  #buildMap(key: MapKey): I32 {
    const { from, to, by, transposed } = key;
    const outputs = this.rows(to);
    const map = this.#take("i32", [kernelVolume(by.layer), outputs], false);
    if (transposed) {
      kernelMapTranspose(this.map({ from: to, to: from, by, transposed: false }), map);
    } else {
      kernelMap(this.#aligned(from, by), this.coords(to), map, by.layer, this.#mapVariant);
    }
    return map;
  }

  #lookUp(space: VoxelSpace): Grouping {
    const n = this.rows(POINTS);
    const index = this.#pool.take("i32", [n, 1]);
    const weight = this.#pool.take("f32", [n, 1]);
    devoxelizeMap(this.positions, this.coords(space), index, weight, cubicStride(space));
    const { order, starts } = groupedRows(index.download(), this.rows(space));
    this.#pool.give(index);
    this.#pool.give(weight);
    return {
      order: this.#take("i32", [n]).upload(order),
      starts: this.#take("i32", [starts.length]).upload(starts),
    };
  }

  #group(space: VoxelSpace): Grouping {
    const pool = this.#pool;
    const n = this.rows(POINTS);
    const [order, starts] = [this.#take("i32", [n]), this.#take("i32", [n + 1])];
    const scratch = {
      points: pool.take("f32", [n, 4]),
      batch: pool.take("i32", [n]),
      cells: pool.take("i32", [n, 4]),
      voxels: pool.take("i32", [n, 4]),
      inverse: pool.take("i32", [n]),
      count: pool.take("i64", [1]),
    };
    const { points, batch, cells, voxels, inverse, count } = scratch;
    splitBatch(this.positions.download(), points, batch);
    quantize(points, batch, cells, space.stride, [0, 0, 0], "floor");
    voxelize(cells, { voxels, inverse, order, starts, count });
    const found = Number(count.download()[0]);
    for (const tensor of Object.values(scratch)) pool.give(tensor as unknown as Tensor);
    if (found !== this.rows(space)) {
      throw new RangeError(
        `Cannot group points by the voxels ${space.name}: they fall into ${found}, not ` +
          `${this.rows(space)} of them`,
      );
    }
    return { order, starts: starts.setRows(found + 1) };
  }
}

/** All networks here have one set of points. */
const POINTS: PointSpace = { kind: "points", name: "points" };

/** What `known` has for a key, made if it has none. */
export function memo<K, T>(known: Map<K, T>, key: K, make: () => T): T {
  let found = known.get(key);
  if (found === undefined) known.set(key, found = make());
  return found;
}
