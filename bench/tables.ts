/** Every table that can be asked for by its ID. To add one: import it, list it. */
import type { TableSpec } from "./table.ts";
import { adaptiveGrouping } from "./tables/adaptive_grouping.ts";
import { bevPoolBreakdown } from "./tables/bev_pool_breakdown.ts";
import { cpuEngine } from "./tables/cpu_engine.ts";
import { dataflows } from "./tables/dataflows.ts";
import { mapSearch } from "./tables/map_search.ts";
import { evalSpeed } from "./tables/eval_speed.ts";
import { diet } from "./tables/diet.ts";
import { modelZoo } from "./tables/model_zoo.ts";
import { scaling } from "./tables/scaling.ts";
import { torchsparsePpInference } from "./tables/torchsparse_pp.ts";

/** By ID, in the order of `--list`. */
export const TABLES: Readonly<Record<string, TableSpec>> = {
  "cpu-engine": cpuEngine,
  scaling,
  "model-zoo": modelZoo,
  diet,
  dataflows,
  "bev-pool-breakdown": bevPoolBreakdown,
  "map-search": mapSearch,
  "torchsparse-pp-inference": torchsparsePpInference,
  "adaptive-grouping": adaptiveGrouping,
  "eval-speed": evalSpeed,
};
