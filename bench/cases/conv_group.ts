/** Submanifold layers in a row over one kernel map, forward and backward. */
import {
  type Context,
  convNeedsPairs,
  convSettings,
  KernelMap,
  type Pairs,
  sparseConv,
  sparseConvWgrad,
  type Tensor,
  weightTranspose,
  wgradSettings,
  wgradTakesPairs,
} from "../../ffi/mod.ts";
import type { Dataflow, EnginePlan, StepPlan, WgradDataflow } from "../../models/dataflow.ts";
import type { Conv } from "../../models/layers/conv.ts";
import type { Scene } from "../../models/scene.ts";
import type { Part } from "../harness/check.ts";
import { randomFloats, sampleRows } from "../harness/random.ts";
import { rowsOf } from "./sparse_conv.ts";

type F32 = Tensor<"f32">;

/** Columns of each weight's gradient, and rows of each input's, that are compared. */
const CHECKED = { columns: 4, rows: 1000 };

/** A convolution forward, or one over the transposed map. */
interface Convolution {
  readonly map: Tensor<"i32">;
  readonly pairs: () => Pairs;
  readonly from: F32;
  readonly weight: F32;
  readonly to: F32;
}

/** A layer's weights, with the channels swapped, and their gradient. */
interface Weight {
  readonly weight: F32;
  readonly swapped: F32;
  readonly gradient: F32;
}

/** Layers in a row over one map, with all that a step reads and writes. */
export class ConvGroup implements Disposable {
  readonly #own = new DisposableStack();
  readonly #map: Tensor<"i32">;
  readonly #transposed: KernelMap;
  /** Values before and after each layer [N, C], and their gradients. */
  readonly #values: readonly F32[];
  readonly #gradients: readonly F32[];
  readonly #weights: readonly Weight[];

  constructor(
    private readonly ctx: Context,
    private readonly scene: Scene,
    private readonly layers: readonly Conv[],
    /** Whether the gradient of the group's input is made. */
    private readonly passesOn: boolean,
  ) {
    const { map: key } = layers[0]!;
    if (key!.from !== key!.to) throw new RangeError("Cannot train a layer that moves its voxels");
    const rows = scene.rows(key!.to);
    const widths = [layers[0]!.from.channels, ...layers.map(({ to }) => to.channels)];
    const tensor = (shape: readonly number[], seed: number, size = 1) => {
      const values = randomFloats(shape.reduce((product, n) => product * n, 1), seed);
      return this.#own.use(ctx.tensorFrom("f32", shape, values.map((value) => value * size)));
    };
    this.#map = scene.map(key!);
    const transposed = new KernelMap(this.#map, rows, key!.by.layer).transpose();
    this.#transposed = this.#own.use(transposed);
    this.#values = widths.map((width, i) => tensor([rows, width], 10 + i));
    this.#gradients = widths.map((width, i) => tensor([rows, width], 20 + i));
    this.#weights = layers.map(({ from, to, kernel }, i) => {
      const kv = kernel.reduce((product, n) => product * n, 1);
      const [cin, cout] = [from.channels, to.channels];
      return {
        weight: tensor([kv, cin, cout], 30 + i, 1 / Math.sqrt(kv * cin)),
        swapped: this.#own.use(ctx.tensor("f32", [kv, cout, cin])),
        gradient: this.#own.use(ctx.tensor("f32", [kv, cin, cout])),
      };
    });
  }

  forward(dataflows: EnginePlan): void {
    this.layers.forEach(({ name }, i) =>
      this.#convolve(dataflows.get(name), {
        map: this.#map,
        pairs: () => this.scene.pairs(this.#map),
        from: this.#values[i]!,
        weight: this.#weights[i]!.weight,
        to: this.#values[i + 1]!,
      })
    );
  }

  backward({ dgrad, wgrad }: Pick<StepPlan, "dgrad" | "wgrad">): void {
    for (const [i, { name }] of [...this.layers.entries()].reverse()) {
      const { weight, swapped } = this.#weights[i]!;
      const out = this.#gradients[i + 1]!;
      this.#sumWeights(wgrad.get(name), i);
      if (i === 0 && !this.passesOn) continue;
      weightTranspose(weight, swapped);
      this.#convolve(dgrad.get(name), {
        map: this.#transposed.map,
        pairs: () => this.#transposed.pairs,
        from: out,
        weight: swapped,
        to: this.#gradients[i]!,
      });
    }
  }

  /** The first columns of the weights' gradients, and some rows of the input's. */
  output(): Part[] {
    const weights = this.#weights.map(({ gradient }, i) => ({
      name: `gradient of ${this.layers[i]!.name}`,
      values: columnsOf(gradient.download(), gradient.shape.at(-1)!),
    }));
    return this.passesOn ? [...weights, this.#inputGradient()] : weights;
  }

  /** The same, the weights' gradients made by the reference of the values that are there. */
  expected(): Part[] {
    const weights = this.layers.map(({ name, from, to, kernel }, i) => {
      const out = this.#gradients[i + 1]!;
      const narrow = columnsOf(out.download(), to.channels);
      const columns = narrow.length / out.rows;
      const kv = kernel.reduce((product, n) => product * n, 1);
      using some = this.ctx.tensorFrom("f32", [out.rows, columns], narrow);
      using gradient = this.ctx.tensor("f32", [kv, from.channels, columns]);
      const ref = this.ctx.variant("sparse_conv_wgrad", "ref");
      sparseConvWgrad(this.#values[i]!, some, this.#map, null, gradient, ref);
      return { name: `gradient of ${name}`, values: gradient.download() };
    });
    return this.passesOn ? [...weights, this.#inputGradient()] : weights;
  }

  [Symbol.dispose](): void {
    this.#own.dispose();
  }

  #inputGradient(): Part {
    const gradient = this.#gradients[0]!;
    const rows = sampleRows(gradient.rows, CHECKED.rows, 3);
    return {
      name: `gradient before ${this.layers[0]!.name}`,
      values: rowsOf(gradient.download(), rows, gradient.shape[1]!),
    };
  }

  /** The gradient of a layer's weights; by default the kernel looks the pairs up by itself. */
  #sumWeights(dataflow: WgradDataflow | undefined, layer: number): void {
    const { ctx } = this;
    const variant = dataflow === undefined ? 0 : ctx.variant("sparse_conv_wgrad", dataflow.variant);
    const listed = dataflow?.pairs === true && wgradTakesPairs(ctx, variant);
    const pairs = listed ? this.scene.pairs(this.#map) : null;
    if (dataflow?.settings !== undefined) wgradSettings(ctx, dataflow.settings);
    sparseConvWgrad(
      this.#values[layer]!,
      this.#gradients[layer + 1]!,
      this.#map,
      pairs,
      this.#weights[layer]!.gradient,
      variant,
    );
    if (dataflow?.settings !== undefined) wgradSettings(ctx, {});
  }

  #convolve(dataflow: Dataflow | undefined, { map, pairs, from, weight, to }: Convolution): void {
    const { ctx } = this;
    const variant = dataflow === undefined ? 0 : ctx.variant("sparse_conv", dataflow.variant);
    if (dataflow?.settings !== undefined) convSettings(ctx, dataflow.settings);
    sparseConv(from, weight, map, convNeedsPairs(ctx, variant) ? pairs() : null, to, variant);
    if (dataflow?.settings !== undefined) convSettings(ctx, {});
  }
}

/** The first columns of rows of `width` values. */
function columnsOf(values: Float32Array, width: number): Float32Array<ArrayBuffer> {
  const columns = Math.min(CHECKED.columns, width);
  const some = new Float32Array(values.length / width * columns);
  for (let row = 0; row < values.length / width; row++) {
    some.set(values.subarray(row * width, row * width + columns), row * columns);
  }
  return some;
}
