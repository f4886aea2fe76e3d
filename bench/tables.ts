/** Every table that can be asked for by its ID. To add one: import it, list it. */
import type { TableSpec } from "./table.ts";
import { cpuEngine } from "./tables/cpu_engine.ts";
import { dataflows } from "./tables/dataflows.ts";
import { diet } from "./tables/diet.ts";
import { modelZoo } from "./tables/model_zoo.ts";
import { scaling } from "./tables/scaling.ts";

/** By ID, in the order of `--list`. */
export const TABLES: Readonly<Record<string, TableSpec>> = {
  "cpu-engine": cpuEngine,
  scaling,
  "model-zoo": modelZoo,
  diet,
  dataflows,
};
