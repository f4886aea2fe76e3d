/**
 * How cost grows with voxels and with threads. A larger scene is the scan several times, each copy
 * under a batch number of its own, the last one cut: neighbourhoods stay those of a real scan.
 */
import { Context, groupVoxels, variants } from "../../ffi/mod.ts";
import type { Bench, BenchBackend, Case, Problem } from "../case.ts";
import { type LayerMap, LAYERS, type Scene } from "../harness/scene.ts";
import { mapProblem } from "./kernel_map.ts";
import { convProblem, layerOf } from "./sparse_conv.ts";
import { voxelizeProblem } from "./voxelize.ts";

/** Sizes of the scaling table. */
export const SIZES = [1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7] as const;

/** Powers of two up to the cores of this machine, and all of them. */
export const THREADS: readonly number[] = threadCounts(navigator.hardwareConcurrency);

/** Channels of the layer that is scaled, and of the one that threads share. */
const [SCALED, SHARED] = [32, 96] as const;

/** 1, 2, 4, ... and the number of cores itself. */
export function threadCounts(cores: number): number[] {
  const powers = Array.from({ length: Math.floor(Math.log2(cores)) + 1 }, (_, i) => 2 ** i);
  return [...new Set([...powers, cores])];
}

/** The first `voxels` voxels of the copies, [voxels, 4], sorted. */
export function grownVoxels(scene: Scene, voxels: number): Int32Array<ArrayBuffer> {
  const frame = scene.level(0);
  const out = new Int32Array(4 * voxels);
  for (let i = 0; i < out.length; i++) {
    out[i] = i % 4 === 0 ? Math.floor(i / frame.length) : frame[i % frame.length]!;
  }
  return out;
}

/** The points of those voxels, in the order of the scan. */
function grownPoints({ cpu, scene }: Bench, voxels: number): Int32Array<ArrayBuffer> {
  const { coords, pointCount: n } = scene;
  using on = cpu.tensorFrom("i32", [n, 4], coords);
  using grouped = groupVoxels(on);
  const inverse = grouped.inverse.download();
  const frame = scene.rows(0);
  const copies = Math.ceil(voxels / frame);
  const left = voxels - (copies - 1) * frame;
  const out = new Int32Array(4 * n * copies);
  let length = 0;
  for (let copy = 0; copy < copies; copy++) {
    for (let i = 0; i < n; i++) {
      if (copy === copies - 1 && inverse[i]! >= left) continue;
      out[length++] = copy;
      for (let axis = 1; axis < 4; axis++) out[length++] = coords[4 * i + axis]!;
    }
  }
  return out.slice(0, length);
}

/** The 3x3x3 map of the copies: that of the scan, moved, without neighbours that were cut off. */
export function grownMap(scene: Scene, voxels: number): LayerMap {
  const { map: frame, layer, outputs: m } = scene.map("subm3", 0);
  const kv = frame.length / m;
  const map = new Int32Array(kv * voxels);
  let pairs = 0;
  for (let k = 0; k < kv; k++) {
    for (let i = 0; i < voxels; i++) {
      const copy = Math.floor(i / m);
      const row = frame[k * m + i - copy * m]! + copy * m;
      const found = row >= copy * m && row < voxels;
      map[k * voxels + i] = found ? row : -1;
      if (found) pairs++;
    }
  }
  return { layer, map, inputs: voxels, outputs: voxels, pairs };
}

function scaledMap({ scene }: Bench, voxels: number): Problem {
  const coords = grownVoxels(scene, voxels);
  const { map, pairs } = grownMap(scene, voxels);
  return {
    ...mapProblem(coords, coords, LAYERS.subm3, pairs),
    expected: () => ({ parts: [{ name: "map", values: map }], refMs: Infinity }),
  };
}

/** A layer on a context of its own, which has `threads` threads. */
function sharedConv({ scene }: Bench, threads: number): Problem {
  const problem = convProblem(layerOf(scene.map("subm3", 0), SHARED, SHARED));
  return {
    ...problem,
    create(ctx) {
      using stack = new DisposableStack();
      const own = stack.use(new Context(ctx.backend, { threads }));
      const instance = stack.use(problem.create(own));
      const owned = stack.move();
      return {
        bind: (variant) => instance.bind(variant),
        output: () => instance.output(),
        [Symbol.dispose]: () => owned.dispose(),
      };
    },
  };
}

/** The largest that a quick run makes. */
const QUICK_VOXELS = 1e6;

/** Bytes a voxel: what a case holds on the host and on the device at once. */
const BYTES = { voxelize: 300, map: 500, conv: 900 } as const;

/** Cases of `voxels` voxels: grouping, 3x3x3 map, and one layer with its map made before. */
export function scalingCases(voxels: number) {
  const firstOf = (op: string) => (backend: BenchBackend) => variants(backend, op).slice(0, 1);
  const common = {
    tier: "full",
    params: { voxels },
    ...(voxels > QUICK_VOXELS && { notQuick: "its arrays alone take seconds to make" }),
  } as const;
  return {
    voxelize: {
      ...common,
      op: "voxelize_scaling",
      memoryBytes: BYTES.voxelize * voxels,
      variants: (backend) => [...new Set([variants(backend, "voxelize")[0]!, "ref"])],
      prepare: (bench) => voxelizeProblem(grownPoints(bench, voxels), voxels),
    },
    map: {
      ...common,
      op: "kernel_map_scaling",
      memoryBytes: BYTES.map * voxels,
      variants: firstOf("kernel_map"),
      prepare: (bench) => scaledMap(bench, voxels),
    },
    conv: {
      ...common,
      op: "sparse_conv_scaling",
      memoryBytes: BYTES.conv * voxels,
      variants: firstOf("sparse_conv"),
      prepare: ({ scene }) => convProblem(layerOf(grownMap(scene, voxels), SCALED, SCALED)),
    },
  } as const satisfies Record<string, Case>;
}

/** One layer of 96 to 96 channels at level 0 with a number of threads. */
export function threadCase(threads: number): Case {
  return {
    op: "sparse_conv_threads",
    tier: "full",
    params: { threads, layer: "subm3-L0", cin: SHARED, cout: SHARED },
    variants: (backend) => variants(backend, "sparse_conv").slice(0, 1),
    prepare: (bench) => sharedConv(bench, threads),
  };
}
