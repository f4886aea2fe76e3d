/** Every table that can be asked for by its ID. To add one: import it, list it. */
import type { TableSpec } from "./table.ts";
import { adaptiveGrouping } from "./tables/adaptive_grouping.ts";
import { bevPoolBreakdown } from "./tables/bev_pool_breakdown.ts";
import { cpuEngine } from "./tables/cpu_engine.ts";
import { cudaEngine } from "./tables/cuda_engine.ts";
import { dataMovement } from "./tables/data_movement.ts";
import { dataflows } from "./tables/dataflows.ts";
import { diet } from "./tables/diet.ts";
import { evalSpeed } from "./tables/eval_speed.ts";
import { flexgemmShells } from "./tables/flexgemm_shells.ts";
import { mapSearch } from "./tables/map_search.ts";
import { mapping } from "./tables/mapping.ts";
import { modelZoo } from "./tables/model_zoo.ts";
import { pvconvSpvconv } from "./tables/pvconv_spvconv.ts";
import { scaling } from "./tables/scaling.ts";
import { spconvBenchmarkTable } from "./tables/spconv_benchmark.ts";
import { torchsparsePpInference } from "./tables/torchsparse_pp.ts";
import { torchsparsePpTraining } from "./tables/torchsparse_pp_training.ts";

/** By ID, in the order of `--list`. */
export const TABLES: Readonly<Record<string, TableSpec>> = {
  "cpu-engine": cpuEngine,
  "cuda-engine": cudaEngine,
  scaling,
  dataflows,
  "model-zoo": modelZoo,
  "diet-weight-sparse": diet,
  "torchsparse-pp-inference": torchsparsePpInference,
  "torchsparse-pp-training": torchsparsePpTraining,
  "adaptive-grouping": adaptiveGrouping,
  "data-movement": dataMovement,
  mapping,
  "bev-pool-breakdown": bevPoolBreakdown,
  "pvconv-spvconv": pvconvSpvconv,
  "map-search": mapSearch,
  "spconv-benchmark": spconvBenchmarkTable,
  "flexgemm-shells": flexgemmShells,
  "eval-speed": evalSpeed,
};
