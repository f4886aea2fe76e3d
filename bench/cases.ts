/** Every bench case, in the order the tables show them. To add one: import it, list it. */
import type { Case, Group } from "./case.ts";
import { attentionCases } from "./cases/attention.ts";
import { bevCellsCases } from "./cases/bev_cells.ts";
import { bevPoolCases } from "./cases/bev_pool.ts";
import { bevPoolFusedCases } from "./cases/bev_pool_fused.ts";
import { denseCases } from "./cases/dense.ts";
import { devoxelizeCases } from "./cases/devoxelize.ts";
import { downsampleCases } from "./cases/downsample.ts";
import { gradientCases } from "./cases/gradients.ts";
import { hashMapCases } from "./cases/hash_map.ts";
import { int8Cases } from "./cases/int8.ts";
import { kernelMapCases } from "./cases/kernel_map.ts";
import { minkunetCases } from "./cases/minkunet.ts";
import { sparseConvCases } from "./cases/sparse_conv.ts";
import { voxelizeCases } from "./cases/voxelize.ts";
import { weightSparseCases } from "./cases/weight_sparse.ts";

/** By the name the command line knows them by. */
export const GROUPS: Readonly<Record<string, Group>> = {
  voxelize: {
    about: "points to voxels: rounding, grouping, mean of 4 channels, and all three",
    cases: voxelizeCases,
  },
  devoxelize: {
    about: "voxels to points: trilinear map, and features of all points through it",
    cases: devoxelizeCases,
  },
  "hash_map": {
    about: "hash map of the voxels: insertion, and the 27 neighbours of each",
    cases: hashMapCases,
  },
  downsample: {
    about: "output coordinates of strided layers, alone and with their maps",
    cases: downsampleCases,
  },
  "kernel_map": {
    about: "kernel maps of MinkUNet's layers, one by one and all nine",
    baselines: { "kernel_map": "hash", minkunet_maps: "hash" },
    cases: kernelMapCases,
  },
  "sparse_conv": {
    about: "MinkUNet's convolutions at their real sizes, maps made before",
    baselines: { sparse_conv: "gather" },
    cases: sparseConvCases,
  },
  minkunet: {
    about: "all convolutions of MinkUNet and SPVCNN in a row, maps made in the run or before",
    baselines: { minkunet_convs: "gather", minkunet_plan: "gather", spvcnn_convs: "gather" },
    cases: minkunetCases,
  },
  "bev_pool": {
    about: "camera features to a 360 x 360 grid at BEVFusion's shape",
    baselines: { bev_pool: "prefix_sum" },
    cases: [...bevCellsCases, ...bevPoolCases, ...bevPoolFusedCases],
  },
  gradients: {
    about: "gradients of the weights of MinkUNet's convolutions, maps made before",
    cases: gradientCases,
  },
  "weight_sparse": {
    about: "convolutions whose weights are mostly 0, against the dense kernel on the same weights",
    baselines: { "sparse_conv_ws": "dense" },
    cases: weightSparseCases,
  },
  int8: {
    about: "convolutions in 8 bits, against the dense f32 kernel on the same whole numbers",
    baselines: { "sparse_conv_int8": "f32" },
    cases: int8Cases,
  },
  dense: {
    about:
      "linear layers, folded batch norms, layer norms, softmax and attention over rows of features",
    cases: [...denseCases, ...attentionCases],
  },
};

/** Every case of every group. */
export const ALL_CASES: readonly Case[] = Object.values(GROUPS).flatMap(({ cases }) => cases);
