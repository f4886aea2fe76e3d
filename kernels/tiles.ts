/**
 * THE tables of tile products of the CUDA convolutions and of their weights' gradients, and the
 * sources made from them.
 *
 * Each entry becomes one small source that instantiates the templates of `cuda/conv_tile.cuh` or
 * `cuda/wgrad_tile.cuh`, so that compilers run in parallel and a new shape is one line here. The
 * library lists the instances with their names (`cuda/conv_tiles.hpp`, `cuda/wgrad_tiles.hpp`): a
 * heuristic, or an autotuner, chooses among them.
 */

type Element = "F16" | "Bf16" | "Tf32" | "float";
type Unit = "mma" | "ffma" | "wgmma";

export interface Tile {
  /**
   * Tensor cores (`cuda/tile_mma.cuh`), multiply-adds (`cuda/tile_ffma.cuh`) or Hopper's products
   * (`cuda/wgmma_tile.cuh`).
   */
  readonly unit: Unit;
  readonly element: Element;
  /**
   * Rows, columns and channels of a step; of a gradient: input channels, output channels and pairs.
   */
  readonly m: number;
  readonly n: number;
  readonly k: number;
  /** Steps that are in shared memory at a time. */
  readonly stages: number;
  /** mma: warps along rows and columns. ffma: rows and columns of a thread. */
  readonly split?: readonly [number, number];
}

type Shape = readonly [m: number, n: number, k: number, stages: number, split?: [number, number]];

const tiles = (unit: Unit, element: Element, shapes: readonly Shape[]): Tile[] =>
  shapes.map(([m, n, k, stages, split]) => ({
    unit,
    element,
    m,
    n,
    k,
    stages,
    ...(split && { split }),
  }));

/** 16-bit shapes: the widths that networks have (16 to 256 channels), and layers of few rows. */
const HALF: readonly Shape[] = [
  [128, 16, 32, 4, [4, 1]],
  [128, 32, 32, 4, [4, 1]],
  [128, 64, 32, 4, [2, 2]],
  [128, 64, 64, 3, [2, 2]],
  [128, 96, 32, 4, [4, 2]],
  [128, 128, 32, 4, [2, 4]],
  [128, 128, 64, 3, [2, 4]],
  [128, 256, 32, 3, [2, 4]],
  [64, 32, 32, 4, [2, 1]],
  [64, 64, 32, 4, [2, 2]],
  [64, 64, 64, 3, [2, 2]],
  [64, 128, 32, 4, [2, 4]],
];

/** A product of a warpgroup has 64 rows: two of 64 or of 128, and 64 channels a step. */
const HOPPER: readonly Shape[] = [
  [128, 64, 64, 6],
  [128, 96, 64, 6],
  [128, 128, 64, 6],
  [128, 256, 64, 4],
  [256, 96, 64, 4],
  [256, 128, 64, 4],
];

export const TILES: readonly Tile[] = [
  ...tiles("mma", "F16", HALF),
  ...tiles("mma", "Bf16", HALF),
  ...tiles("mma", "Tf32", [
    [128, 16, 16, 4, [4, 1]],
    [128, 32, 16, 4, [4, 1]],
    [128, 64, 16, 4, [2, 2]],
    [128, 96, 16, 4, [4, 2]],
    [128, 128, 16, 4, [2, 4]],
    [128, 128, 32, 3, [2, 4]],
    [64, 64, 16, 4, [2, 2]],
    [64, 64, 32, 3, [2, 2]],
    [64, 128, 16, 4, [2, 4]],
  ]),
  ...tiles("ffma", "float", [
    [128, 16, 16, 3, [4, 4]],
    [128, 32, 16, 3, [4, 4]],
    [128, 64, 16, 3, [8, 4]],
    [128, 128, 16, 3, [8, 8]],
    [64, 64, 16, 3, [4, 4]],
    [64, 128, 16, 3, [8, 8]],
  ]),
  // For GPUs before sm_80, whose tensor cores know no bf16.
  ...tiles("ffma", "Bf16", [[64, 64, 32, 3, [4, 4]], [128, 128, 32, 3, [8, 8]]]),
  ...tiles("wgmma", "F16", HOPPER),
  ...tiles("wgmma", "Bf16", HOPPER),
];

/** Of gradients, in 16 bits: channels of both sides from 32 to 128. */
const HALF_WGRAD: readonly Shape[] = [
  [32, 32, 32, 3, [2, 1]],
  [64, 64, 32, 3, [2, 2]],
  [96, 96, 32, 3, [3, 2]],
  [128, 128, 32, 3, [2, 4]],
];

export const WGRAD_TILES: readonly Tile[] = [
  ...tiles("mma", "F16", HALF_WGRAD),
  ...tiles("mma", "Bf16", HALF_WGRAD),
  ...tiles("mma", "Tf32", [
    [32, 32, 16, 3, [2, 1]],
    [64, 64, 16, 3, [2, 2]],
    [96, 96, 16, 3, [3, 2]],
    [128, 128, 16, 3, [2, 4]],
  ]),
  ...tiles("ffma", "float", [
    [32, 32, 16, 3, [4, 4]],
    [64, 64, 16, 3, [4, 4]],
    [128, 64, 16, 3, [8, 4]],
    [128, 128, 16, 3, [8, 8]],
  ]),
  ...tiles("ffma", "Bf16", [[64, 64, 32, 3, [4, 4]]]),
];

/** What the emulated library has: a few that cover every type and every path, most of them small. */
export const EMULATED: ReadonlySet<string> = new Set([
  "mma_f16_64x32x32x4_2x1",
  "mma_f16_64x64x64x3_2x2",
  "mma_f16_128x96x32x4_4x2",
  "mma_bf16_64x64x32x4_2x2",
  "mma_tf32_64x64x16x4_2x2",
  "ffma_float_128x32x16x3_4x4",
  "ffma_float_64x64x16x3_4x4",
  "ffma_bf16_64x64x32x3_4x4",
  ...tiles("wgmma", "F16", HOPPER).map(nameOf),
  ...tiles("wgmma", "Bf16", HOPPER).map(nameOf),
]);

/** The same of gradients. */
export const EMULATED_WGRAD: ReadonlySet<string> = new Set([
  "mma_f16_32x32x32x3_2x1",
  "mma_f16_96x96x32x3_3x2",
  "mma_bf16_64x64x32x3_2x2",
  "mma_tf32_32x32x16x3_2x1",
  "ffma_float_32x32x16x3_4x4",
  "ffma_float_128x64x16x3_8x4",
  "ffma_bf16_64x64x32x3_4x4",
]);

/** "mma_f16_128x64x32x4_2x2": unit, element, m x n x k x stages, split where there is one. */
export function nameOf({ unit, element, m, n, k, stages, split }: Tile): string {
  const name = `${unit}_${element.toLowerCase()}_${[m, n, k, stages].join("x")}`;
  return split ? `${name}_${split.join("x")}` : name;
}

export interface Source {
  /** Path below kernels/. */
  readonly path: string;
  readonly text: string;
}

/** A kind of tile: what its names begin with, and what they are called in the library. */
interface Kind {
  readonly prefix: string;
  /** Of its header, and of the function that makes an entry. */
  readonly name: string;
  readonly type: string;
}

const CONV: Kind = { prefix: "", name: "conv_tile", type: "ConvTile" };
/** Entries of the table of convolutions, where the library is for that GPU. */
const WGMMA: Kind = { prefix: "", name: "wgmma_tile", type: "ConvTile" };
const WGRAD: Kind = { prefix: "wgrad_", name: "wgrad_tile", type: "WgradTile" };

const TYPES: Readonly<Record<Unit, string>> = {
  mma: "MmaTile",
  ffma: "FfmaTile",
  wgmma: "WgmmaTile",
};

function sourceOf(of: Kind, tile: Tile): Source {
  const { unit, element, m, n, k, stages, split = [] } = tile;
  const { prefix, name: kind, type } = unit === "wgmma" ? WGMMA : of;
  const name = prefix + nameOf(tile);
  const shape = `${TYPES[unit]}<${[element, m, n, k, stages, ...split].join(", ")}>`;
  return {
    path: `build/generated/${name}${unit === "wgmma" ? "_sm90a" : ""}.cu`,
    text: `// Made by kernels/tiles.ts.
#include "${kind}.cuh"
namespace vmk {
extern const ${type} ${name};
const ${type} ${name} = ${kind}<${shape}>("${name}");
}  // namespace vmk
`,
  };
}

function tableOf({ prefix, name, type }: Kind, tiles: readonly Tile[], ending: string): Source {
  const [hopper, others] = [true, false].map((wanted) =>
    tiles.filter(({ unit }) => (unit === "wgmma") === wanted).map((tile) => prefix + nameOf(tile))
  ) as [string[], string[]];
  const onHopper = (text: string) => hopper.length > 0 ? `\n#ifdef VMK_SM90A\n${text}\n#endif` : "";
  const addresses = (names: readonly string[]) => names.map((name) => `&${name},`).join(" ");
  return {
    path: `build/generated/${name}_table${ending}.cu`,
    text: `// Made by kernels/tiles.ts.
#include <iterator>

#include "${name}s.hpp"
namespace vmk {
extern const ${type} ${others.join(", ")};${onHopper(`extern const ${type} ${hopper.join(", ")};`)}
const ${type}* const k${type}s[] = {
${addresses(others)}${onHopper(addresses(hopper))}
};
const int k${type}Count = static_cast<int>(std::size(k${type}s));
}  // namespace vmk
`,
  };
}

function sourcesOf(kind: Kind, tiles: readonly Tile[], ending: string): Source[] {
  return [...tiles.map((tile) => sourceOf(kind, tile)), tableOf(kind, tiles, ending)];
}

/** One source an instance, and the table of them, of convolutions and of gradients. */
export function tileSources(emulated: boolean): Source[] {
  const ending = emulated ? "_emulated" : "";
  const chosen = (tiles: readonly Tile[], some: ReadonlySet<string>) =>
    tiles.filter((tile) => !emulated || some.has(nameOf(tile)));
  return [
    ...sourcesOf(CONV, chosen(TILES, EMULATED), ending),
    ...sourcesOf(WGRAD, chosen(WGRAD_TILES, EMULATED_WGRAD), ending),
  ];
}
