/** A network of `models/` as a bench problem, with seeded weights. */
import { type Context, convNeedsPairs, type Feature, type Tensor } from "../../ffi/mod.ts";
import { countMacs, depthOf, elements, parametersOf } from "../../models/count.ts";
import { BYTES, featureTensor, floatsOf } from "../../models/dtype.ts";
import type { EnginePlan } from "../../models/dataflow.ts";
import { Model } from "../../models/model.ts";
import type { Network } from "../../models/network.ts";
import { pointPositions } from "../../models/nets/spvcnn.ts";
import { alongZ, pruneGlobally } from "../../models/prune.ts";
import { ScanSlot } from "../../models/scan_slot.ts";
import { Scene as Maps, type SceneInput } from "../../models/scene.ts";
import { defaultCandidates, tune } from "../../models/tune.ts";
import { randomWeights, type Weights } from "../../models/weights.ts";
import type { Bench, Expected, Instance, Problem } from "../case.ts";
import type { Tolerance } from "../harness/check.ts";
import { UNIT } from "../harness/dtype.ts";
import { randomFloats } from "../harness/random.ts";
import type { Scene } from "../harness/scene.ts";

/** Multiply-adds up to which the reference computes all of a network: it does about 1e9 a second. */
const REFERENCE_MACS = 2e9;
/** A larger one is compared with what another dataflow makes of it, in f32. */
const OTHER_DATAFLOW = "fetch";
/** The engine of layers that run as timing them finds fastest here, with every tile. */
export const TUNED = "tuned";
/** Of the weights of all networks here. */
const SEED = 2;
/** Rows that a plan for any scan has room for, of those that this one has. */
const ROOM = 1.25;

/** How a network is run. */
export interface NetworkRun {
  readonly network: Network;
  readonly scene: Scene;
  readonly dtype: Feature;
  /** Whether maps are made in every run, or once before. */
  readonly buildsMaps: boolean;
  /** Where the pass is recorded once and run again by one call: for which scans it is. */
  readonly planned?: "this scan" | "any scan";
  /** Share of the weights that are 0, and whether kernels skip them. */
  readonly pruned?: {
    readonly rate: number;
    readonly skipsZeros: boolean;
    /** Modules of which only the offsets along z are left. */
    readonly alongZ?: readonly string[];
  };
  /** Told the bytes of buffers that a run in this dataflow took at its widest. */
  readonly onPeak?: (engine: string, bytes: number) => void;
}

/**
 * Errors of a layer pass through all that follow, which keep their size. f32: what one layer may
 * have, times their number. 16 bits: each layer's result is rounded, independently of the others, so
 * the errors add up like the root of their number; twice that, of the largest value.
 */
export function networkTolerance(network: Network, dtype: Feature): Tolerance {
  const depth = depthOf(network);
  const scale = dtype === "f32" ? 1e-5 * depth : 2 * Math.sqrt(depth) * UNIT[dtype];
  return { abs: 0, scale, rel: 1e-5 };
}

/** A network over the voxels of the bench's scan. */
export function networkProblem(
  { cpu, scene }: Bench,
  run: Omit<NetworkRun, "scene">,
): Problem {
  const all = { ...run, scene };
  const macs = macsOf(cpu, all);
  return {
    params: { voxels: scene.rows(0), gmac: Number((macs / 1e9).toFixed(3)) },
    flops: 2 * macs,
    bytes: bytesOf(all),
    tolerance: () => networkTolerance(run.network, run.dtype),
    // Values between layers are many times what a cache holds.
    copies: 1,
    create: (ctx) => new NetworkInstance(ctx, all),
    expected: (on) => expected(on, all, macs),
  };
}

function expected(cpu: Context, run: NetworkRun, macs: number): Expected {
  const { pruned } = run;
  // The reference multiplies with the zeros too.
  const plain = { ...run, dtype: "f32" as const };
  const dense = pruned ? { ...plain, pruned: { ...pruned, skipsZeros: false } } : plain;
  using instance = new NetworkInstance(cpu, dense);
  const small = macs <= REFERENCE_MACS;
  const ms = cpu.time(instance.bind(small ? "ref" : OTHER_DATAFLOW));
  return { parts: instance.output(), refMs: small ? ms : Infinity };
}

/** Multiply-adds as papers count them. */
export function macsOf(ctx: Context, { network, scene }: Pick<NetworkRun, "network" | "scene">) {
  using on = new OnDevice(ctx, scene);
  return countMacs(network, on.maps);
}

/** Voxels, input and weights read once, output written once. */
function bytesOf({ network, scene, dtype }: NetworkRun): number {
  const weights = parametersOf(network).reduce((sum, each) => sum + elements(each), 0);
  const channels = [...network.inputs, ...network.outputs].reduce((sum, v) => sum + v.channels, 0);
  return BYTES[dtype] * (weights + scene.rows(0) * channels) + 16 * scene.rows(0);
}

/** The last weights that were pruned: cases of one network follow each other. */
let lastPruned: { readonly key: string; readonly weights: Weights } | undefined;

/** The seeded weights of a network, pruned: ranking all of them takes seconds. */
function prunedWeights(network: Network, rate: number): Weights {
  const key = `${network.name} ${rate}`;
  if (lastPruned?.key !== key) {
    lastPruned = { key, weights: pruneGlobally(network, randomWeights(network, SEED), rate) };
  }
  return lastPruned.weights;
}

/** The scan's voxels on a device, and what is made of them. */
class OnDevice implements Disposable {
  readonly input: SceneInput;
  readonly maps: Maps;
  readonly #own = new DisposableStack();

  constructor(ctx: Context, scene: Scene, pool?: Model["pool"]) {
    const voxels = scene.level(0);
    const shape = [voxels.length / 4, 4];
    const coords = this.#own.use(ctx.tensorFrom("i32", shape, voxels));
    const positions = this.#own.use(ctx.tensorFrom("f32", shape, pointPositions(voxels)));
    this.input = { coords, positions };
    this.maps = this.#own.use(new Maps(ctx, this.input, pool));
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }
}

/** One copy of a network on a device. Buffers come from a pool that the first run fills. */
class NetworkInstance implements Instance {
  readonly #own = new DisposableStack();
  readonly #input: Tensor<Feature>;
  readonly #models = new Map<string, { model: Model; maps: Maps }>();
  #last: Tensor<Feature> | undefined;

  constructor(private readonly ctx: Context, private readonly run: NetworkRun) {
    const { network, scene, dtype } = run;
    const shape = [scene.rows(0), network.inputs[0]!.channels];
    const values = randomFloats(shape[0]! * shape[1]!, 1);
    this.#input = this.#own.use(featureTensor(ctx, dtype, shape, values));
  }

  bind(engine: string): () => void {
    const { model, maps } = this.#modelOf(engine);
    if (this.run.planned === "any scan") return this.#plannedForAny(model);
    if (this.run.planned) return this.#planned(model, maps);
    const inputs = [this.#input];
    return () => {
      if (this.run.buildsMaps) maps.forget();
      this.#last = model.forward(maps, inputs)[0];
      this.run.onPeak?.(engine, model.peakBytes);
    };
  }

  #planned(model: Model, maps: Maps): () => void {
    const inputs = [this.#input];
    if (!this.run.buildsMaps) model.forward(maps, inputs);
    const pass = this.#own.use(model.plan(maps, inputs));
    return () => {
      this.#last = pass.run()[0];
    };
  }

  /** Recorded with half of the scan, and with room for a larger one. */
  #plannedForAny(model: Model): () => void {
    const { network, scene, dtype } = this.run;
    const { channels } = network.inputs[0]!;
    const room = scene.levels.map(({ length }) => Math.ceil(ROOM * length / 4));
    const slot = this.#own.use(new ScanSlot(this.ctx, { room, channels, dtype }));
    const [voxels, values] = [scene.level(0), floatsOf(this.#input)];
    const half = Math.floor(scene.rows(0) / 2);
    slot.load(voxels.subarray(0, 4 * half), values.subarray(0, channels * half));
    const maps = this.#own.use(new Maps(this.ctx, slot.input));
    const pass = this.#own.use(model.plan(maps, [slot.features]));
    slot.load(voxels, values);
    return () => {
      this.#last = pass.run()[0];
    };
  }

  output() {
    const { network, scene } = this.run;
    const length = scene.rows(0) * network.outputs[0]!.channels;
    return [{ name: "features", values: floatsOf(this.#last!).subarray(0, length) }];
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }

  /** Weights are laid out for a dataflow, so that each has a copy. */
  #modelOf(engine: string) {
    const known = this.#models.get(engine);
    if (known !== undefined) return known;
    const { network, scene, dtype, pruned, planned } = this.run;
    const rest = pruned ? prunedWeights(network, pruned.rate) : randomWeights(network, SEED);
    const weights = alongZ(network, rest, pruned?.alongZ ?? []);
    const sparseBelow = pruned?.skipsZeros ? 1 : 0;
    const plan = engine === TUNED ? this.#tuned(weights, sparseBelow) : engine;
    const options = { dtype, engine: plan, sparseBelow };
    const model = this.#own.use(new Model(this.ctx, network, weights, options));
    // What is recorded must stay where it is, so that it comes from a pool that nothing else uses.
    const pool = planned ? undefined : model.pool;
    const { maps } = this.#own.use(new OnDevice(this.ctx, scene, pool));
    const made = { model, maps };
    this.#models.set(engine, made);
    return made;
  }

  /** The fastest dataflow of every layer; a plan for any scan takes none that lists pairs. */
  #tuned(weights: Weights, sparseBelow: number): EnginePlan {
    const { ctx } = this;
    const { network, scene, dtype, planned } = this.run;
    const all = defaultCandidates(ctx.backend);
    const candidates = planned === "any scan"
      ? all.filter(({ variant }) => !convNeedsPairs(ctx, ctx.variant("sparse_conv", variant)))
      : all;
    using on = new OnDevice(ctx, scene);
    const { input: scan } = on;
    const options = { dtype, sparseBelow };
    const feats = [this.#input];
    return tune(ctx, { network, weights, scan, feats, options, tiles: true }, candidates).plan;
  }
}
