/** All maps of a network in one call. */
import type { Tensor } from "./context.ts";
import { type Geometry, ints } from "./ops.ts";

type I32 = Tensor<"i32">;

/** A level of a network below the first one: outputs of a strided layer. */
export interface MapLevel {
  /** [B, 4], with room for all its voxels. */
  readonly coords: I32;
  /** The layer that makes it, and its map [KV, B] from the level before. */
  readonly stride: Geometry;
  readonly strided: I32;
  /** Its submanifold layer and the map [KV, B] of it. */
  readonly layer: Geometry;
  readonly map: I32;
}

const handles = (tensors: readonly I32[]) =>
  BigInt64Array.from(tensors, ({ ctx, ptr }) => ctx.lib.vmk_tensor_handle(ptr));

/** How the maps of a network are made. */
export interface NetworkMapOptions {
  /** Variant of kernel_map; the default one when not given. */
  readonly variant?: number;
  /**
   * [1]: how many of the coordinates there are. All maps then keep their columns, with -1 behind
   * the rows of their level: layers over all rows that a level has room for are right for those
   * that are there, and a plan of both takes any coordinates that fit.
   */
  readonly rows?: Tensor<"i64">;
}

/**
 * Fills the map of `layer` over `coords`, and the coordinates and maps of all `levels`. `counts`
 * [levels] gets their rows, which the host need not know before: {@linkcode cutLevels} reads them.
 * Without `rows`, levels with fewer rows than room hold them packed at their beginning.
 *
 * @throws {KernelError} A level has too little room (on a GPU: when the host next waits).
 */
export function networkMaps(
  coords: I32,
  first: Pick<MapLevel, "layer" | "map">,
  levels: readonly MapLevel[],
  counts: Tensor<"i64">,
  { variant = 0, rows }: NetworkMapOptions = {},
): void {
  const { ctx } = coords;
  const geometries = [first.layer, ...levels.flatMap(({ stride, layer }) => [stride, layer])];
  const status = ctx.lib.vmk_network_maps(
    ctx.ptr,
    variant,
    coords.ptr,
    levels.length,
    handles(levels.map((level) => level.coords)),
    handles(levels.map(({ strided }) => strided)),
    handles([first, ...levels].map(({ map }) => map)),
    counts.ptr,
    Int32Array.from(geometries.flatMap((geometry) => [...ints(geometry)])),
    rows?.ptr ?? null,
  );
  ctx.check(status, "vmk_network_maps");
}

/** Cuts the packed tensors of all levels to the rows that `counts` has; the one wait for the device. */
export function cutLevels(levels: readonly MapLevel[], counts: Tensor<"i64">): void {
  const rows = counts.download();
  levels.forEach(({ coords, strided, map }, i) => {
    const m = Number(rows[i]);
    coords.setRows(m);
    for (const tensor of [strided, map]) tensor.setColumns(m);
  });
}
