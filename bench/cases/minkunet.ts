/**
 * A whole MinkUNet or SPVCNN in a row, as a forward pass does it: folded batch norm, residual and
 * ReLU in the same pass, maps made in the run or before, 1x1x1 layers and the classifier as products
 * of dense rows. Plans with "any" maps were recorded on another scan, with room for a larger one.
 * Left out: reading the scan.
 */
import { type Feature, variants } from "../../ffi/mod.ts";
import { minkunet } from "../../models/nets/minkunet.ts";
import { spvcnn } from "../../models/nets/spvcnn.ts";
import type { BenchBackend, Case } from "../case.ts";
import { FEATURE_TYPES } from "../harness/dtype.ts";
import { networkProblem, TUNED } from "./network.ts";

/** Beside the default: how the first engines did it, and the reference. */
const DATAFLOWS = ["gather", "ref"];

/** Those that take voxels whose number only the device knows: "gather" lists pairs. */
const COUNTED_DATAFLOWS = ["ref"];

/** On a GPU also what tuning finds; a CPU's default seldom loses to it, and tuning takes a minute. */
function networkVariants(backend: BenchBackend, dataflows = DATAFLOWS): string[] {
  const known = variants(backend, "sparse_conv");
  const named = known.filter((name, i) => i === 0 || dataflows.includes(name));
  return backend === "cpu" ? named : [...named, TUNED];
}

/** About what a copy of the network takes on a scan of 100,000 voxels, on host and device. */
const MEMORY_BYTES = 1.5e9;
/** Of SemanticKITTI. */
const CLASSES = 19;

interface NetworkOptions {
  readonly dtype?: Feature;
  readonly tier?: Case["tier"];
  /** Recorded once and run by one call: a plan. */
  readonly planned?: boolean;
}

const network = (
  op: string,
  build: typeof minkunet,
  ratio: number,
  maps: "built" | "cached" | "any",
  { dtype = "f32", tier = "full", planned = false }: NetworkOptions = {},
): Case => ({
  op,
  tier,
  dtype,
  params: { cr: ratio, maps },
  memoryBytes: MEMORY_BYTES * ratio,
  variants: (backend) => networkVariants(backend, maps === "any" ? COUNTED_DATAFLOWS : DATAFLOWS),
  prepare: (bench) =>
    networkProblem(bench, {
      network: build({ ratio, classes: CLASSES }),
      dtype,
      buildsMaps: maps !== "cached",
      ...(planned && { planned: maps === "any" ? "any scan" : "this scan" }),
    }),
});

/** A narrow MinkUNet for the tour, and the networks of the tables in all types. */
export const minkunetCases: readonly Case[] = [
  network("minkunet_convs", minkunet, 0.25, "built", { tier: "tour" }),
  ...FEATURE_TYPES.flatMap((dtype) =>
    [0.5, 1].flatMap((ratio) => [
      network("minkunet_convs", minkunet, ratio, "built", { dtype }),
      network("minkunet_convs", minkunet, ratio, "cached", { dtype }),
    ])
  ),
  ...FEATURE_TYPES.flatMap((dtype) =>
    (["built", "any", "cached"] as const).map((maps) =>
      network("minkunet_plan", minkunet, 1, maps, { dtype, planned: true })
    )
  ),
  ...FEATURE_TYPES.flatMap((dtype) => [
    network("spvcnn_convs", spvcnn, 0.5, "built", { dtype }),
    network("spvcnn_convs", spvcnn, 1, "built", { dtype }),
    network("spvcnn_convs", spvcnn, 1, "cached", { dtype }),
  ]),
];
