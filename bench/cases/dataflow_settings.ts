/**
 * The settings of the two dataflows that have some: which offsets "grouped" joins into one product
 * (TorchSparse's epsilon and S), and into how many parts "masked" cuts the offsets.
 */
import { type ConvSettings, convSettings, variants } from "../../ffi/mod.ts";
import type { Bench, BenchBackend, Case, Instance, Problem } from "../case.ts";
import { convProblem, layerOf } from "./sparse_conv.ts";

/** A dataflow and its settings under one name. */
export interface Setting {
  readonly name: string;
  readonly dataflow: string;
  readonly settings: ConvSettings;
}

const EPSILONS = [0, 0.1, 0.3, 0.5];
const THRESHOLDS = [0, 5000, 25_000];
const SPLITS = [1, 2, 3, 4];

/** Every setting that is tried, after the two dataflows without settings that they compete with. */
export const SETTINGS: readonly Setting[] = [
  ...["implicit", "gather"].map((dataflow) => ({ name: dataflow, dataflow, settings: {} })),
  ...EPSILONS.flatMap((epsilon) =>
    THRESHOLDS.map((threshold) => ({
      name: `grouped-e${epsilon}-s${threshold}`,
      dataflow: "grouped",
      settings: { epsilon, threshold },
    }))
  ),
  ...SPLITS.map((splits) => ({
    name: `masked-${splits}`,
    dataflow: "masked",
    settings: { splits },
  })),
];

function problem({ scene }: Bench, level: number, c: number): Problem {
  const base = convProblem(layerOf(scene.map("subm3", level), c, c));
  return {
    ...base,
    create(ctx): Instance {
      const instance = base.create(ctx);
      return {
        bind(name) {
          const { dataflow, settings } = SETTINGS.find((setting) => setting.name === name)!;
          const run = instance.bind(dataflow);
          // Settings belong to the context, which variants take turns on.
          return () => {
            convSettings(ctx, settings);
            run();
            convSettings(ctx, {});
          };
        },
        output: () => instance.output(),
        [Symbol.dispose]: () => instance[Symbol.dispose](),
      };
    },
  };
}

function settingsOf(backend: BenchBackend): string[] {
  const known = variants(backend, "sparse_conv");
  return SETTINGS.filter(({ dataflow }) => known.includes(dataflow)).map(({ name }) => name);
}

const layer = (level: number, c: number): Case => ({
  op: "dataflow_settings",
  tier: "full",
  params: { layer: `subm3-L${level}`, cin: c, cout: c },
  variants: settingsOf,
  prepare: (bench) => problem(bench, level, c),
});

/** Many rows of few channels, the middle, and few rows of many channels. */
export const dataflowSettingsCases: readonly Case[] = [layer(0, 32), layer(2, 128), layer(4, 256)];
