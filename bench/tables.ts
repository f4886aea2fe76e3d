/** Every table that can be asked for by its ID. To add one: import it, list it. */
import type { TableSpec } from "./table.ts";
import { cpuEngine } from "./tables/cpu_engine.ts";
import { cudaEngine } from "./tables/cuda_engine.ts";
import { dataflows } from "./tables/dataflows.ts";
import { scaling } from "./tables/scaling.ts";

/** By ID, in the order of `--list`. */
export const TABLES: Readonly<Record<string, TableSpec>> = {
  "cpu-engine": cpuEngine,
  "cuda-engine": cudaEngine,
  scaling,
  dataflows,
};
