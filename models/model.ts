/** A network on a device, with weights. */
import { type Context, type Feature, type Tensor, variants } from "../ffi/mod.ts";
import { unknownName } from "../std/errors.ts";
import type { EnginePlan } from "./dataflow.ts";
import { GridMaps } from "./grid_maps.ts";
import type { Device, Kernel, Layer, Run } from "./layer.ts";
import { withoutConcat } from "./lower.ts";
import { type MapLevels, mapLevels } from "./map_levels.ts";
import type { Network } from "./network.ts";
import { PlannedPass } from "./planned.ts";
import { Pool } from "./pool.ts";
import type { Scene } from "./scene.ts";
import type { Value } from "./value.ts";
import type { Weights } from "./weights.ts";

/** How a network runs. */
export interface ModelOptions {
  /** Type of features and weights; f32 by default. Sums are always f32. */
  readonly dtype?: Feature;
  /**
   * Dataflow of the convolutions: a variant of sparse_conv, or a plan by layer name; the device's
   * default where none is named.
   */
  readonly engine?: string | EnginePlan;
  /** Layers with a smaller share of weights that are not 0 run on the weight-sparse kernels; 0. */
  readonly sparseBelow?: number;
}

/** Called for every layer in turn; it must call `run`, and may time it. */
export type Probe = (layer: Layer, run: () => void) => void;

interface Step {
  readonly layer: Layer;
  readonly kernel: Kernel;
  /** Values that nothing reads after it. */
  readonly last: readonly Value[];
}

/** What every dense step of a network needs of a backend. */
const DENSE_OPS = ["linear", "concat", "affine", "voxel_reduce", "devoxelize"];

/** Weights and buffers on a device; `forward` runs it, on one scene after the other. */
export class Model implements Disposable {
  readonly dtype: Feature;
  /** Buffers of the values between layers, and of the scenes made with it. */
  readonly pool: Pool;
  readonly #own = new DisposableStack();
  readonly #steps: readonly Step[];
  readonly #levels: MapLevels | null;
  #settings: EnginePlan;
  #held: Tensor<Feature>[] = [];

  /** @throws {InputError} The device has no kernel for a layer in this type. */
  constructor(
    readonly ctx: Context,
    readonly network: Network,
    weights: Weights,
    { dtype = "f32", engine = new Map(), sparseBelow = 0 }: ModelOptions = {},
  ) {
    using stack = new DisposableStack();
    stack.use(this.#own);
    this.dtype = dtype;
    this.#settings = typeof engine === "string" ? new Map() : engine;
    this.pool = this.#own.use(new Pool(ctx));
    const dense = DENSE_OPS.every((op) => variants(ctx.backend, op).length > 0);
    const layers = dense ? network.layers : withoutConcat(network.layers);
    const device: Device = {
      ctx,
      dtype,
      dense,
      sparseBelow,
      own: this.#own,
      grids: this.#own.use(new GridMaps(ctx)),
      weights: (name) => weights.get(name),
      dataflow: (layer) => dataflowOf(ctx, engine, layer),
      settings: ({ name }) => this.#settings.get(name)?.settings,
    };
    this.#steps = stepsOf(layers, network, device);
    this.#levels = mapLevels(network);
    stack.move();
  }

  /** What the last pass gave. */
  get outputs(): readonly Tensor<Feature>[] {
    return this.#held;
  }

  /** Other settings for dataflows that were loaded already; their variants must be the same. */
  set settings(plan: EnginePlan) {
    for (const [name, { variant }] of this.#settings) {
      const wanted = plan.get(name)?.variant;
      if (wanted === variant) continue;
      throw new RangeError(`Cannot run ${name} as ${wanted}: it was loaded as ${variant}`);
    }
    this.#settings = plan;
  }

  /** Bytes of the pool at its widest: activations, coordinates and maps. */
  get peakBytes(): number {
    return this.pool.peakBytes;
  }

  /**
   * Outputs for `inputs`, one tensor an input of the network. They belong to the model and stay
   * valid until the next call; inputs are not kept.
   */
  forward(
    scene: Scene,
    inputs: readonly Tensor<Feature>[],
    probe: Probe = (_, run) => run(),
  ): Tensor<Feature>[] {
    this.#release();
    this.#held = this.#pass(scene, inputs, this.pool, probe);
    return this.#held;
  }

  /**
   * Runs `forward` and records it, for inputs that change and a scene that does not, or a new scene
   * over a {@linkcode ScanSlot}, whose scans may change. What the scene has not made yet becomes a
   * part of the pass: a scene to be recorded with its maps is a new one, with a pool of its own.
   */
  plan(scene: Scene, inputs: readonly Tensor<Feature>[]): PlannedPass {
    return new PlannedPass(
      this.ctx,
      (pool) => this.#pass(scene, inputs, pool, (_, run) => run()),
    );
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }

  #pass(scene: Scene, inputs: readonly Tensor<Feature>[], pool: Pool, probe: Probe) {
    const at = this.#bindInputs(scene, inputs);
    if (this.#levels !== null) scene.makeLevels(this.#levels);
    const find = (value: Value) => at.get(value.id)!;
    const run: Run = { scene, at: find };
    for (const { layer, kernel, last } of this.#steps) {
      const { space, channels } = layer.to;
      probe(layer, () => {
        at.set(layer.to.id, pool.take(this.dtype, [scene.rows(space), channels]));
        kernel(run);
      });
      for (const value of last) pool.give(find(value));
    }
    return this.network.outputs.map(find);
  }

  #release(): void {
    for (const tensor of this.#held) this.pool.give(tensor);
    this.#held = [];
    this.pool.sweep();
  }

  #bindInputs(scene: Scene, inputs: readonly Tensor<Feature>[]): Map<number, Tensor<Feature>> {
    const { name, inputs: wanted } = this.network;
    return new Map(wanted.map((value, i) => {
      const tensor = inputs[i];
      const shape = [scene.rows(value.space), value.channels];
      if (tensor?.dtype !== this.dtype || `${tensor.shape}` !== `${shape}`) {
        const found = tensor === undefined ? "missing" : `${tensor.dtype} [${tensor.shape}]`;
        throw new RangeError(
          `Cannot run ${name}: input ${i} is ${found}, and ${this.dtype} [${shape}] is needed`,
        );
      }
      return [value.id, tensor];
    }));
  }
}

function stepsOf(layers: readonly Layer[], { inputs, outputs }: Network, device: Device): Step[] {
  const kept = new Set([...inputs, ...outputs].map(({ id }) => id));
  const lastRead = new Map<number, number>();
  layers.forEach(({ reads }, i) => reads.forEach(({ id }) => lastRead.set(id, i)));
  return layers.map((layer, i) => ({
    layer,
    kernel: layer.load(device),
    last: [...new Map(layer.reads.map((value) => [value.id, value])).values()]
      .filter(({ id }) => lastRead.get(id) === i && !kept.has(id)),
  }));
}

function dataflowOf(
  ctx: Context,
  engine: string | EnginePlan,
  { name }: Layer,
): number {
  const wanted = typeof engine === "string" ? engine : engine.get(name)?.variant;
  if (wanted === undefined) return 0;
  const known = variants(ctx.backend, "sparse_conv");
  if (!known.includes(wanted)) throw unknownName("engine", wanted, known);
  return ctx.variant("sparse_conv", wanted);
}
