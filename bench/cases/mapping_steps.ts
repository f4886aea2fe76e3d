/**
 * All kernel maps of a network and the coordinates of its strided layers, by one way of searching
 * after the other. Integers: every way must give the same.
 */
import {
  type Bounds,
  type Context,
  downsample,
  type Geometry,
  kernelMap,
  kernelVolume,
  stridedMap,
  type Tensor,
  variants,
} from "../../ffi/mod.ts";
import { alignedCoords, boundsOf } from "../../models/coords.ts";
import { mappedConvs } from "../../models/dataflow.ts";
import { Scene } from "../../models/scene.ts";
import { type MapKey, mapName } from "../../models/value.ts";
import type { Bench, BenchBackend, Case, Instance, Problem } from "../case.ts";
import { EXACT, type Part } from "../harness/check.ts";
import type { Workload } from "../workloads/workload.ts";
import { workloadVoxels } from "./engine_run.ts";

type I32 = Tensor<"i32">;

const MEMORY_BYTES = 2e9;

/** A way to make maps. */
export interface MapWay {
  /** Variant of kernel_map. */
  readonly search: string;
  /** Whether submanifold maps are known to be their own mirror images. */
  readonly mirrored: boolean;
  /** Whether strided layers take one op for their outputs and their map. */
  readonly oneOp?: boolean;
}

/** By name: what the table compares. */
const MAP_WAYS = {
  "hash": { search: "hash", mirrored: false },
  "hash-mirrored": { search: "hash", mirrored: true },
  "grid": { search: "grid", mirrored: false },
  "grid-mirrored": { search: "grid", mirrored: true },
  "sorted": { search: "sorted", mirrored: false },
  "sorted-mirrored": { search: "sorted", mirrored: true },
  "search": { search: "search", mirrored: false },
  "search-mirrored": { search: "search", mirrored: true },
  "one-op": { search: "hash", mirrored: true, oneOp: true },
} as const satisfies Record<string, MapWay>;

export type MapWayName = keyof typeof MAP_WAYS;

const REFERENCE: MapWay = { search: "ref", mirrored: true };

/** Those whose search a backend has. */
export function mapWays(backend: BenchBackend): MapWayName[] {
  const known = variants(backend, "kernel_map");
  return Object.entries(MAP_WAYS).filter(([, { search }]) => known.includes(search))
    .map(([name]) => name as MapWayName);
}

/** A map on the host: coordinates [N, 4] in, and [M, 4] out where a strided layer makes them. */
interface MapTask {
  readonly name: string;
  readonly layer: Geometry;
  readonly inputs: Int32Array;
  readonly made: { readonly rows: number; readonly bounds: Bounds | null } | null;
}

/** The maps of a network, but for those that are others backwards. */
function tasksOf(cpu: Context, coords: Int32Array, workload: Workload): MapTask[] {
  using on = cpu.tensorFrom("i32", [coords.length / 4, 4], coords);
  using scene = new Scene(cpu, { coords: on });
  const keys = mappedConvs(workload.network()).map(({ map }) => map!)
    .filter(({ transposed }) => !transposed);
  return [...new Map(keys.map((key) => [mapName(key), key])).values()]
    .map((key) => taskOf(scene, key));
}

function taskOf(scene: Scene, { from, to, by }: MapKey): MapTask {
  const coords = scene.coords(from);
  const made = { rows: scene.rows(to), bounds: boundsOf(to.shape) };
  return {
    name: mapName({ from, to, by, transposed: false }),
    layer: by.layer,
    inputs: alignedCoords(coords, by) ?? coords.download(),
    made: from === to ? null : made,
  };
}

/** A task on a device. */
interface OnDevice {
  readonly task: MapTask;
  readonly inputs: I32;
  /** The inputs of a submanifold map once more, so that nothing tells that they are its outputs. */
  readonly outputs: I32;
  readonly map: I32;
  readonly count: Tensor<"i64">;
}

function upload(ctx: Context, task: MapTask, own: DisposableStack): OnDevice {
  const { inputs, layer, made } = task;
  const n = inputs.length / 4;
  const rows = made?.rows ?? n;
  return {
    task,
    inputs: own.use(ctx.tensorFrom("i32", [n, 4], inputs)),
    outputs: own.use(
      made === null ? ctx.tensorFrom("i32", [n, 4], inputs) : ctx.tensor("i32", [rows, 4]),
    ),
    map: own.use(ctx.tensor("i32", [kernelVolume(layer), rows])),
    count: own.use(ctx.tensor("i64", [1])),
  };
}

function build({ task, inputs, outputs, map, count }: OnDevice, way: MapWay): void {
  const { layer, made } = task;
  const variant = inputs.ctx.variant("kernel_map", way.search);
  if (made === null) {
    return kernelMap(inputs, way.mirrored ? inputs : outputs, map, layer, variant);
  }
  if (way.oneOp) return stridedMap(inputs, outputs, map, count, layer, "reached", made.bounds);
  const coarser = way.search === "ref" ? inputs.ctx.variant("downsample", "ref") : 0;
  downsample(inputs, outputs, count, layer, "reached", made.bounds, coarser);
  kernelMap(inputs, outputs, map, layer, variant);
}

function instanceOf(ctx: Context, tasks: readonly MapTask[], ways: (name: string) => MapWay) {
  using stack = new DisposableStack();
  const all = tasks.map((task) => upload(ctx, task, stack));
  const owned = stack.move();
  return {
    bind: (name) => () => all.forEach((each) => build(each, ways(name))),
    output: () =>
      all.flatMap(({ task, outputs, map }): Part[] => [
        { name: `map ${task.name}`, values: map.download() },
        ...(task.made === null ? [] : [{
          name: `outputs of ${task.name}`,
          values: outputs.download(),
        }]),
      ]),
    [Symbol.dispose]: () => owned.dispose(),
  } satisfies Instance;
}

function mappingProblem(bench: Bench, workload: Workload): Problem {
  const { coords } = workloadVoxels(bench, workload);
  const tasks = tasksOf(bench.cpu, coords, workload);
  return {
    params: { voxels: coords.length / 4, maps: tasks.length },
    flops: null,
    bytes: tasks.reduce((sum, { inputs, layer, made }) => {
      const rows = made?.rows ?? inputs.length / 4;
      return sum + 4 * inputs.length + (made === null ? 0 : 16 * rows) +
        4 * kernelVolume(layer) * rows;
    }, 0),
    tolerance: () => EXACT,
    create: (ctx) => instanceOf(ctx, tasks, (name) => MAP_WAYS[name as MapWayName]),
    expected: (cpu) => {
      using instance = instanceOf(cpu, tasks, () => REFERENCE);
      instance.bind("ref")();
      return { parts: instance.output(), refMs: Infinity };
    },
  };
}

/** The maps of a workload in every way that the backend has. */
export function mappingCase(workload: Workload): Case {
  return {
    op: "network_mapping",
    tier: "full",
    onSector: true,
    params: { workload: workload.id },
    memoryBytes: MEMORY_BYTES,
    variants: mapWays,
    prepare: (bench) => mappingProblem(bench, workload),
  };
}
