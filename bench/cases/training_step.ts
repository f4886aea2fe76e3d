/**
 * One training step of a network's convolutions on the settings of an engine: kernel maps, forward
 * pass, gradients of inputs and of weights. What lies between convolutions is left out.
 */
import { type Context, type Feature, variants } from "../../ffi/mod.ts";
import type { Network } from "../../models/network.ts";
import { Pool } from "../../models/pool.ts";
import { Scene } from "../../models/scene.ts";
import { convsOf, hasDgrad, TrainingLayers } from "../../models/training_layers.ts";
import type { Bench, Case, Instance, Problem } from "../case.ts";
import { stepPlanOf } from "../engines/step_plan.ts";
import { TRAINING_PROFILES, trainingProfile } from "../engines/training.ts";
import type { Part } from "../harness/check.ts";
import { sumTolerance } from "../harness/dtype.ts";
import type { Workload } from "../workloads/workload.ts";
import { workloadVoxels } from "./engine_run.ts";
import { capturing, expectedParts } from "./training_check.ts";

/** Scans in a step, as in the published figure. */
export const BATCH = 2;
/** The workloads of a quick run: a narrow network for segmentation, and one for detection. */
const QUICK = ["semantickitti-minkunet-0.5x", "waymo-centerpoint"];
/** Bytes of weights, values and gradients of the largest workload in two types. */
const MEMORY_BYTES = 8e9;

/** The voxels of a step. */
interface StepInput {
  readonly network: Network;
  /** [M, 4], sorted. */
  readonly coords: Int32Array;
}

/** The voxels once for every scan of the batch. */
export function batched(coords: Int32Array, batch: number): Int32Array {
  return Int32Array.from(
    { length: batch * coords.length },
    (_, i) => i % 4 === 0 ? Math.floor(i / coords.length) : coords[i % coords.length]!,
  );
}

/** A scene of `input`; `maps` is a variant of kernel_map. */
function sceneOf(
  ctx: Context,
  { coords }: StepInput,
  pool: Pool,
  maps: string,
  own: DisposableStack,
) {
  const known = variants(ctx.backend, "kernel_map").includes(maps);
  const on = own.use(ctx.tensorFrom("i32", [coords.length / 4, 4], coords));
  return own.use(new Scene(ctx, { coords: on, batches: BATCH }, pool, known ? { maps } : {}));
}

function macsOf(cpu: Context, input: StepInput): number {
  using own = new DisposableStack();
  const scene = sceneOf(cpu, input, own.use(new Pool(cpu)), "hash", own);
  return convsOf(input.network).reduce(
    (sum, conv) => sum + conv.macs(scene) * (hasDgrad(input.network, conv) ? 3 : 2),
    0,
  );
}

function stepProblem(bench: Bench, workload: Workload): Problem {
  const coords = batched(workloadVoxels(bench, workload).coords, BATCH);
  const input = { network: workload.network(), coords };
  const macs = macsOf(bench.cpu, input);
  return {
    params: { voxels: coords.length / 4, gmac: Number((macs / 1e9).toFixed(2)) },
    flops: 2 * macs,
    bytes: 4 * coords.length,
    // Layers push each other's values out of the cache.
    copies: 1,
    tolerance: (name) => sumTolerance(trainingProfile(name).dtype),
    create: (ctx) => instanceOf(ctx, input),
    expected: (cpu) => {
      using own = new DisposableStack();
      const scene = sceneOf(cpu, input, own.use(new Pool(cpu)), "hash", own);
      return { parts: expectedParts(cpu, input.network, scene), refMs: Infinity };
    },
  };
}

function instanceOf(ctx: Context, input: StepInput): Instance {
  using stack = new DisposableStack();
  const pool = stack.use(new Pool(ctx));
  const owned = stack.move();
  const made = new Map<Feature, TrainingLayers>();
  let parts: Part[] = [];
  return {
    bind(name) {
      const profile = trainingProfile(name);
      const layers = made.get(profile.dtype) ??
        owned.use(new TrainingLayers(ctx, input.network, profile.dtype));
      made.set(profile.dtype, layers);
      const scene = sceneOf(ctx, input, pool, profile.maps, owned);
      const plan = stepPlanOf(profile, layers, scene);
      parts = [];
      layers.run(scene, plan, capturing(parts));
      scene.forget();
      return () => {
        layers.run(scene, plan);
        // Maps go back to the pool, which all profiles share.
        scene.forget();
      };
    },
    output: () => parts,
    [Symbol.dispose]: () => owned.dispose(),
  };
}

/** A workload on every profile. */
export function trainingCase(workload: Workload): Case {
  return {
    op: "training_step",
    tier: "full",
    onSector: true,
    ...(!QUICK.includes(workload.id) && {
      notQuick: "tuning its engines takes a minute on two cores",
    }),
    params: { workload: workload.id, batch: BATCH },
    memoryBytes: MEMORY_BYTES,
    variants: () => TRAINING_PROFILES.map(({ name }) => name),
    prepare: (bench) => stepProblem(bench, workload),
  };
}
