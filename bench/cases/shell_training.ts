/** FlexGEMM's benchmark of engines in training: a layer on a sphere shell, forward and backward. */
import type { Case } from "../case.ts";
import { type Profile, profileOf } from "../engines/profiles.ts";
import { shellInput } from "../workloads/shell.ts";
import { trainingPlan, trainingProblem } from "./conv_training.ts";

/** What the engines of that benchmark run, as settings of ours; the first is whose speed is 1. */
export const SHELL_ENGINES: readonly Profile[] = [
  {
    name: "flexgemm",
    about: "FlexGEMM: output-stationary with rows sorted by mask",
    maps: "hash",
    conv: () => ({ variant: "masked", settings: { splits: 1 } }),
  },
  {
    name: "spconv",
    about: "SpConv 2.3 as that benchmark calls it: rows sorted by mask in two parts",
    maps: "hash",
    conv: () => ({ variant: "masked", settings: { splits: 2 } }),
  },
  profileOf("torchsparse-pp"),
  {
    name: "warpconvnet",
    about:
      "WarpConvNet: offsets of 5,000 pairs and more alone, smaller ones grouped with 10 % padding",
    maps: "hash",
    conv: () => ({ variant: "grouped", settings: { epsilon: 0.1, threshold: 5000 } }),
  },
  profileOf("voxmark"),
];

/** From here on a CPU gets an eighth of the shell: the whole one takes minutes. */
const OCTANT_SIDE = 32;
/** Those that a quick run has time for: up to 50 GFLOP a run on a CPU; others take 70 to 170. */
const QUICK_SIDES = [8, 32];
/** The layer's weights three times, on host and device, and the values and gradients of voxels. */
const MEMORY_BYTES = 3e9;

/** One layer of `channels` to `channels` on the shell in a cube of `side` cells. */
export function shellCase(side: number, channels: number): Case {
  return {
    op: "shell_training",
    tier: "full",
    params: { side, channels },
    ...(!QUICK_SIDES.includes(side) && { notQuick: "a run takes seconds on two cores" }),
    memoryBytes: MEMORY_BYTES,
    variants: () => SHELL_ENGINES.map(({ name }) => name),
    prepare(bench) {
      const part = bench.ctx.backend === "cpu" && side >= OCTANT_SIDE ? "octant" : "whole";
      const problem = trainingProblem(
        bench,
        shellInput({ side, channels, part }),
        (name, ctx, prepared) =>
          trainingPlan(SHELL_ENGINES.find((engine) => engine.name === name)!, ctx, prepared),
        "forward and backward",
      );
      return { ...problem, params: { part, ...problem.params } };
    },
  };
}
