/**
 * All convolutions of a MinkUNet or SPVCNN in a row, as a forward pass does them: folded batch norm,
 * residual and ReLU in the same pass, maps made in the run or before, 1x1x1 layers and the classifier
 * as products of dense rows. Left out: reading the scan, and making tensors, which are there before
 * and used in turn. In 16 bits there are no dense steps yet: convolutions stand in, and instead of
 * concatenating two inputs a layer convolves one and adds the other.
 */
import { type Backend, type Context, type Feature, variants } from "../../ffi/mod.ts";
import type { Bench, BenchBackend, Case, Expected, Problem } from "../case.ts";
import type { Tolerance } from "../harness/check.ts";
import { FEATURE_TYPES, UNIT } from "../harness/dtype.ts";
import { bytesOf, macsOf, type Network, networkInstance, networkOf } from "./network.ts";
import { minkunet, type Plan, spvcnn } from "./network_plan.ts";

/** Multiply-adds up to which the reference computes all of a network: it does about 1e9 a second. */
const REFERENCE_MACS = 2e9;
/** A larger one is compared with what another dataflow makes of it, in f32. */
const OTHER_DATAFLOW = "fetch";
/** The default, how the first engines did it, and the reference. */
const DATAFLOWS = ["gather", "ref"];

function networkVariants(backend: BenchBackend): string[] {
  const known = variants(backend, "sparse_conv");
  return known.filter((name, i) => i === 0 || DATAFLOWS.includes(name));
}

/**
 * Errors of a layer pass through all that follow, which keep their size. f32: what one layer may
 * have, times their number. 16 bits: each layer's result is rounded, independently of the others, so
 * the errors add up like the root of their number; twice that, of the largest value.
 */
function networkTolerance({ depth }: Plan, dtype: Feature): Tolerance {
  const scale = dtype === "f32" ? 1e-5 * depth : 2 * Math.sqrt(depth) * UNIT[dtype];
  return { abs: 0, scale, rel: 1e-5 };
}

const DENSE_OPS = ["linear", "concat", "affine"] as const;

/** Whether a backend has the dense steps of a network in this type. */
function isDense(backend: Backend, dtype: Feature): boolean {
  return dtype === "f32" && DENSE_OPS.every((op) => variants(backend, op).length > 0);
}

function problem({ scene }: Bench, plan: Plan, dtype: Feature, buildsMaps: boolean): Problem {
  const network = networkOf(plan, scene, dtype, buildsMaps);
  const macs = macsOf(plan, scene);
  return {
    params: { voxels: scene.rows(0), gmac: Number((macs / 1e9).toFixed(3)) },
    flops: 2 * macs,
    bytes: bytesOf(network),
    tolerance: () => networkTolerance(plan, dtype),
    create: (ctx) => networkInstance(ctx, network),
    expected: (cpu) => expected(cpu, network, macs),
  };
}

function expected(cpu: Context, network: Network, macs: number): Expected {
  using instance = networkInstance(cpu, { ...network, dtype: "f32" });
  const small = macs <= REFERENCE_MACS;
  const ms = cpu.time(instance.bind(small ? "ref" : OTHER_DATAFLOW));
  return { parts: instance.output(), refMs: small ? ms : Infinity };
}

/** About what a copy of the network takes on a scan of 100,000 voxels, on host and device. */
const MEMORY_BYTES = 1.5e9;

const network = (
  op: string,
  plan: typeof minkunet,
  ratio: number,
  maps: "built" | "cached",
  { dtype = "f32", tier = "full" }: { dtype?: Feature; tier?: Case["tier"] } = {},
): Case => ({
  op,
  tier,
  dtype,
  params: { cr: ratio, maps },
  memoryBytes: MEMORY_BYTES * ratio,
  variants: networkVariants,
  prepare: (bench) => {
    const dense = isDense(bench.ctx.backend, dtype);
    return problem(bench, plan(ratio, dense), dtype, maps === "built");
  },
});

/** A narrow MinkUNet for the tour, those of the tables in all types, and SPVCNN in f32. */
export const minkunetCases: readonly Case[] = [
  network("minkunet_convs", minkunet, 0.25, "built", { tier: "tour" }),
  ...FEATURE_TYPES.flatMap((dtype) =>
    [0.5, 1].flatMap((ratio) => [
      network("minkunet_convs", minkunet, ratio, "built", { dtype }),
      network("minkunet_convs", minkunet, ratio, "cached", { dtype }),
    ])
  ),
  // The steps between points and voxels are f32 only.
  network("spvcnn_convs", spvcnn, 0.5, "built"),
  network("spvcnn_convs", spvcnn, 1, "built"),
  network("spvcnn_convs", spvcnn, 1, "cached"),
];
