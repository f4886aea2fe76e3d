/**
 * What gathering and scattering rows takes in the convolutions of a network. No op does one of them
 * alone: a layer with one output channel gathers its whole input and scatters next to nothing, one
 * with a single input channel gathers next to nothing and scatters its whole output.
 */
import type { Context, Feature } from "../../ffi/mod.ts";
import { mappedConvs } from "../../models/dataflow.ts";
import type { Conv } from "../../models/layers/conv.ts";
import { Scene } from "../../models/scene.ts";
import { mapName } from "../../models/value.ts";
import type { Bench, Case, Problem } from "../case.ts";
import { sumTolerance } from "../harness/dtype.ts";
import type { LayerMap } from "../harness/scene.ts";
import type { Workload } from "../workloads/workload.ts";
import { workloadVoxels } from "./engine_run.ts";
import { convProblem, layerOf } from "./sparse_conv.ts";

/** What is moved. */
export type Movement = "gather" | "scatter";

/** Offset by offset, all offsets at once in the order of rows, and without buffers. */
export const MOVERS = ["gather", "fused", "fetch"] as const;

/** Bytes of rows, buffers and maps of the widest layers. */
const MEMORY_BYTES = 6e9;

function layerMap(scene: Scene, { map: key, from }: Conv): LayerMap {
  const map = scene.map(key!);
  return {
    layer: key!.by.layer,
    map: map.download(),
    inputs: scene.rows(from.space),
    outputs: map.shape[1]!,
    pairs: scene.pairCount(key!),
  };
}

/** Channels in and out of a layer of which one side is all that moves. */
const channelsOf = ({ from, to }: Conv, moved: Movement) =>
  moved === "gather" ? [from.channels, 1] as const : [1, to.channels] as const;

/** One problem for each distinct layer, and for each layer of the network the one that it is. */
function problemsOf(
  cpu: Context,
  coords: Int32Array,
  convs: readonly Conv[],
  moved: Movement,
  dtype: Feature,
) {
  using on = cpu.tensorFrom("i32", [coords.length / 4, 4], coords);
  using scene = new Scene(cpu, { coords: on });
  const known = new Map<string, Problem>();
  return convs.map((conv) => {
    const [cin, cout] = channelsOf(conv, moved);
    const key = `${mapName(conv.map!)} ${cin} ${cout}`;
    const problem = known.get(key) ??
      convProblem(layerOf(layerMap(scene, conv), cin, cout, dtype));
    known.set(key, problem);
    return problem;
  });
}

function movementProblem(
  bench: Bench,
  workload: Workload,
  moved: Movement,
  dtype: Feature,
): Problem {
  const { coords } = workloadVoxels(bench, workload);
  const convs = mappedConvs(workload.network());
  const layers = problemsOf(bench.cpu, coords, convs, moved, dtype);
  const distinct = [...new Set(layers)];
  return {
    params: { voxels: coords.length / 4 },
    flops: null,
    bytes: layers.reduce((sum, { bytes }) => sum + bytes, 0),
    // Layers push each other's rows out of the cache.
    copies: 1,
    tolerance: () => sumTolerance(dtype),
    create: (ctx) => {
      using stack = new DisposableStack();
      const made = new Map(distinct.map((each) => [each, stack.use(each.create(ctx))]));
      const owned = stack.move();
      return {
        bind(variant) {
          const runs = new Map(distinct.map((each) => [each, made.get(each)!.bind(variant)]));
          return () => layers.forEach((each) => runs.get(each)!());
        },
        output: () => distinct.flatMap((each) => made.get(each)!.output()),
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
    expected: (cpu) => ({
      parts: distinct.flatMap((each) => each.expected!(cpu).parts),
      refMs: Infinity,
    }),
  };
}

/** All layers of a workload that gather or scatter, their maps and pairs made before. */
export function movementCase(workload: Workload, moved: Movement, dtype: Feature): Case {
  return {
    op: "data_movement",
    tier: "full",
    onSector: true,
    dtype,
    params: { workload: workload.id, moved },
    memoryBytes: MEMORY_BYTES,
    variants: () => MOVERS,
    prepare: (bench) => movementProblem(bench, workload, moved, dtype),
  };
}
