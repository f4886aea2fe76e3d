import { assertEquals } from "@std/assert";
import {
  Context,
  convDgrad,
  convWgrad,
  geometry,
  groupVoxels,
  KernelMap,
  sparseConv,
} from "../../ffi/mod.ts";
import { samePlan } from "../../models/dataflow.ts";
import { spconvBenchmark } from "../../models/nets/spconv_benchmark.ts";
import type { Case } from "../case.ts";
import { testSetting } from "../harness/fakes.ts";
import { randomFloats } from "../harness/random.ts";
import { runCases } from "../harness/run.ts";
import { shellCoords, shellInput } from "../workloads/shell.ts";
import type { NetworkInput } from "../workloads/workload.ts";
import { type StepPlanner, trainingProblem, type TrainingStep } from "./conv_training.ts";

const DATAFLOWS = ["implicit", "masked", "fetch", "grouped", "gather"];
const planner: StepPlanner = (variant, _, { network }) => {
  const plan = samePlan(network, { variant });
  return { forward: plan, dgrad: plan, wgrad: new Map() };
};

const caseOf = (input: NetworkInput, step: TrainingStep): Case => ({
  op: "training",
  tier: "full",
  params: {},
  variants: () => DATAFLOWS,
  prepare: (bench) => trainingProblem(bench, input, planner, step),
});

/** The benchmark's network in two narrow levels, on a shell. */
const PAIRS: NetworkInput = {
  network: () => spconvBenchmark([16, 16, 16], [4, 6]),
  scan(ctx) {
    const coords = shellCoords({ side: 16, channels: 3, part: "whole" });
    using all = ctx.tensorFrom("i32", [coords.length / 4, 4], coords);
    using voxels = groupVoxels(all);
    const rows = voxels.coords.rows;
    const made = {
      coords: ctx.tensorFrom("i32", [rows, 4], voxels.coords.download()),
      feats: ctx.tensorFrom("f32", [rows, 3], randomFloats(rows * 3, 1)),
    };
    return {
      ...made,
      [Symbol.dispose]: () => {
        made.coords[Symbol.dispose]();
        made.feats[Symbol.dispose]();
      },
    };
  },
};

Deno.test("trainingProblem() gives the same gradients in every dataflow, and counts its products", async () => {
  using cpu = new Context("cpu", { threads: 2 });
  const shell = shellInput({ side: 8, channels: 6, part: "whole" });
  const items = [
    caseOf(shell, "backward"),
    caseOf(shell, "forward and backward"),
    caseOf(PAIRS, "backward"),
  ];
  const outcomes = await runCases(items, testSetting(cpu));
  assertEquals(outcomes.length, items.length * DATAFLOWS.length);
  for (const { row } of outcomes) {
    assertEquals([row.id, row.skipped, row.verified], [row.id, null, true]);
  }
  const [backward, both] = [outcomes[0]!.work.flops!, outcomes[DATAFLOWS.length]!.work.flops!];
  assertEquals(both / backward, 1.5);
  assertEquals(cpu.liveTensors, 0);
});

Deno.test("trainingProblem() makes what convDgrad() and convWgrad() make, after its forward pass", () => {
  using cpu = new Context("cpu", { threads: 1 });
  const [side, channels] = [8, 6];
  const { bench } = testSetting(cpu);
  const input = shellInput({ side, channels, part: "whole" });
  const problem = trainingProblem(bench, input, planner, "forward and backward");
  using instance = problem.create(cpu);
  instance.bind("implicit")();
  const [weights, inputs] = instance.output();

  using stack = new DisposableStack();
  const coords = shellCoords({ side, channels, part: "whole" });
  const rows = coords.length / 4;
  const on = stack.use(cpu.tensorFrom("i32", [rows, 4], coords));
  const map = stack.use(KernelMap.build(on, on, geometry(3)));
  const transposed = stack.use(map.transpose());
  // The seeds and sizes of ConvGroup.
  const random = (shape: number[], seed: number, size = 1) => {
    const values = randomFloats(shape.reduce((product, n) => product * n, 1), seed);
    return stack.use(cpu.tensorFrom("f32", shape, values.map((value) => value * size)));
  };
  const feats = random([rows, channels], 10);
  const gradOut = random([rows, channels], 21);
  const weight = random([27, channels, channels], 30, 1 / Math.sqrt(27 * channels));
  const dgrad = stack.use(convDgrad(gradOut, weight, transposed));
  const wgrad = stack.use(convWgrad(feats, gradOut, map)).download();
  assertEquals(inputs!.values, dgrad.download());
  assertEquals(
    weights!.values,
    wgrad.filter((_, i) => i % channels < 4),
  );
  // Forward is the adjoint: <conv(x), g> = <x, dgrad(g)>.
  const out = stack.use(cpu.tensor("f32", [rows, channels]));
  sparseConv(feats, weight, map.map, null, out);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);
  const [left, right] = [
    dot(out.download(), gradOut.download()),
    dot(feats.download(), dgrad.download()),
  ];
  assertEquals(Math.abs(left - right) < 1e-3 * Math.abs(left), true);
});
